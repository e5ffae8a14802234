//! Why a command is refused.

use std::fmt;

use crate::domain::{MAX_FILES, Message, Phrase};

/// The maximum number of different emoji on one message.
pub const MAX_EMOJI: usize = 20;
/// The maximum number of pinned messages in a room.
pub const MAX_PINS: u64 = 50;

/// Why a command changes nothing, although its state is not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The user may not see the room, so it does not exist for them.
    NoSuchRoom,
    /// The room has no such message.
    NoSuchMessage,
    /// The message is deleted.
    Deleted,
    /// Only members may do this. Everybody may join an open room.
    NotJoined,
    /// Only the author may do this, or an owner or admin where they may.
    NotAllowed,
    /// The text was changed since the version that the edit is based on. This is the message now.
    Stale(Box<Message>),
    /// The message has as many different emoji as it can have.
    TooManyEmoji,
    /// The room has as many pinned messages as it can have.
    TooManyPins,
    /// The message would have neither a text nor a file.
    Empty,
    /// The message would have more files than a message can have.
    TooManyFiles,
    /// There is no such upload of the user, or a message has it.
    NoSuchUpload,
    /// A notice cannot be edited, deleted, reacted to, pinned or replied to.
    IsNotice,
    /// The room is archived.
    Archived,
    /// The members of a direct room never change, and it stays direct.
    IsDirect,
    /// The room has every account as a member, and stays open.
    HasEveryone,
    /// The user is not a member.
    NoSuchMember,
    /// The room would have no owner.
    LastOwner,
    /// The lobby cannot be deleted, and always has every account.
    IsLobby,
    /// Only an open room can have every account.
    NotOpen,
}

impl Refusal {
    /// The text for the user.
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::NoSuchRoom => Phrase::new("no-such-room"),
            Self::NoSuchMessage => Phrase::new("no-such-message"),
            Self::Deleted => Phrase::new("message-deleted"),
            Self::NotJoined => Phrase::new("join-first"),
            Self::NotAllowed => Phrase::new("change-not-allowed"),
            Self::Stale(_) => Phrase::new("edit-stale"),
            Self::TooManyEmoji => Phrase::new("too-many-emoji").arg("max", MAX_EMOJI),
            Self::TooManyPins => Phrase::new("too-many-pins").arg("max", MAX_PINS),
            Self::Empty => Phrase::new("message-empty"),
            Self::TooManyFiles => Phrase::new("too-many-files").arg("max", MAX_FILES),
            Self::NoSuchUpload => Phrase::new("no-such-upload"),
            Self::IsNotice => Phrase::new("notice-unchangeable"),
            Self::Archived => Phrase::new("room-archived"),
            Self::IsDirect => Phrase::new("room-direct"),
            Self::HasEveryone => Phrase::new("room-everyone"),
            Self::NoSuchMember => Phrase::new("no-such-member"),
            Self::LastOwner => Phrase::new("last-owner"),
            Self::IsLobby => Phrase::new("room-lobby"),
            Self::NotOpen => Phrase::new("room-not-open"),
        }
    }
}

/// The key alone, for logs.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phrase().key)
    }
}

impl std::error::Error for Refusal {}
