//! A room's log: changing and reading.

use async_trait::async_trait;

use super::{Access, Error, Result};
use crate::domain::{Command, Message, ReactionChange, RoomId, UserKey};

/// The outcome of a command.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The posted or changed message in its latest state; of a room's command, the notice.
    pub message: Message,
    /// Whether nothing changed, because the state was as the command asks: an earlier call made the change.
    pub repeat: bool,
}

/// Messages in order of `seq`, and the state of their room.
#[derive(Debug, Clone)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Whether there are messages before the first of these.
    pub has_older: bool,
    /// Whether there are messages after the last of these.
    pub has_newer: bool,
    /// The room's latest `rev` when the page was read. A reader catches up from here.
    pub head: u64,
}

/// A reaction that a change of the log gave or took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedReaction {
    pub rev: u64,
    /// Of the message.
    pub seq: u64,
    pub change: ReactionChange,
}

/// Messages without the state of their room.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    pub messages: Vec<Message>,
    /// Whether there are more messages in the direction of reading.
    pub has_more: bool,
}

/// A room's log. Every method returns [`Error::NoSuchRoom`](super::Error::NoSuchRoom) if the room does not exist any more. No
/// answer but that of [`Log::pinned`] holds more than [`TEXT_BYTES`](super::TEXT_BYTES) of text, so there can be more even if
/// fewer than `limit` messages are returned.
///
/// `before`, `from` and `around` leave out deleted messages.
#[async_trait]
pub trait Log {
    /// Applies a command to the room by [the rules](crate::domain::rules). The change is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Refused`](super::Error::Refused) if the rules refuse it, [`Error::NotFound`](super::Error::NotFound) if
    /// the user's account is deleted, [`Conflict::ClientIdReused`](super::Conflict::ClientIdReused) if the client id of
    /// a post belongs to a message in another room, [`Error::NoSuchRoom`](super::Error::NoSuchRoom) if the user may no
    /// longer see the room, [`Error::Unchanged`](super::Error::Unchanged) if a command for the room itself changes
    /// nothing.
    async fn change(&self, access: &Access, command: Command) -> Result<Changed>;
    /// The message in its latest state, deleted or not. `None` if the room has no message with this `seq`.
    async fn message(&self, access: &Access, seq: u64) -> Result<Option<Message>>;
    /// The last `limit` messages with a `seq` below `seq`, or the last of all if `seq` is `None`. If `author` is given,
    /// only that author's messages.
    async fn before(&self, access: &Access, seq: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page>;
    /// The first `limit` messages from `seq` on.
    async fn from(&self, access: &Access, seq: u64, limit: u32) -> Result<Page>;
    /// Up to `limit` messages around `seq`: half of them before it.
    async fn around(&self, access: &Access, seq: u64, limit: u32) -> Result<Page>;
    /// The first messages that changed after `rev`, including deleted ones, in order of `rev`: up to `limit`, or more if
    /// the last change touched several messages.
    async fn after(&self, access: &Access, rev: u64, limit: u32) -> Result<Chunk>;
    /// The last `limit` replies of the thread with the root `root` and a `seq` below `seq`, or the last of all. Without the
    /// root, and without deleted ones.
    async fn thread(&self, access: &Access, root: u64, seq: Option<u64>, limit: u32) -> Result<Page>;
    /// All pinned messages, those first that were pinned last; at the same time in the order of `seq`, the last first.
    /// There are at most [`MAX_PINS`](crate::domain::rules::MAX_PINS).
    async fn pinned(&self, access: &Access) -> Result<Page>;
    /// The latest `limit` messages of each author in order of `seq`, without deleted ones: one chunk for each author,
    /// in the order of `authors`. All chunks together are one answer. If it cannot hold all messages, it holds the
    /// latest messages of each author.
    async fn latest(&self, access: &Access, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>>;
}

/// Reading without a user's rights, for natter itself: the live part and the tools. Handlers of requests have a
/// [`Store`](super::Store), which is without it.
#[async_trait]
pub trait LogReader: Sync {
    /// As [`Log::after`].
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk>;
    /// The reactions that were given or taken back by the changes after `after` and up to `up_to`, in order of `rev`. `None`
    /// if the database keeps the state of a message only, or has not kept all of these changes.
    async fn reactions(&self, room: &RoomId, after: u64, up_to: u64) -> Result<Option<Vec<LoggedReaction>>>;
    /// The latest `rev` of each room, in the order of `rooms`: 0 in an empty room, `None` of a room that does not exist.
    /// Few queries, however many rooms.
    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Option<u64>>>;
    /// The room's latest `rev`; 0 in an empty room.
    async fn head(&self, room: &RoomId) -> Result<u64> {
        let heads = self.heads(std::slice::from_ref(room)).await?;
        heads.first().copied().flatten().ok_or(Error::NoSuchRoom)
    }
}
