//! Lists of messages across rooms that are one user's own: what mentions the user, and what the user has saved.

use async_trait::async_trait;

use super::{Access, Result};
use crate::domain::{Message, MessageId, Timestamp, User};

/// A place in a list across rooms, which is in the order of times, the latest first; at the same time in the order of
/// rooms and of `seq`, both the other way round too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    pub at: Timestamp,
    pub id: MessageId,
}

/// A message that a user has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMessage {
    pub message: Message,
    pub saved_at: Timestamp,
}

/// No list holds more than [`TEXT_BYTES`](super::TEXT_BYTES) of text, so more can follow even if fewer than `limit`
/// messages are returned; none follow an empty one.
#[async_trait]
pub trait Personal {
    /// The messages of others that mention the user, in the rooms that the user is a member of, by the time when they were
    /// sent: the first `limit` after `after`. Those that mention all members count if they were sent after the user joined.
    async fn mentions_of(&self, user: &User, after: Option<&ListCursor>, limit: u32) -> Result<Vec<Message>>;
    /// The messages that the user has saved and may read, by the time when they were saved: the first `limit` after
    /// `after`. Without deleted ones.
    async fn saved_by(&self, user: &User, after: Option<&ListCursor>, limit: u32) -> Result<Vec<SavedMessage>>;
    /// Saves a message. One that is saved already keeps its time.
    ///
    /// # Errors
    /// [`Refusal::NoSuchMessage`](crate::domain::rules::Refusal::NoSuchMessage),
    /// [`Refusal::Deleted`](crate::domain::rules::Refusal::Deleted) or
    /// [`Refusal::IsNotice`](crate::domain::rules::Refusal::IsNotice); [`Error::NoSuchRoom`](super::Error::NoSuchRoom)
    /// if the user may no longer read the room.
    async fn save(&self, access: &Access, seq: u64) -> Result<()>;
    /// Nothing changes if it is not saved.
    async fn unsave(&self, access: &Access, seq: u64) -> Result<()>;
    /// Which of these messages the user has saved.
    async fn saved_among(&self, access: &Access, seqs: &[u64]) -> Result<Vec<u64>>;
}
