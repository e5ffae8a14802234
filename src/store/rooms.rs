//! Rooms and memberships. Their changes are commands to the room's log ([`Log::change`](super::Log::change)).

use async_trait::async_trait;
use uuid::Uuid;

use super::{Access, Result};
use crate::domain::{MemberRole, Membership, Room, RoomId, RoomKind, Timestamp, User, UserKey};

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

impl NewRoom {
    /// The room with a new id, and its first members, in order of their keys.
    pub(super) fn create(self) -> (Room, Vec<Membership>) {
        let (owner, joined_at) = (self.owner, Timestamp::now());
        let mut users = self.members;
        users.push(owner);
        users.sort_unstable();
        users.dedup();
        let role = |user| if user == owner { MemberRole::Owner } else { MemberRole::Member };
        let members = users.into_iter().map(|user| Membership { user, rev: 0, role: role(user), joined_at }).collect();
        let room = Room {
            id: RoomId::generate(),
            rev: 0,
            kind: self.kind,
            name: self.name,
            topic: self.topic,
            archived: false,
            everyone: false,
            deleted: false,
            created_at: joined_at,
        };
        (room, members)
    }
}

/// What makes a direct room unique: the sorted keys of its members, in hexadecimal digits.
pub(super) fn direct_key(members: &[Membership]) -> String {
    direct_key_of(members.iter().map(|member| member.user))
}

/// The [`direct_key`] of users, who can be repeated.
pub(super) fn direct_key_of(users: impl IntoIterator<Item = UserKey>) -> String {
    let mut keys: Vec<String> = users.into_iter().map(|user| user.0.simple().to_string()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.join(" ")
}

/// The users of a [`direct_key`].
pub(super) fn direct_members(key: &str) -> impl Iterator<Item = UserKey> {
    key.split(' ').filter_map(|key| Uuid::try_parse(key).ok().map(UserKey))
}

#[async_trait]
pub trait Rooms {
    /// Creates a room and its first members. It has an empty log. Of direct rooms, there is one for each set of members:
    /// if it exists, it is returned.
    ///
    /// # Errors
    /// [`Conflict::RoomNameTaken`](super::Conflict::RoomNameTaken) if another open room has the name.
    async fn create_room(&self, new: NewRoom) -> Result<Room>;
    /// The direct room of exactly these members; `None` if there is none.
    async fn direct_room(&self, members: &[UserKey]) -> Result<Option<Room>>;
    /// What `user` may do in a room.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`](super::Error::NoSuchRoom) if the room does not exist, or not for this user.
    async fn access(&self, user: &User, room: &RoomId) -> Result<Access>;
    async fn room(&self, access: &Access) -> Result<Room>;
    /// All memberships of the room, in the order in which they began.
    async fn members(&self, access: &Access) -> Result<Vec<Membership>>;
    /// The open rooms whose name contains `search`, in the form that [`fold`](crate::domain::fold) makes of both: the
    /// first `limit` whose folded name comes after `after`, in that order. Empty matches all.
    async fn open_rooms(&self, search: &str, after: Option<&str>, limit: u32) -> Result<Vec<OpenRoom>>;
    /// The rooms that the user may read: those of the user, and all open ones. In any order, and once each.
    async fn readable(&self, user: &User) -> Result<Vec<RoomId>>;
    /// The number of open and closed rooms.
    async fn room_count(&self) -> Result<u64>;
}

/// Where a list of rooms stops to count the members of each.
pub const MAX_COUNTED_MEMBERS: u64 = 1000;

/// An open room in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRoom {
    pub room: Room,
    /// The number of its members, counted up to [`MAX_COUNTED_MEMBERS`].
    pub members: u64,
}
