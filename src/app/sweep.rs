//! The task that removes what has expired.

use std::{sync::Arc, time::Duration};

use tokio::time::interval;

use super::ops;
use crate::{
    domain::Timestamp,
    store::{Database, remove_expired_objects, remove_objects_without_owner},
    web::AppState,
};

const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// The number of sweeps between two looks at all objects. The first sweep looks at them.
const OBJECT_SWEEPS: u32 = 60;

/// Removes expired rate limits, metrics, sessions, revocations and files once a minute, and reads the highest cost of the
/// stored password hashes again, which an import may have raised.
pub(super) async fn run(state: AppState, database: Arc<dyn Database>) {
    let mut ticks = interval(SWEEP_INTERVAL);
    for sweep in 0_u32.. {
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
        remove_objects(database.as_ref(), sweep % OBJECT_SWEEPS == 0).await;
    }
}

async fn remove_objects(database: &dyn Database, looks_at_all: bool) {
    let now = Timestamp::now();
    let mut removed = remove_expired_objects(database, now).await;
    if looks_at_all && let Ok(expired) = removed {
        removed = remove_objects_without_owner(database, now).await.map(|unowned| expired + unowned);
    }
    match removed {
        Ok(0) => {}
        Ok(objects) => tracing::info!(objects, "files removed"),
        Err(error) => tracing::warn!(%error, "removal of files failed"),
    }
}
