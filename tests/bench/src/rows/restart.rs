//! natter restarts, and thousands of sockets come back at once, each some messages behind. Nothing is in memory yet.

use std::time::Duration;

use natter_test_support::poll;
use serde_json::json;

use crate::{
    listeners::{Listeners, Pace},
    natter::{Database, Natter},
    paths,
    process::Meter,
    report::{Finding, thousands},
    run::Run,
};

const SOCKETS: usize = 5000;
const USERS: usize = 500;
const BEHIND: usize = 100;
/// Time between two checks whether everything has arrived.
const INTERVAL: Duration = Duration::from_millis(5);
/// Longest wait for that.
const LIMIT: Duration = Duration::from_secs(60);

pub async fn measure(run: &Run) -> Result<(), String> {
    let directory = paths::temporary();
    let database = Database::Embedded(directory.path().to_owned());
    let natter = Natter::start_on(run, &database, USERS).await?;
    natter.post(50).await;
    let head = natter.head().await;
    natter.post(BEHIND).await;

    let natter = natter.restart(run, &database)?;
    let meter = Meter::of_new(natter.pid());
    let path = |n| format!("{}&after={head}&returning=true", natter.socket_path(n));
    let listeners = Listeners::open(natter.address, SOCKETS, Pace::AtOnce, path).await?;
    let (received, want) = (&listeners.received, (SOCKETS * BEHIND) as u64);
    poll(INTERVAL, LIMIT, async || (received.messages() >= want).then_some(())).await;
    let used = meter.read();
    if received.messages() != want {
        let (got, open) = (received.messages(), received.open());
        return Err(format!("{got} of {want} messages arrived, {open} of {SOCKETS} sockets are open"));
    }
    let text = format!(
        "{:.2} CPU s from the start until all have caught up after {:.1} s (the client's {:.1}), {} messages",
        used.server,
        used.secs,
        used.client,
        thousands(want as f64)
    );
    run.report(Finding::new("restart", "natter", text, json!({ "cpu_s": used.server, "secs": used.secs })));
    Ok(())
}
