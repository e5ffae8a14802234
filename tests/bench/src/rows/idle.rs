//! What a socket costs while nobody talks.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::{
    crowd::{Crowd, Pace},
    natter::Natter,
    place,
    process::Server,
    report::Finding,
    run::Run,
    servers,
};

const SOCKETS: usize = 15_000;
const PEOPLE: usize = 500;
/// As long as from one heartbeat of a socket to its next, so that each has one in it.
const HEARTBEAT: Duration = Duration::from_secs(50);

struct Idle {
    /// KiB a socket, beyond what the server had without any.
    grown: f64,
    /// KiB a socket, of all the server has.
    whole: f64,
    /// CPU, in percent of a core.
    percent: f64,
    secs: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, PEOPLE).await?;
    let ours = hold(&natter, |n| natter.socket(n)).await?;
    drop(natter);
    let bare = match run.beside {
        true => Some(hold(&servers::start_sockets()?, |_| "/".into()).await?),
        false => None,
    };
    let tell = |subject, idle: &Idle, before: String, more: String| {
        let Idle { grown, whole, percent, secs } = idle;
        let text = format!(
            "{before}{grown:.1} KiB each{more} ({whole:.1} with all of the process), {percent:.2}% of a core over {secs:.0} s"
        );
        Finding::new("idle", subject, text, json!({ "kib": grown, "kib_whole": whole, "percent": percent }))
    };
    let times = bare.as_ref().map(|bare| format!(", {:.1} × the bare task's", ours.grown / bare.grown));
    let met = ours.grown <= 5.0 && ours.percent <= 1.0;
    run.tell(tell("natter", &ours, String::new(), times.unwrap_or_default()).target("≤ 5 KiB, ≤ 1% of a core", met));
    if let Some(bare) = bare {
        run.tell(tell("reference", &bare, "a bare tokio task each: ".into(), String::new()));
    }
    Ok(())
}

async fn hold(server: &Server, path: impl Fn(usize) -> String) -> Result<Idle, String> {
    sleep(Duration::from_secs(2)).await;
    let before = server.memory();
    let crowd = Crowd::open(server.address, SOCKETS, Pace::Gently(128), path).await?;
    crowd.got.are_quiet().await;
    sleep(Duration::from_secs(3)).await;
    let settled = server.memory();
    let (meter, frames) = (server.meter(), crowd.got.frames());
    sleep(if place::quick() { HEARTBEAT / 5 } else { HEARTBEAT }).await;
    let (used, after) = (meter.read(), settled.max(server.memory()));
    if crowd.got.frames() > frames {
        return Err(format!("{} frames came while nobody was to talk", crowd.got.frames() - frames));
    }
    if crowd.got.open() < SOCKETS as u64 {
        return Err(format!("{} of {SOCKETS} sockets were closed", SOCKETS as u64 - crowd.got.open()));
    }
    let a_socket = |kib: u64| kib as f64 / SOCKETS as f64;
    Ok(Idle {
        grown: a_socket(after.saturating_sub(before)),
        whole: a_socket(after),
        percent: 100.0 * used.share(),
        secs: used.secs,
    })
}
