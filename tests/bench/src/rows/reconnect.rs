//! Thousands of sockets reconnect at once, each some messages behind, as after a network failure.

use std::time::{Duration, Instant};

use natter_test_support::poll;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    listeners::{Listeners, Pace},
    natter::Natter,
    paths,
    process::{Meter, Usage},
    report::{Finding, thousands},
    run::Run,
    servers,
};

const SOCKETS: usize = 5000;
const USERS: usize = 500;
const BEHIND: usize = 100;
/// Time between two checks whether everything has arrived.
const INTERVAL: Duration = Duration::from_millis(5);
/// Longest wait for that.
const LIMIT: Duration = Duration::from_secs(60);
/// Target: a multiple of the floor's time.
const TARGET_RATIO: f64 = 8.0;
/// Absolute target in seconds.
const TARGET: f64 = 5.0;

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, USERS).await?;
    natter.post(50).await;
    let listeners = Listeners::open(natter.address, SOCKETS, Pace::Concurrent(128), |n| natter.socket_path(n)).await?;
    listeners.received.wait_for_silence().await;
    sleep(Duration::from_secs(2)).await;
    let before = natter.memory();
    let head = natter.head().await;
    drop(listeners);
    sleep(Duration::from_secs(1)).await;
    natter.post(BEHIND).await;

    let (meter, started) = (Meter::start(natter.pid()), Instant::now());
    let path = |n| format!("{}&after={head}&returning=true", natter.socket_path(n));
    let listeners = Listeners::open(natter.address, SOCKETS, Pace::AtOnce, path).await?;
    let want = (SOCKETS * BEHIND) as u64;
    let all_received = async || (listeners.received.messages() >= want).then_some(());
    poll(INTERVAL, LIMIT, all_received).await;
    let (took, used) = (started.elapsed().as_secs_f64(), meter.read());
    let bytes = listeners.received.bytes() as usize / SOCKETS;
    let peak = natter.memory();
    sleep(Duration::from_secs(if paths::quick() { 5 } else { 15 })).await;
    let after = natter.memory();
    let got = listeners.received.messages();
    if got != want {
        return Err(format!(
            "{got} of {want} messages arrived, {} of {SOCKETS} sockets are open",
            listeners.received.open()
        ));
    }
    drop((listeners, natter));
    let floor = if run.with_references { Some(send_to_all(bytes).await?) } else { None };
    let times = floor.map(|least| took / least.secs);
    let shown = times.map_or(String::new(), |times| format!(", {times:.1} × the floor's"));
    let mib = |kib: u64| kib as f64 / 1024.0;
    let text = format!(
        "all caught up in {took:.1} s{shown} ({:.1} CPU s; the client's {:.1}), {} messages; memory {:.0} MiB before, {:.0} then, {:.0} after",
        used.server,
        used.client,
        thousands(got as f64),
        mib(before),
        mib(peak),
        mib(after)
    );
    let figures =
        json!({ "secs": took, "cpu_s": used.server, "before_kib": before, "peak_kib": peak, "after_kib": after });
    let met = times.is_none_or(|times| times <= TARGET_RATIO) && after as f64 <= 1.2 * before as f64;
    let relative = format!("≤ {TARGET_RATIO:.0} × the floor's time, memory back (≤ 1.2 ×)");
    let found = Finding::new("reconnect", "natter", text, figures).target(relative, met);
    run.report(found.absolute("≤ 5 s", took <= TARGET));
    if let Some(least) = floor {
        let text = format!(
            "floor, handshakes and the same bytes: {:.1} s ({:.1} CPU s; the client's {:.1})",
            least.secs, least.server, least.client
        );
        let figures = json!({ "secs": least.secs, "cpu_s": least.server });
        run.report(Finding::new("reconnect", "reference", text, figures));
    }
    Ok(())
}

/// What it costs the floor to accept the sockets and to send each as many bytes as natter did.
async fn send_to_all(bytes: usize) -> Result<Usage, String> {
    let floor = servers::start_floor(bytes)?;
    let meter = Meter::start(floor.pid());
    let listeners = Listeners::open(floor.address, SOCKETS, Pace::AtOnce, |_| "/".into()).await?;
    let want = (SOCKETS * bytes) as u64;
    let all_received = async || (listeners.received.bytes() >= want).then_some(());
    poll(INTERVAL, LIMIT, all_received).await;
    let (used, got) = (meter.read(), listeners.received.bytes());
    if got == want { Ok(used) } else { Err(format!("the floor sent {got} of {want} bytes")) }
}
