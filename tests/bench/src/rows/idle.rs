//! What a socket costs while nobody talks.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::{
    crowd::{Crowd, Pace},
    natter::Natter,
    place,
    report::Finding,
};

const SOCKETS: usize = 15_000;
const PEOPLE: usize = 500;
/// As long as from one heartbeat of a socket to its next, so that each has one in it.
const HEARTBEAT: Duration = Duration::from_secs(50);

pub async fn measure() -> Result<(), String> {
    let natter = Natter::start(PEOPLE).await?;
    sleep(Duration::from_secs(2)).await;
    let before = natter.memory();
    let crowd = Crowd::open(natter.address, SOCKETS, Pace::Gently(128), |n| natter.socket(n)).await?;
    crowd.got.are_quiet().await;
    sleep(Duration::from_secs(3)).await;
    let settled = natter.memory();
    let (meter, frames) = (natter.meter(), crowd.got.frames());
    sleep(if place::quick() { HEARTBEAT / 5 } else { HEARTBEAT }).await;
    let (used, after) = (meter.read(), settled.max(natter.memory()));
    if crowd.got.frames() > frames {
        return Err(format!("{} frames came while nobody was to talk", crowd.got.frames() - frames));
    }
    if crowd.got.open() < SOCKETS as u64 {
        return Err(format!("{} of {SOCKETS} sockets were closed", SOCKETS as u64 - crowd.got.open()));
    }
    let a_socket = |kib: u64| kib as f64 / SOCKETS as f64;
    let (grown, whole) = (a_socket(after.saturating_sub(before)), a_socket(after));
    let percent = 100.0 * used.server / used.secs;
    let text =
        format!("{grown:.1} KiB each ({whole:.1} with all of natter), {percent:.2}% of a core over {:.0} s", used.secs);
    let figures = json!({ "kib": grown, "kib_whole": whole, "percent": percent });
    let met = grown <= 5.0 && percent <= 1.0;
    Finding::new("idle", "natter", text, figures).target("≤ 5 KiB, ≤ 1% of a core", met).tell();
    Ok(())
}
