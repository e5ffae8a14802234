//! The cost of a socket while no message is sent.

use std::time::Duration;

use natter_test_support::ServerProcess;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    listeners::{Listeners, Pace},
    natter::Natter,
    paths,
    process::Meter,
    report::Finding,
    run::Run,
    servers,
};

const SOCKETS: usize = 15_000;
const USERS: usize = 500;
/// natter's interval: each socket has one heartbeat in the measured time.
const HEARTBEAT: Duration = Duration::from_secs(50);

/// What idle sockets cost.
pub(super) struct Idle {
    /// KiB a socket beyond the memory of the server without sockets.
    pub grown: f64,
    /// KiB a socket of the server's whole memory.
    pub whole: f64,
    /// CPU time in percent of a core.
    percent: f64,
    secs: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, USERS).await?;
    let ours = measure_idle(&natter, SOCKETS, |n| natter.socket_path(n)).await?;
    drop(natter);
    let bare = match run.with_references {
        true => Some(measure_idle(&servers::start_sockets()?, SOCKETS, |_| "/".into()).await?),
        false => None,
    };
    let finding = |subject, idle: &Idle, before: String, more: String| {
        let Idle { grown, whole, percent, secs } = idle;
        let text = format!(
            "{before}{grown:.1} KiB each{more} ({whole:.1} with all of the process), {percent:.2}% of a core over {secs:.0} s"
        );
        Finding::new("idle", subject, text, json!({ "kib": grown, "kib_whole": whole, "percent": percent }))
    };
    let times = bare.as_ref().map(|bare| format!(", {:.1} × the bare task's", ours.grown / bare.grown));
    let met = ours.grown <= 4.6 && ours.whole <= 5.6 && ours.percent <= 1.0;
    run.report(
        finding("natter", &ours, String::new(), times.unwrap_or_default())
            .target("≤ 4.6 KiB (≤ 5.6 with all of the process), ≤ 1% of a core", met),
    );
    if let Some(bare) = bare {
        run.report(finding("reference", &bare, "a bare tokio task each: ".into(), String::new()));
    }
    Ok(())
}

/// Opens `sockets` and measures them over one heartbeat, during which nothing may arrive.
pub(super) async fn measure_idle(
    server: &ServerProcess,
    sockets: usize,
    path: impl Fn(usize) -> String,
) -> Result<Idle, String> {
    sleep(Duration::from_secs(2)).await;
    let before = server.memory();
    let listeners = Listeners::open(server.address, sockets, Pace::Concurrent(128), path).await?;
    listeners.received.wait_for_silence().await;
    sleep(Duration::from_secs(3)).await;
    let settled = server.memory();
    let (meter, frames) = (Meter::start(server.pid()), listeners.received.frames());
    sleep(if paths::quick() { HEARTBEAT / 5 } else { HEARTBEAT }).await;
    let (used, after) = (meter.read(), settled.max(server.memory()));
    if listeners.received.frames() > frames {
        return Err(format!("{} frames arrived although no message was sent", listeners.received.frames() - frames));
    }
    if listeners.received.open() < sockets as u64 {
        return Err(format!("{} of {sockets} sockets were closed", sockets as u64 - listeners.received.open()));
    }
    let per_socket = |kib: u64| kib as f64 / sockets as f64;
    Ok(Idle {
        grown: per_socket(after.saturating_sub(before)),
        whole: per_socket(after),
        percent: 100.0 * used.share(),
        secs: used.secs,
    })
}
