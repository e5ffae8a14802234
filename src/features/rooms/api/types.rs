//! The JSON of rooms and members.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    domain::{Fields, Person, Phrase, Room, RoomKind, Timestamp},
    features::rooms::{
        presence::PresentMember,
        schema::{KindName, LevelName, PresenceName, RoleName},
    },
    room::Presence,
    store::{OpenRoom, RoomSummary},
    web::{Error, Result},
};

/// A room as you see it. What is your own (`level`, `readSeq`, …) is left out of an open room that you are not a member
/// of.
#[derive(Serialize, ToSchema)]
pub struct RoomResponse {
    id: String,
    #[schema(value_type = KindName)]
    kind: &'static str,
    /// Empty in a direct room: it is shown by the names of the others.
    name: String,
    topic: String,
    /// An archived room can be read and left, but not written to.
    archived: bool,
    /// Whether every account is a member.
    everyone: bool,
    /// The number of its members, counted up to 1000; of a direct room, the others. Only where rooms are browsed, and in
    /// direct rooms.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Members>,
    /// The `seq` of the latest message; 0 in an empty room.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// The number of the latest change.
    #[serde(skip_serializing_if = "Option::is_none")]
    rev: Option<u64>,
    /// When the latest message was posted; in an empty room, when the room was created.
    #[serde(rename = "latestTime", skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    latest_time: Option<String>,
    /// The texts of others after `readSeq` that are not deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
    /// Those of them that mention you.
    #[serde(skip_serializing_if = "Option::is_none")]
    mentions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LevelName>)]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starred: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RoleName>)]
    role: Option<&'static str>,
    /// How far you have read.
    #[serde(rename = "readSeq", skip_serializing_if = "Option::is_none")]
    read_seq: Option<u64>,
    /// Raised each time that you mark messages as unread.
    #[serde(rename = "readVersion", skip_serializing_if = "Option::is_none")]
    read_version: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Members {
    Number(u64),
    Others(Vec<PersonResponse>),
}

#[derive(Serialize, ToSchema)]
pub struct PersonResponse {
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
}

impl From<Person> for PersonResponse {
    fn from(person: Person) -> Self {
        Self { user_id: person.user_id, name: person.name }
    }
}

impl From<RoomSummary> for RoomResponse {
    fn from(summary: RoomSummary) -> Self {
        let own = summary.own;
        let is_direct = summary.room.kind == RoomKind::Direct;
        let others = summary.others.into_iter().map(PersonResponse::from).collect();
        Self {
            members: is_direct.then_some(Members::Others(others)),
            seq: Some(summary.head.seq),
            rev: Some(summary.head.rev),
            latest_time: Some(summary.latest_at.rfc3339()),
            unread: own.map(|_| summary.unread),
            mentions: own.map(|_| summary.mentions),
            level: own.map(|own| own.level.as_str()),
            starred: own.map(|own| own.starred),
            role: own.map(|own| own.role.as_str()),
            read_seq: own.map(|own| own.mark.seq),
            read_version: own.map(|own| own.mark.version),
            ..Self::without_numbers(Arc::unwrap_or_clone(summary.room))
        }
    }
}

impl RoomResponse {
    /// An open room in the list of all; with `summary` if the reader is a member.
    pub fn browsed(open: OpenRoom, summary: Option<RoomSummary>) -> Self {
        let room = summary.map_or_else(|| Self::without_numbers(open.room), Self::from);
        Self { members: Some(Members::Number(open.members)), ..room }
    }

    fn without_numbers(room: Room) -> Self {
        Self {
            id: room.id.as_str().to_owned(),
            kind: room.kind.as_str(),
            name: room.name,
            topic: room.topic,
            archived: room.archived,
            everyone: room.everyone,
            members: None,
            seq: None,
            rev: None,
            latest_time: None,
            unread: None,
            mentions: None,
            level: None,
            starred: None,
            role: None,
            read_seq: None,
            read_version: None,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct RoomsResponse {
    pub rooms: Vec<RoomResponse>,
    /// The address of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A member of a room.
#[derive(Serialize, ToSchema)]
pub struct MemberResponse {
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    #[schema(value_type = RoleName)]
    role: &'static str,
    #[schema(value_type = PresenceName)]
    presence: &'static str,
    /// When the user was last online. Left out of users who are online, who do not show it, or who never were.
    #[serde(rename = "lastSeen", skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_seen: Option<String>,
    /// Whether an admin has disabled the account.
    disabled: bool,
}

impl From<PresentMember> for MemberResponse {
    fn from(PresentMember { member, presence }: PresentMember) -> Self {
        Self {
            user_id: member.person.user_id,
            name: member.person.name,
            role: member.role.as_str(),
            presence: presence.as_str(),
            last_seen: member.last_seen.filter(|_| presence == Presence::Offline).map(Timestamp::rfc3339),
            disabled: member.disabled,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct MembersResponse {
    pub members: Vec<MemberResponse>,
    /// The address of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoomsQuery {
    /// The open rooms instead of your own, in order of their names, ignoring case.
    #[serde(default)]
    #[param(default = false)]
    pub browse: bool,
    /// With `browse`: only rooms whose name contains this, ignoring case.
    #[serde(default)]
    pub q: String,
    /// Rooms after this one: its id; with `browse`, its name.
    pub after: Option<String>,
    /// At most this many, 1–200.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 200)]
    pub limit: u32,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// From `next`: `online:USERID` or `others:USERID`, the last member that was listed and the part of the list.
    pub after: Option<String>,
    /// At most this many, 1–200.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 200)]
    pub limit: u32,
}

fn fifty() -> u32 {
    50
}

/// # Errors
/// 422 at `limit` if it is not 1–200.
pub fn check_limit(limit: u32) -> Result<()> {
    match limit {
        1..=200 => Ok(()),
        _ => Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 200.")))),
    }
}
