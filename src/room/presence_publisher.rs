//! The task that publishes to the other processes on the database who is online at this one.
//!
//! It is a task of its own so that the hub continues while the database is slow or does not answer.

use std::collections::{HashMap, HashSet};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::roster::LocalPresence;
use crate::{
    domain::UserKey,
    net::sync::Arc,
    store::{self, LEASE_RENEWAL_INTERVAL, PresenceStore},
};

/// Most users published in one write. Between two writes the task renews the lease if it is time.
const PUBLISH_BATCH: usize = 1000;

/// Publishes the updates, and renews the lease that they are published under, until the sender is dropped. The lease
/// then expires. It is not ended at once, because after a restart most users are back before it expires.
pub(super) async fn run(presence: Arc<dyn PresenceStore>, updates: mpsc::UnboundedReceiver<LocalPresence>) {
    let publisher = Publisher { presence, has_lease: false, online: HashMap::new(), unpublished: HashSet::new() };
    publisher.run(updates).await;
}

struct Publisher {
    presence: Arc<dyn PresenceStore>,
    /// Whether the last renewal succeeded, and nothing failed since.
    has_lease: bool,
    /// The users online here: their names, and whether they are idle.
    online: HashMap<UserKey, (String, bool)>,
    /// Users whose latest state is not published yet.
    unpublished: HashSet<UserKey>,
}

impl Publisher {
    async fn run(mut self, mut updates: mpsc::UnboundedReceiver<LocalPresence>) {
        // a failure, too, is retried at the next renewal and not sooner: a process ends the leases that it saw
        // unchanged in several of its own renewals, so it must not renew more often than the others
        let mut renewal = interval(LEASE_RENEWAL_INTERVAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased; // the lease is renewed in time, however much there is to publish
                _ = renewal.tick() => self.renew().await,
                first = updates.recv() => {
                    let Some(first) = first else { return };
                    self.apply(first);
                    while let Ok(next) = updates.try_recv() {
                        self.apply(next);
                    }
                }
                () = std::future::ready(()), if self.has_lease && !self.unpublished.is_empty() => {
                    if let Err(error) = self.publish().await {
                        let unpublished = self.unpublished.len();
                        tracing::warn!(unpublished, retry_in = ?LEASE_RENEWAL_INTERVAL, %error, "presence publish failed");
                        self.has_lease = false; // until the next renewal
                    }
                }
            }
        }
    }

    fn apply(&mut self, update: LocalPresence) {
        let user = match update {
            LocalPresence::Online { user, name, idle } => {
                self.online.insert(user, (name, idle));
                user
            }
            LocalPresence::Offline(user) => {
                self.online.remove(&user);
                user
            }
        };
        self.unpublished.insert(user);
    }

    async fn renew(&mut self) {
        match self.presence.renew().await {
            Ok(is_same_lease) => {
                self.has_lease = true;
                if !is_same_lease {
                    self.unpublished.extend(self.online.keys());
                }
            }
            Err(error) => {
                tracing::warn!(retry_in = ?LEASE_RENEWAL_INTERVAL, %error, "presence lease renewal failed");
                self.has_lease = false; // another process may have ended it: nothing is published under it
            }
        }
    }

    async fn publish(&mut self) -> store::Result<()> {
        let users: Vec<UserKey> = self.unpublished.iter().copied().take(PUBLISH_BATCH).collect();
        let (mut online, mut offline) = (Vec::new(), Vec::new());
        for user in &users {
            match self.online.get(user) {
                Some((name, idle)) => online.push((*user, name.clone(), *idle)),
                None => offline.push(*user),
            }
        }
        self.presence.publish(&online, &offline).await?;
        for user in &users {
            self.unpublished.remove(user);
        }
        Ok(())
    }
}
