//! A user's own view of rooms: the list of rooms with what is unread in each, and the user's settings of a room. None of
//! it is in a room's log, and no other user sees it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Access, Result};
use crate::domain::{
    Level, MemberRole, Person, ReadMark, Reading, Room, RoomId, Timestamp, User, UserKey, rules::Head,
};

/// A room as a user's list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    /// Shared by the lists that are kept.
    pub room: Arc<Room>,
    /// The room's latest numbers, as of which everything here is.
    pub head: Head,
    /// When the latest message was posted; in an empty room, when the room was created.
    pub latest_at: Timestamp,
    /// Of a direct room: its other members, in order of their names, without those who have no account any more.
    pub others: Vec<Person>,
    /// Whether it is a direct room of the user alone.
    pub is_with_oneself: bool,
    /// `None`: the user is not a member of the room, which is open.
    pub own: Option<OwnMembership>,
    /// The texts that the user has posted in the room, deleted ones included.
    pub own_texts: u64,
    /// The texts of others after the user's mark that are not deleted; 0 without a membership.
    pub unread: u64,
    /// Those of [`RoomSummary::unread`] that mention the user.
    pub mentions: u64,
}

/// A membership as the member sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnMembership {
    pub role: MemberRole,
    pub level: Level,
    pub starred: bool,
    pub mark: ReadMark,
}

/// A member as other users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub person: Person,
    pub role: MemberRole,
    /// When the user was last online; `None` if unknown, or if the user does not show it.
    pub last_seen: Option<Timestamp>,
    /// Whether an admin has disabled the account.
    pub disabled: bool,
}

#[async_trait]
pub trait Memberships {
    /// The rooms that the user is a member of, in order of their ids: the first `limit` after the id `after`.
    async fn rooms_of(&self, user: &User, after: Option<&RoomId>, limit: u32) -> Result<Vec<RoomSummary>>;
    /// Some of them, in any order: without those that the user is not a member of.
    async fn summaries(&self, user: &User, rooms: &[RoomId]) -> Result<Vec<RoomSummary>>;
    /// One room, also an open one without a membership.
    async fn summary(&self, access: &Access) -> Result<RoomSummary>;
    /// Changes how far the user has read the room, and returns the mark.
    ///
    /// # Errors
    /// [`Refusal::NoSuchMember`](crate::domain::rules::Refusal::NoSuchMember) if the user is not a member; so with the
    /// settings below.
    async fn read(&self, access: &Access, reading: Reading) -> Result<ReadMark>;
    /// Marks every room of the user as read, up to its end.
    async fn read_all(&self, user: UserKey) -> Result<()>;
    async fn set_level(&self, access: &Access, level: Level) -> Result<()>;
    async fn set_starred(&self, access: &Access, starred: bool) -> Result<()>;
    /// The first `limit` members of the room after the user `after`, in order of their keys.
    async fn members_after(&self, access: &Access, after: Option<UserKey>, limit: u32) -> Result<Vec<Member>>;
    /// The members of the room among these users, in any order.
    async fn members_among(&self, access: &Access, users: &[UserKey]) -> Result<Vec<Member>>;
    /// The first `limit` members of the room who are not disabled and whose userID or name contains `text`, in the form that
    /// [`fold`](crate::domain::fold) makes: first the one with this userID, then those whose userID or a word of whose
    /// name begins with it, then the others; each in order of their names.
    async fn members_named(&self, access: &Access, text: &str, limit: u32) -> Result<Vec<Person>>;
    /// The number of the room's members.
    async fn member_count(&self, access: &Access) -> Result<u64>;
    /// The number of rooms that each of these users is a member of, in their order.
    async fn room_counts(&self, users: &[UserKey]) -> Result<Vec<u64>>;
}
