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
                first = told.recv() => {
                    let Some(first) = first else { return };
                    self.note(first);
                    while let Ok(next) = told.try_recv() {
                        self.note(next);
                    }
                }
                _ = renewal.tick() => self.renew().await,
            }
            if self.leased
                && !self.unpublished.is_empty()
                && let Err(error) = self.publish().await
            {
                // the next renewal tries again
                tracing::warn!(%error, "the other processes could not be told who is here");
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
            Err(error) => tracing::warn!(%error, "the lease on who is here could not be renewed"),
        }
    }

    async fn publish(&mut self) -> store::Result<()> {
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for user in &self.unpublished {
            match self.here.get(user) {
                Some(name) => here.push((*user, name.clone())),
                None => gone.push(*user),
            }
        }
        self.presence.publish(&self.room, &here, &gone).await?;
        self.unpublished.clear();
        Ok(())
    }
}
