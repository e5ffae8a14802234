//! Records in the store until when users were online: one write for all whose last socket closed within some seconds.

use std::{collections::HashSet, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::{Timestamp, UserKey},
    net::sync::Arc,
    store::Database,
};

/// Shortest time between two writes.
const RECORD_INTERVAL: Duration = Duration::from_secs(2);

/// Records the users that come until the sender is dropped. A write that fails is tried again with the next.
pub(super) async fn record(store: Arc<dyn Database>, mut left: mpsc::UnboundedReceiver<UserKey>) {
    let mut unrecorded = HashSet::new();
    let mut due = interval(RECORD_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            received = left.recv() => {
                let Some(user) = received else { return };
                unrecorded.insert(user);
            }
            _ = due.tick(), if !unrecorded.is_empty() => {
                let users: Vec<UserKey> = unrecorded.iter().copied().collect();
                match store.record_seen(&users, Timestamp::now()).await {
                    Ok(()) => unrecorded.clear(),
                    Err(error) => tracing::warn!(users = users.len(), %error, "last seen not recorded"),
                }
            }
        }
    }
}
