//! Ends the sockets whose grant was voided by another process that could not tell of it.
//!
//! In a task of its own: with thousands of sockets it takes seconds, in which the room must not stand still.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{sync::mpsc, time::sleep};

use super::registry::{CloseReason, Registry};
use crate::store::{self, Store};

/// Wait before the store is asked again for what it failed to tell.
const RETRY: Duration = Duration::from_millis(250);
/// Grants looked up at a time: pages and posts want the store too.
const AT_ONCE: usize = 8;

/// Looks through all open sockets whenever it is asked to, until nobody can ask any more. Asking again while it
/// looks makes it look once more.
pub(super) fn spawn(store: Arc<dyn Store>, registry: Arc<Registry>) -> mpsc::Sender<()> {
    let (ask, mut asked) = mpsc::channel(1);
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            while let Err(error) = check(store.as_ref(), &registry).await {
                tracing::warn!(%error, "it could not be found out whose sockets no longer hold");
                sleep(RETRY).await;
            }
        }
    });
    ask
}

async fn check(store: &dyn Store, registry: &Registry) -> store::Result<()> {
    let checks = registry.grants().into_iter().map(|grant| async move {
        let holds = store.authenticate(grant.user(), grant.version(), grant.token()).await?.is_some();
        if !holds {
            registry.end(CloseReason::Revoked, |other| other.token() == grant.token());
        }
        store::Result::Ok(())
    });
    let mut checks = stream::iter(checks).buffer_unordered(AT_ONCE);
    while let Some(checked) = checks.next().await {
        checked?;
    }
    Ok(())
}
