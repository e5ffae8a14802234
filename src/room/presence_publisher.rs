//! Tells the other processes on the database who is in online.
//!
//! In a task of its own: while the database is slow or away, the room goes on with what it knows.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::{RoomId, UserKey},
    store::{self, LEASE_RENEWAL_INTERVAL, PresenceStore},
};

/// Most people updates of in one go, between two looks at the lease.
const PUBLISH_BATCH: usize = 1000;

/// Somebody's first socket at this process (or their new name), or the end of the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalPresence {
    Online(UserKey, String),
    Offline(UserKey),
}

/// Publishes what is updates, and renews the lease under which it stands, until nobody tells any more. The lease
/// then runs out by itself, not at once: after a restart most are back before the others miss them.
pub async fn run(presence: Arc<dyn PresenceStore>, room: RoomId, updates: mpsc::UnboundedReceiver<LocalPresence>) {
    let publisher = Publisher { presence, room, leased: false, online: HashMap::new(), unpublished: HashSet::new() };
    publisher.run(updates).await;
}

struct Publisher {
    presence: Arc<dyn PresenceStore>,
    room: RoomId,
    /// Whether the last renewal went well.
    leased: bool,
    online: HashMap<UserKey, String>,
    /// Whose coming or going the others have not been updates of yet.
    unpublished: HashSet<UserKey>,
}

impl Publisher {
    async fn run(mut self, mut updates: mpsc::UnboundedReceiver<LocalPresence>) {
        let mut renewal = interval(LEASE_RENEWAL_INTERVAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased; // however much there is to publish, the lease is renewed in time
                _ = renewal.tick() => self.renew().await,
                first = updates.recv() => {
                    let Some(first) = first else { return };
                    self.note(first);
                    while let Ok(next) = updates.try_recv() {
                        self.note(next);
                    }
                }
                () = std::future::ready(()), if self.leased && !self.unpublished.is_empty() => {
                    if let Err(error) = self.publish().await {
                        tracing::warn!(%error, "the other processes could not be updates who is here");
                        self.leased = false; // until the next renewal
                    }
                }
            }
        }
    }

    fn note(&mut self, local: LocalPresence) {
        let user = match local {
            LocalPresence::Online(user, name) => {
                self.online.insert(user, name);
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
            Ok(held) => {
                self.leased = true;
                if !held {
                    self.unpublished.extend(self.online.keys());
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the lease on who is here could not be renewed");
                self.leased = false; // it may have been ended: nothing is published under it
            }
        }
    }

    async fn publish(&mut self) -> store::Result<()> {
        let users: Vec<UserKey> = self.unpublished.iter().copied().take(PUBLISH_BATCH).collect();
        let (mut online, mut offline) = (Vec::new(), Vec::new());
        for user in &users {
            match self.online.get(user) {
                Some(name) => online.push((*user, name.clone())),
                None => offline.push(*user),
            }
        }
        self.presence.publish(&self.room, &online, &offline).await?;
        for user in &users {
            self.unpublished.remove(user);
        }
        Ok(())
    }
}
