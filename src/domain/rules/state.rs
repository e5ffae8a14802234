//! What a command reads and changes.

use std::cmp::Reverse;

use crate::domain::{File, Membership, MentionedUser, Message, Room, UserKey};

/// The latest numbers of a room's log; 0 in an empty room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    pub seq: u64,
    pub rev: u64,
    /// The texts posted in the room, deleted ones included.
    pub texts: u64,
}

/// Who gives the command.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    pub key: UserKey,
    /// Whether the user is an admin of natter.
    pub is_admin: bool,
    /// Whether the rules about who may do what are skipped: natter itself deletes the messages of a removed account and
    /// ends its memberships, deletes a room for an operator, or finishes a change that was allowed when it was committed.
    pub is_trusted: bool,
    pub membership: Option<&'a Membership>,
    /// The texts that the user has posted in the room, deleted ones included. Used by posts only.
    pub texts: u64,
}

impl Actor<'_> {
    /// Whether the user is a member of the room, or the command is natter's own.
    pub(super) fn is_member(&self, room: &Room) -> bool {
        self.is_trusted || room.everyone || self.membership.is_some()
    }

    /// Whether the user manages the room, or the command is natter's own.
    pub(super) fn manages(&self, room: &Room) -> bool {
        self.is_trusted || room.is_managed_by(self.membership.map(|membership| membership.role), self.is_admin)
    }
}

/// The part of a room's state that a command reads.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    pub room: &'a Room,
    pub head: Head,
    pub actor: Actor<'a>,
    /// The message with [`Action::target`](crate::domain::Action::target), if the room has it.
    pub target: Option<&'a Message>,
    /// The root of the target's thread, if the target is a reply.
    pub root: Option<&'a Message>,
    /// The members among those whom a post or an edit [addresses](crate::domain::Action::addressed).
    pub mentioned: &'a [MentionedUser],
    /// The complete ones among the [uploads](crate::domain::Action::uploads) that a post names.
    pub uploads: &'a [Upload],
    /// The number of pinned messages. Used by a pin only.
    pub pins: u64,
    /// Whom the command is about, if it [changes a membership](crate::domain::Action::member).
    pub concerned: &'a Concerned,
}

/// A complete upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub owner: UserKey,
    /// Whether a message has it.
    pub is_taken: bool,
    /// The file that it becomes, with an empty alternative text.
    pub file: File,
}

/// What a change of a membership reads of the room's members, who can be many.
#[derive(Debug, Clone, Default)]
pub struct Concerned {
    /// The membership that the command changes.
    pub member: Option<Membership>,
    /// Of the other members: an owner, or the first one who joined if no other is an owner.
    pub successor: Option<Membership>,
}

impl Concerned {
    /// Finds both among all members.
    pub fn among(members: &[Membership], user: UserKey) -> Self {
        let others = members.iter().filter(|other| other.user != user);
        let successor = others.min_by_key(|other| (Reverse(other.role), other.joined_at, other.user));
        Self { member: members.iter().find(|member| member.user == user).cloned(), successor: successor.cloned() }
    }
}

/// Memberships by user; `None` for one that ended.
pub type Members = Vec<(UserKey, Option<Membership>)>;

/// The new state of everything that a command changed. All of it has the number `message.rev`, the room's next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The new or changed message. The store adds the name of a new message's author.
    pub message: Message,
    /// Whether `message` is new, under the room's next `seq`.
    pub is_new: bool,
    /// The root of the message's thread, if its number of replies changed.
    pub root: Option<Message>,
    pub room: Option<Room>,
    /// The memberships that changed, and `None` for those that ended.
    pub members: Members,
}
