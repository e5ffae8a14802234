//! The part of natter's store that the live part uses, and the store of a process.

use std::sync::Mutex;

use async_trait::async_trait;
pub use natter::store::*;

use crate::{
    domain::{RoomId, Timestamp, TokenId, UserKey},
    log::Logs,
    net::sync::Arc,
};

#[async_trait]
pub trait Database: LogReader + Send + Sync + 'static {
    fn events(&self) -> Option<Events>;
    fn presence(&self) -> Option<Arc<dyn PresenceStore>>;
    async fn void_tokens(&self, grants: &[(UserKey, i64, TokenId)]) -> Result<Vec<TokenId>>;
    async fn record_seen(&self, users: &[UserKey], at: Timestamp) -> Result<()>;
}

/// The right to follow a room.
pub struct Access {
    pub room: RoomId,
    pub user: UserKey,
}

impl Access {
    pub fn room(&self) -> &RoomId {
        &self.room
    }

    pub fn user(&self) -> UserKey {
        self.user
    }
}

/// The store of one process.
pub struct OfProcess {
    pub logs: Arc<Logs>,
    /// Until the process takes them.
    pub events: Mutex<Option<Events>>,
}

#[async_trait]
impl LogReader for OfProcess {
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk> {
        self.logs.changes(room, after, limit).await
    }

    async fn reactions(&self, room: &RoomId, after: u64, up_to: u64) -> Result<Option<Vec<LoggedReaction>>> {
        self.logs.reactions(room, after, up_to).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Option<u64>>> {
        self.logs.heads(rooms).await
    }
}

#[async_trait]
impl Database for OfProcess {
    fn events(&self) -> Option<Events> {
        self.events.lock().expect("no schedule goes on after a panic").take()
    }

    fn presence(&self) -> Option<Arc<dyn PresenceStore>> {
        None
    }

    async fn void_tokens(&self, _grants: &[(UserKey, i64, TokenId)]) -> Result<Vec<TokenId>> {
        Ok(Vec::new())
    }

    async fn record_seen(&self, _users: &[UserKey], _at: Timestamp) -> Result<()> {
        Ok(())
    }
}
