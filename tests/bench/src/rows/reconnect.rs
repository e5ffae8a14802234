//! The network is back: thousands of sockets return at once, each some messages behind.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::{
    crowd::{Crowd, Pace},
    natter::Natter,
    place,
    process::Used,
    report::{Finding, thousands},
    run::Run,
    servers,
};

const SOCKETS: usize = 5000;
const PEOPLE: usize = 500;
const BEHIND: usize = 100;
/// Targets: times the floor's, and seconds.
const ENOUGH: f64 = 8.0;
const TARGET: f64 = 5.0;

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, PEOPLE).await?;
    natter.post(50).await;
    let crowd = Crowd::open(natter.address, SOCKETS, Pace::Gently(128), |n| natter.socket(n)).await?;
    crowd.got.are_quiet().await;
    sleep(Duration::from_secs(2)).await;
    let before = natter.memory();
    let head = natter.head().await;
    drop(crowd);
    sleep(Duration::from_secs(1)).await;
    natter.post(BEHIND).await;

    let (meter, started) = (natter.meter(), Instant::now());
    let path = |n| format!("{}&after={head}&returning=true", natter.socket(n));
    let crowd = Crowd::open(natter.address, SOCKETS, Pace::AtOnce, path).await?;
    let want = (SOCKETS * BEHIND) as u64;
    while crowd.got.messages() < want && started.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(5)).await;
    }
    let (took, used) = (started.elapsed().as_secs_f64(), meter.read());
    let bytes = crowd.got.bytes() as usize / SOCKETS;
    let peak = natter.memory();
    sleep(Duration::from_secs(if place::quick() { 5 } else { 15 })).await;
    let after = natter.memory();
    let got = crowd.got.messages();
    if got != want {
        return Err(format!("{got} messages of {want} came, {} of {SOCKETS} sockets are open", crowd.got.open()));
    }
    drop((crowd, natter));
    let floor = if run.beside { Some(send_to_all(bytes).await?) } else { None };
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
    let met = times.is_none_or(|times| times <= ENOUGH) && after as f64 <= 1.2 * before as f64;
    let relative = format!("≤ {ENOUGH:.0} × the floor's time, memory back (≤ 1.2 ×)");
    let found = Finding::new("reconnect", "natter", text, figures).target(relative, met);
    run.tell(found.absolute("≤ 5 s", took <= TARGET));
    if let Some(least) = floor {
        let text = format!(
            "floor, handshakes and the same bytes: {:.1} s ({:.1} CPU s; the client's {:.1})",
            least.secs, least.server, least.client
        );
        let figures = json!({ "secs": least.secs, "cpu_s": least.server });
        run.tell(Finding::new("reconnect", "reference", text, figures));
    }
    Ok(())
}

/// What it costs the floor to take the sockets, and to send each as many bytes as natter did.
async fn send_to_all(bytes: usize) -> Result<Used, String> {
    let floor = servers::start_floor(bytes)?;
    let meter = floor.meter();
    let crowd = Crowd::open(floor.address, SOCKETS, Pace::AtOnce, |_| "/".into()).await?;
    let want = (SOCKETS * bytes) as u64;
    while crowd.got.bytes() < want && meter.started().elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(5)).await;
    }
    let (used, got) = (meter.read(), crowd.got.bytes());
    if got == want { Ok(used) } else { Err(format!("the floor sent {got} bytes of {want}")) }
}
