//! Waiting for a condition that nothing announces.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Time between two checks.
const INTERVAL: Duration = Duration::from_millis(20);
/// Longest wait of [`eventually`]: a loaded machine takes its time.
const LIMIT: Duration = Duration::from_secs(20);

/// Calls `probe` every `interval` until it returns a value; `None` after `limit`.
pub async fn poll<T>(interval: Duration, limit: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe().await {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        sleep(interval).await;
    }
}

/// Calls `probe` until it returns a value. Panics after 20 s, naming `what` was expected.
pub async fn eventually<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    poll(INTERVAL, LIMIT, probe).await.unwrap_or_else(|| panic!("not within {LIMIT:?}: {what}"))
}

/// Waits until `condition` holds and returns how long that took. Panics after `limit`, naming `what` was expected.
pub async fn until(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    let met = poll(INTERVAL, limit, async || condition().await.then_some(())).await;
    assert!(met.is_some(), "not within {limit:?}: {what}");
    started.elapsed()
}
