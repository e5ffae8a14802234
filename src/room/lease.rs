//! Tells the other processes on the database who is in here.
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
    store::{self, Presence, RENEWAL},
};

/// Most people told of in one go, between two looks at the lease.
const AT_ONCE: usize = 1000;

/// Somebody's first socket at this process (or their new name), or the end of the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    Here(UserKey, String),
    Gone(UserKey),
}

/// Publishes what is told, and renews the lease under which it stands, until nobody tells any more. The lease
/// then runs out by itself, not at once: after a restart most are back before the others miss them.
pub async fn keep(presence: Arc<dyn Presence>, room: RoomId, told: mpsc::UnboundedReceiver<Local>) {
    let keeper = Keeper { presence, room, leased: false, here: HashMap::new(), unpublished: HashSet::new() };
    keeper.run(told).await;
}

struct Keeper {
    presence: Arc<dyn Presence>,
    room: RoomId,
    /// Whether the last renewal went well.
    leased: bool,
    here: HashMap<UserKey, String>,
    /// Whose coming or going the others have not been told of yet.
    unpublished: HashSet<UserKey>,
}

impl Keeper {
    async fn run(mut self, mut told: mpsc::UnboundedReceiver<Local>) {
        let mut renewal = interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased; // however much there is to publish, the lease is renewed in time
                _ = renewal.tick() => self.renew().await,
                first = told.recv() => {
                    let Some(first) = first else { return };
                    self.note(first);
                    while let Ok(next) = told.try_recv() {
                        self.note(next);
                    }
                }
                () = std::future::ready(()), if self.leased && !self.unpublished.is_empty() => {
                    if let Err(error) = self.publish().await {
                        tracing::warn!(%error, "the other processes could not be told who is here");
                        self.leased = false; // until the next renewal
                    }
                }
            }
        }
    }

    fn note(&mut self, local: Local) {
        let user = match local {
            Local::Here(user, name) => {
                self.here.insert(user, name);
                user
            }
            Local::Gone(user) => {
                self.here.remove(&user);
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
                    self.unpublished.extend(self.here.keys());
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the lease on who is here could not be renewed");
                self.leased = false; // it may have been ended: nothing is published under it
            }
        }
    }

    async fn publish(&mut self) -> store::Result<()> {
        let users: Vec<UserKey> = self.unpublished.iter().copied().take(AT_ONCE).collect();
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for user in &users {
            match self.here.get(user) {
                Some(name) => here.push((*user, name.clone())),
                None => gone.push(*user),
            }
        }
        self.presence.publish(&self.room, &here, &gone).await?;
        for user in &users {
            self.unpublished.remove(user);
        }
        Ok(())
    }
}
