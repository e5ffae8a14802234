//! A thousand people come in within a second.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    crowd::{Crowd, Pace},
    natter::Natter,
    node::Node,
    process::{Server, Used},
    report::Finding,
    run::Run,
    servers,
};

const PEOPLE: usize = 1000;
/// The target, as times the floor's CPU.
const ENOUGH: f64 = 10.0;

struct Joined {
    used: Used,
    /// Seconds until the last of them was in.
    took: f64,
    frames: f64,
    bytes: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, PEOPLE).await?;
    let ours = join(&natter, |n| natter.socket(n)).await?;
    let tell = |subject: &str, joined: &Joined, name: &str, share: String| {
        let (frames, bytes) = (joined.frames / PEOPLE as f64, joined.bytes / PEOPLE as f64);
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
    if !run.beside {
        run.tell(tell("natter", &ours, "", String::new()));
        return Ok(());
    }
    // to each socket as many bytes as natter sends in the scene
    let floor = servers::start_floor(ours.bytes as usize / PEOPLE)?;
    let least = join(&floor, |_| "/".into()).await?;
    let times = ours.used.server / least.used.server;
    let to_floor = format!("≤ {ENOUGH:.0} × the floor's");
    let theirs = async {
        let Some(node) = Node::start(run, PEOPLE).await? else { return Ok(None) };
        join(&node.server, |n| node.path(n)).await.map(Some)
    };
    // what natter does is told without the Node application, too
    let theirs: Result<Option<Joined>, String> = theirs.await;
    match &theirs {
        Ok(Some(node)) => {
            let share = ours.used.server / node.used.server;
            let shares = format!(" ({times:.1} × the floor's, 1/{:.0} of the Node application's)", 1.0 / share);
            let target = format!("≤ 1/10 of the Node application's CPU, {to_floor}");
            run.tell(tell("natter", &ours, "", shares).target(target, share <= 0.1 && times <= ENOUGH));
            run.tell(tell("node", node, "", String::new()));
        }
        _ => {
            let found = tell("natter", &ours, "", format!(" ({times:.1} × the floor's)"));
            run.tell(found.target(to_floor, times <= ENOUGH));
        }
    }
    run.tell(tell("reference", &least, "floor, handshakes and the same bytes: ", String::new()));
    theirs.map(drop)
}

/// From the first handshake until everybody has been told of the last.
async fn join(server: &Server, path: impl Fn(usize) -> String) -> Result<Joined, String> {
    let (meter, started) = (server.meter(), Instant::now());
    let crowd = Crowd::open(server.address, PEOPLE, Pace::Over(Duration::from_secs(1)), path).await?;
    let took = started.elapsed().as_secs_f64();
    crowd.got.are_quiet().await;
    let used = meter.read();
    if crowd.got.open() < PEOPLE as u64 {
        return Err(format!("only {} of {PEOPLE} stayed", crowd.got.open()));
    }
    Ok(Joined { used, took, frames: crowd.got.frames() as f64, bytes: crowd.got.bytes() as f64 })
}
