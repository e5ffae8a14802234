//! A thousand users join within a second.

use std::time::{Duration, Instant};

use natter_test_support::ServerProcess;
use serde_json::json;

use crate::{
    listeners::{Listeners, Pace},
    natter::Natter,
    node::Node,
    process::{Meter, Usage},
    report::Finding,
    run::Run,
    servers,
};

const USERS: usize = 1000;
/// The target: a multiple of the floor's CPU time.
const TARGET: f64 = 10.0;

struct Joined {
    used: Usage,
    /// Seconds until the last socket was open.
    took: f64,
    frames: f64,
    bytes: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, USERS).await?;
    let ours = join(&natter, |n| natter.socket_path(n)).await?;
    let finding = |subject: &str, joined: &Joined, name: &str, share: String| {
        let (frames, bytes) = (joined.frames / USERS as f64, joined.bytes / USERS as f64);
        let text = format!(
            "{name}{:.2} CPU s{share}, {frames:.0} frames and {:.1} KiB each, all in after {:.1} s",
            joined.used.server,
            bytes / 1024.0,
            joined.took
        );
        let figures =
            json!({ "cpu_s": joined.used.server, "frames_each": frames, "bytes_each": bytes, "secs": joined.took });
        Finding::new("joining", subject, text, figures)
    };
    if !run.with_references {
        run.report(finding("natter", &ours, "", String::new()));
        return Ok(());
    }
    // the floor sends each socket as many bytes as natter does
    let floor = servers::start_floor(ours.bytes as usize / USERS)?;
    let at_floor = join(&floor, |_| "/".into()).await?;
    let times = ours.used.server / at_floor.used.server;
    let to_floor = format!("≤ {TARGET:.0} × the floor's");
    let join_node = async {
        let Some(node) = Node::start(run, USERS).await? else { return Ok(None) };
        join(&node.server, |n| node.socket_path(n)).await.map(Some)
    };
    // natter is reported even if the Node application fails
    let at_node: Result<Option<Joined>, String> = join_node.await;
    match &at_node {
        Ok(Some(node)) => {
            let share = ours.used.server / node.used.server;
            let shares = format!(" ({times:.1} × the floor's, 1/{:.0} of the Node application's)", 1.0 / share);
            let target = format!("≤ 1/10 of the Node application's CPU, {to_floor}");
            run.report(finding("natter", &ours, "", shares).target(target, share <= 0.1 && times <= TARGET));
            run.report(finding("node", node, "", String::new()));
        }
        _ => {
            let found = finding("natter", &ours, "", format!(" ({times:.1} × the floor's)"));
            run.report(found.target(to_floor, times <= TARGET));
        }
    }
    run.report(finding("reference", &at_floor, "floor, handshakes and the same bytes: ", String::new()));
    at_node.map(drop)
}

/// Measures from the first handshake until every socket has received the notice of the last.
async fn join(server: &ServerProcess, path: impl Fn(usize) -> String) -> Result<Joined, String> {
    let (meter, started) = (Meter::start(server.pid()), Instant::now());
    let listeners = Listeners::open(server.address, USERS, Pace::Over(Duration::from_secs(1)), path).await?;
    let took = started.elapsed().as_secs_f64();
    listeners.received.wait_for_silence().await;
    let used = meter.read();
    if listeners.received.open() < USERS as u64 {
        return Err(format!("only {} of {USERS} sockets are open", listeners.received.open()));
    }
    Ok(Joined { used, took, frames: listeners.received.frames() as f64, bytes: listeners.received.bytes() as f64 })
}
