//! What the tests are told with.

mod natter;
mod person;
#[path = "../../support/port.rs"]
mod port;

use std::{future::Future, time::Duration};

pub use natter::Natter;
pub use person::{Look, PASSWORD, Person};
use tokio::time::{Instant, sleep};

/// Longest wait for something to appear. Chromium on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `look` finds what it looks for.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "never: {what}");
        sleep(Duration::from_millis(25)).await;
    }
}
