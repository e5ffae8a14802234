//! Reads again all that other processes may have changed, after a change of which this process got no events: the heads
//! of the open rooms, the grants of the open sockets, and who is online.
//!
//! It is a task of its own, because the hub never waits for the store.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use backon::Retryable;
use tokio::sync::mpsc;

use super::{
    filling::advance,
    registry::{CloseReason, Registry},
    rooms::Rooms,
};
use crate::{
    domain::{RoomId, TokenId},
    net::{retry::backoff, sync::Arc},
    store::{self, OnlineUser},
};

/// First and longest delay before the next attempt after one failed.
const DELAYS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(2)];

pub(super) struct Recheck {
    pub rooms: Arc<Rooms>,
    pub registry: Arc<Registry>,
    /// Receives who is published as online.
    pub online: mpsc::UnboundedSender<Vec<OnlineUser>>,
}

impl Recheck {
    /// Starts the task. It checks at each request, until all senders are dropped. A request during a check starts one more.
    pub(super) fn spawn(self) -> mpsc::Sender<()> {
        let (sender, mut requests) = mpsc::channel(1);
        tokio::spawn(async move {
            let [first, longest] = DELAYS;
            while requests.recv().await.is_some() {
                let checked = (|| self.check()).retry(backoff(first, longest));
                let checked = checked.notify(|error, retry_in| tracing::warn!(?retry_in, %error, "recheck failed"));
                let _ = checked.await; // the retries do not end
            }
        });
        sender
    }

    async fn check(&self) -> store::Result<()> {
        self.read_heads().await?;
        self.close_revoked().await?;
        if let Some(presence) = self.rooms.store.presence() {
            let _ = self.online.send(presence.present().await?); // the hub ends only with the process
        }
        Ok(())
    }

    async fn read_heads(&self) -> store::Result<()> {
        let rooms = self.rooms.all();
        let ids: Vec<RoomId> = rooms.iter().map(|room| room.id.clone()).collect();
        for (room, head) in rooms.iter().zip(self.rooms.store.heads(&ids).await?) {
            match head {
                Some(head) => advance(&self.rooms, room, head),
                None => {
                    room.vanish();
                    self.rooms.announce(room, Instant::now());
                }
            }
        }
        Ok(())
    }

    async fn close_revoked(&self) -> store::Result<()> {
        let grants = self.registry.grants();
        let grants: Vec<_> = grants.iter().map(|grant| (grant.user(), grant.version(), grant.token())).collect();
        let void: HashSet<TokenId> = self.rooms.store.void_tokens(&grants).await?.into_iter().collect();
        if !void.is_empty() {
            self.registry.close(CloseReason::Revoked, |grant| void.contains(&grant.token()));
        }
        Ok(())
    }
}
