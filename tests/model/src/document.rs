//! The documents of the collection `log`.

use crate::rule::{Rule, Rules};

pub type Room = u8;
pub type Rev = u8;
pub type Seq = u8;
pub type User = u8;
/// Stands for all users in the notice that deletes a room.
pub const EVERYBODY: User = 255;
/// A text is modelled by a number.
pub type Text = u8;
/// The place of a request in `Scenario::requests`.
pub type RequestId = u8;

/// The key of a document in `log`. MongoDB's unique `_id` lets one document take a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub room: Room,
    pub rev: Rev,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Document {
    Post(Message),
    Change(Change),
}

/// A post with the derived state of its message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    pub request: RequestId,
    pub author: User,
    /// (author, client) is unique. Of the notices, only that of a deleted room has one.
    pub client: Option<u8>,
    pub seq: Seq,
    pub kind: Kind,
    /// The rev of the latest change, or of the post.
    pub changed: Rev,
    /// The rev of the latest edit or delete, or of the post. It names the document that carries the text.
    pub text_rev: Rev,
    pub text: Option<Text>,
    pub deleted: bool,
    pub pinned: bool,
    pub replies: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Reply {
        root: Seq,
    },
    /// The notice that `user` was added to the room or removed from it. If it is deleted, [`EVERYBODY`] is removed.
    Membership {
        user: User,
        member: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    pub request: RequestId,
    pub actor: User,
    pub of: Seq,
    pub operation: Operation,
    /// The text of an edit, until a later edit or delete removes it.
    pub text: Option<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Edit,
    Delete,
    Pin,
    Unpin,
}

impl Document {
    pub fn request(&self) -> RequestId {
        match self {
            Self::Post(message) => message.request,
            Self::Change(change) => change.request,
        }
    }

    pub fn actor(&self) -> User {
        match self {
            Self::Post(message) => message.author,
            Self::Change(change) => change.actor,
        }
    }

    pub fn seq(&self) -> Option<Seq> {
        match self {
            Self::Post(message) => Some(message.seq),
            Self::Change(_) => None,
        }
    }

    /// Whether `other` is a post that a unique index keeps from being stored beside this one.
    pub fn excludes(&self, other: &Message, same_room: bool, rules: Rules) -> bool {
        let Self::Post(message) = self else { return false };
        let same_client = message.client.is_some() && (message.author, message.client) == (other.author, other.client);
        same_room && message.seq == other.seq || same_client && rules.hold(Rule::ClientIdsAreUnique)
    }
}
