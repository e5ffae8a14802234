//! The task that removes what has expired.

use std::time::Duration;

use tokio::time::interval;

use super::ops;
use crate::{domain::Timestamp, web::AppState};

const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Removes expired rate limits, metrics, sessions and revocations once a minute, and reads the highest cost of the
/// stored password hashes again, which an import may have raised.
pub(super) async fn run(state: AppState) {
    let mut ticks = interval(SWEEP_INTERVAL);
    loop {
        ticks.tick().await;
        state.logins.limits.sweep();
        ops::recorder().run_upkeep();
        if let Err(error) = state.store.sweep(Timestamp::now()).await {
            tracing::warn!(%error, "expiry sweep failed");
        }
        match state.store.highest_hash_cost().await {
            Ok(highest) => state.logins.passwords.set_highest_cost(highest),
            Err(error) => tracing::warn!(%error, "password hash cost query failed"),
        }
    }
}
