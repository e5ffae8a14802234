//! Proof that a user may read or write a room.

use crate::domain::{Right, RoomId, UserKey};

/// What a user may do in a room. Only a store makes one ([`Rooms::access`](super::Rooms::access)), so a method that takes
/// it cannot be reached without the check. The right can be lost afterwards: a write is checked again when it is
/// committed.
#[derive(Debug, Clone)]
pub struct Access {
    room: RoomId,
    user: UserKey,
    is_admin: bool,
    right: Right,
    is_member: bool,
}

impl Access {
    pub(super) fn new(room: RoomId, user: UserKey, is_admin: bool, right: Right, is_member: bool) -> Self {
        Self { room, user, is_admin, right, is_member }
    }

    pub fn room(&self) -> &RoomId {
        &self.room
    }

    pub fn user(&self) -> UserKey {
        self.user
    }

    /// Whether the user is an admin of natter.
    pub fn is_admin(&self) -> bool {
        self.is_admin
    }

    pub fn right(&self) -> Right {
        self.right
    }

    /// Whether the user was a member, or everybody was, when the access was made.
    pub fn is_member(&self) -> bool {
        self.is_member
    }
}
