//! A room's log: posting and reading.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Message, Post, RoomId, UserKey};

/// A stored message, and whether an earlier call had posted it.
#[derive(Debug, Clone)]
pub struct Posted {
    pub message: Message,
    pub repeat: bool,
}

/// Messages in order of `seq`, and the state of their room.
#[derive(Debug, Clone)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Whether there are messages before the first of these.
    pub more: bool,
    /// The room's latest `rev` when the page was read. A reader catches up from here.
    pub head: u64,
}

/// Messages without the state of their room.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    pub messages: Vec<Message>,
    /// Whether there are more messages in the direction of reading.
    pub more: bool,
}

/// A room's log. Every method returns [`Error::NoSuchRoom`](super::Error::NoSuchRoom) if the room does not exist. No
/// answer holds more than [`TEXT_BYTES`](super::TEXT_BYTES) of text, so `more` can be set even if fewer than `limit`
/// messages are returned.
#[async_trait]
pub trait Log {
    /// Appends a message to the room's log. The message is durable when this returns.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if the author's account is deleted.
    async fn post(&self, post: Post) -> Result<Posted>;
    /// The last `limit` messages with a `seq` below `before`, or the last of all if `before` is `None`. Deleted
    /// messages are left out. If `author` is given, only that author's messages are returned.
    async fn page(&self, room: &RoomId, before: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page>;
    /// The latest `limit` messages of each author in order of `seq`, without deleted ones: one chunk for each author,
    /// in the order of `authors`. All chunks together are one answer. If it cannot hold all messages, it holds the
    /// latest messages of each author.
    async fn latest(&self, room: &RoomId, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>>;
    /// The first `limit` messages that changed after `rev`, including deleted ones, in order of `rev`.
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk>;
    /// The room's latest `rev`; 0 in an empty room.
    async fn head(&self, room: &RoomId) -> Result<u64>;
}
