//! A thousand people come in within a second.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    crowd::{Crowd, Pace},
    natter::Natter,
    others::Node,
    process::{Server, Used},
    report::Finding,
};

const PEOPLE: usize = 1000;

struct Joined {
    used: Used,
    /// Seconds until the last of them was in.
    took: f64,
    frames: f64,
    bytes: f64,
}

pub async fn measure() -> Result<(), String> {
    let natter = Natter::start(PEOPLE).await?;
    let ours = join(&natter, |n| natter.socket(n)).await?;
    let theirs = async {
        let Some(node) = Node::start(PEOPLE).await? else { return Ok(None) };
        let path = |n: usize| node.urls[n].splitn(4, '/').nth(3).map_or(String::new(), |path| format!("/{path}"));
        join(&node.server, path).await.map(Some)
    };
    let theirs: Result<Option<Joined>, String> = theirs.await;
    let find = |subject: &str, joined: &Joined, share: String| {
        let text = format!(
            "{:.2} CPU s{share}, {:.0} frames and {:.0} KiB each, all in after {:.1} s",
            joined.used.server,
            joined.frames / PEOPLE as f64,
            joined.bytes / PEOPLE as f64 / 1024.0,
            joined.took
        );
        let figures =
            json!({ "cpu_s": joined.used.server, "frames_each": joined.frames / PEOPLE as f64, "secs": joined.took });
        Finding::new("joining", subject, text, figures)
    };
    // what natter does is told without the other, too
    let Ok(Some(beside)) = &theirs else {
        find("natter", &ours, String::new()).tell();
        return theirs.map(drop);
    };
    let share = ours.used.server / beside.used.server;
    let target = "≤ 1/10 of the Node application's CPU";
    find("natter", &ours, format!(" (1/{:.0})", 1.0 / share)).target(target, share <= 0.1).tell();
    find("node", beside, String::new()).tell();
    Ok(())
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
