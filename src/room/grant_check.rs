//! Closes the sockets whose grant was revoked by another process while this one missed the event.
//!
//! It is a task of its own because with thousands of sockets a check takes seconds, and the hub must continue.

use std::time::Duration;

use backon::Retryable;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::registry::{CloseReason, Registry};
use crate::{
    net::{retry::backoff, sync::Arc},
    store::{self, Database},
};

/// First and longest delay before the next check after one failed.
const CHECK_DELAYS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];
/// Grants that are looked up at the same time. Few, because pages and posts need the store too.
const CONCURRENT_LOOKUPS: usize = 8;

/// Starts the task. It checks all open sockets at each request, until all senders are dropped. A request during a check
/// starts one more check.
pub(super) fn spawn(store: Arc<dyn Database>, registry: Arc<Registry>) -> mpsc::Sender<()> {
    let (sender, mut requests) = mpsc::channel(1);
    tokio::spawn(async move {
        let [first, longest] = CHECK_DELAYS;
        while requests.recv().await.is_some() {
            let checked = (|| check(store.as_ref(), &registry)).retry(backoff(first, longest));
            let checked = checked.notify(|error, retry_in| tracing::warn!(?retry_in, %error, "grant check failed"));
            let _ = checked.await; // the retries do not end
        }
    });
    sender
}

async fn check(store: &dyn Database, registry: &Registry) -> store::Result<()> {
    let checks = registry.grants().into_iter().map(|grant| async move {
        let is_valid = store.authenticate(grant.user(), grant.version(), grant.token()).await?.is_some();
        if !is_valid {
            registry.close(CloseReason::Revoked, |other| other.token() == grant.token());
        }
        store::Result::Ok(())
    });
    let mut checks = stream::iter(checks).buffer_unordered(CONCURRENT_LOOKUPS);
    while let Some(checked) = checks.next().await {
        checked?;
    }
    Ok(())
}
