//! The part of natter's store that the live part uses.

use async_trait::async_trait;
pub use natter::store::*;

use crate::{
    domain::{RoomId, Timestamp, TokenId, UserKey},
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
