//! What a store tells of what it committed.

use tokio::sync::mpsc;

use super::{OnlineUser, ProcessId};
use crate::domain::{Message, Name, RoomId, TokenId, UserKey};

#[derive(Debug, Clone)]
pub enum Event {
    /// A change in a room's log. This process's come in the order of their `rev`; another process's may
    /// come after a later one of this process's, twice, or not at all. So a reader lets a number in when it
    /// is the next, drops an older one, and reads the log where there is a gap.
    Changed(RoomId, Message),
    /// A user goes by another name.
    UserChanged { key: UserKey, name: Name },
    /// Tokens and sessions of the user from before `version` are void: password changed, or, with the highest
    /// version there is, deleted.
    UserRevoked { key: UserKey, version: i64 },
    /// A token is void, with the session it came with.
    TokenRevoked(TokenId),
    /// Somebody was published as present in a room, by this process or another. Again under another name where
    /// it changed.
    Online(RoomId, OnlineUser),
    /// Somebody no longer is.
    Offline { room: RoomId, process: ProcessId, user: UserKey },
    /// Another process wrote to the database; anything may have changed. Read again from the cursor.
    ExternalWrite,
}

/// Receives events in batches, one for each commit.
pub type Events = mpsc::Receiver<Vec<Event>>;
