//! The events that a store sends after it committed a change.

use tokio::sync::mpsc;

use super::{OnlineUser, ProcessId};
use crate::domain::{Message, Name, ReactionChange, RoomId, TokenId, UserKey};

/// Events of this process's commits are never lost. Those of other processes can be lost only where
/// [`Event::ExternalWrite`] comes in their place, and [`Event::Typing`] anywhere. Any event can come twice.
#[derive(Debug, Clone)]
pub enum Event {
    /// A change in a room's log. This process's changes arrive in the order of their `rev`. Another process's change
    /// may arrive after a later one of this process, twice, or not at all. So a reader accepts a change whose `rev` is
    /// the next one, drops an older one, and reads the log if there is a gap.
    Changed {
        message: Box<Message>,
        /// The root of the message's thread, if the same change touched it.
        root: Option<Box<Message>>,
        /// The reaction that the change was about, if this process made it.
        reaction: Option<ReactionChange>,
    },
    /// A room's log has reached `rev`. What changed is to be read from the log.
    Advanced { room: RoomId, rev: u64 },
    /// A user's own view of a room changed: the membership, the read mark, or a setting. It is to be read again. Not sent
    /// for a mark that follows the user's own message: nothing is read or unread by it.
    MembershipChanged { room: RoomId, user: UserKey },
    /// A user's name changed.
    UserChanged { key: UserKey, name: Name },
    /// Tokens and sessions of the user with a version below `version` are void, because the password changed. If the
    /// user was deleted, `version` is `i64::MAX`.
    UserRevoked { key: UserKey, version: i64 },
    /// A token is void, and so is the session that it belongs to.
    TokenRevoked(TokenId),
    /// A process, this one or another, published that a user is online. Sent again if the name changes.
    Online(OnlineUser),
    /// A user is no longer online at a process.
    Offline { process: ProcessId, user: UserKey },
    /// Users type in a room at another process, with their names.
    Typing { room: RoomId, users: Vec<(UserKey, String)> },
    /// Another process wrote to the database, and anything may have changed: logs, names, grants, who is online. Readers
    /// read again from their cursor. On SQLite it is the only event of another process's commits, and comes once a check
    /// however many there were. On MongoDB it comes when the change stream begins or cannot be resumed, for a change that
    /// natter does not make, and when a lease that was taken for dead is renewed.
    ExternalWrite,
}

/// Receives events in batches, one for each commit.
pub type Events = mpsc::Receiver<Vec<Event>>;
