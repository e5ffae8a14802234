//! Rooms and memberships. Their changes are commands to the room's log ([`Log::change`](super::Log::change)).

use async_trait::async_trait;

use super::{Access, Result};
use crate::domain::{Membership, Room, RoomId, RoomKind, User, UserKey};

/// The fields of a new room.
#[derive(Debug, Clone)]
pub struct NewRoom {
    pub kind: RoomKind,
    pub name: String,
    pub topic: String,
    /// The first member, as owner.
    pub owner: UserKey,
    /// The other first members.
    pub members: Vec<UserKey>,
}

#[async_trait]
pub trait Rooms {
    /// Creates a room and its first members. It has an empty log.
    async fn create_room(&self, new: NewRoom) -> Result<Room>;
    /// What `user` may do in a room.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`](super::Error::NoSuchRoom) if the room does not exist, or not for this user.
    async fn access(&self, user: &User, room: &RoomId) -> Result<Access>;
    async fn room(&self, access: &Access) -> Result<Room>;
    /// The room's members, in the order in which they joined. A room with every account has none here.
    async fn members(&self, access: &Access) -> Result<Vec<Membership>>;
}
