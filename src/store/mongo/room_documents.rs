//! The documents of rooms and memberships, as `migrations-notes/mongodb.md` describes them.

use mongodb::bson::{self, DateTime};
use serde::{Deserialize, Serialize};

use super::bson_values::{bson_date, bson_int, bson_uuid, timestamp, user_key};
use crate::{
    domain::{Level, MemberRole, Membership, ReadMark, Room, RoomId, RoomKind, UserKey, fold},
    store::{OwnMembership, rooms::direct_members},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub rev: i64,
    pub kind: String,
    pub name: String,
    /// The name in the form that is compared and sorted.
    #[serde(default)]
    pub folded: String,
    pub topic: String,
    pub archived: bool,
    pub everyone: bool,
    #[serde(rename = "createdAt")]
    pub created_at: DateTime,
    /// The [`direct_key`](crate::store::rooms::direct_key) of a direct room.
    #[serde(rename = "directKey", default, skip_serializing_if = "Option::is_none")]
    pub direct_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
}

impl RoomDoc {
    /// The members of a direct room, those without an account too. None of another room.
    pub fn direct_members(&self) -> impl Iterator<Item = UserKey> {
        direct_members(self.direct_key.as_deref().unwrap_or_default())
    }
}

/// A membership. One that ended stays, with its number, so that a late derivation of an earlier change cannot make it
/// anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberDoc {
    #[serde(rename = "_id")]
    pub id: MemberId,
    pub rev: i64,
    pub role: String,
    #[serde(rename = "joinedAt")]
    pub joined_at: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<bool>,
    /// Missing: the default of the room's kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
    #[serde(rename = "readSeq", default, skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<i64>,
    #[serde(rename = "readVersion", default, skip_serializing_if = "Option::is_none")]
    pub read_version: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberId {
    pub room: String,
    pub user: bson::Uuid,
}

impl From<&Room> for RoomDoc {
    fn from(room: &Room) -> Self {
        Self {
            id: room.id.as_str().to_owned(),
            rev: bson_int(room.rev),
            kind: room.kind.as_str().to_owned(),
            name: room.name.clone(),
            folded: fold(&room.name),
            topic: room.topic.clone(),
            archived: room.archived,
            everyone: room.everyone,
            created_at: bson_date(room.created_at),
            direct_key: None,
            deleted: room.deleted.then_some(true),
        }
    }
}

impl From<RoomDoc> for Room {
    fn from(doc: RoomDoc) -> Self {
        Self {
            id: RoomId::named(&doc.id),
            rev: doc.rev as u64,
            // a kind of a later natter is closed, so that nobody sees more than they should
            kind: RoomKind::parse(&doc.kind).unwrap_or(RoomKind::Closed),
            name: doc.name,
            topic: doc.topic,
            archived: doc.archived,
            everyone: doc.everyone,
            deleted: doc.deleted.is_some(),
            created_at: timestamp(doc.created_at),
        }
    }
}

impl MemberDoc {
    /// A new membership, with the room read up to `read_seq`.
    pub fn new(room: &RoomId, membership: &Membership, read_seq: u64) -> Self {
        let mark = ReadMark::of_new(read_seq, membership.rev);
        Self {
            id: MemberId { room: room.as_str().to_owned(), user: bson_uuid(membership.user) },
            rev: bson_int(membership.rev),
            role: membership.role.as_str().to_owned(),
            joined_at: bson_date(membership.joined_at),
            ended: None,
            level: None,
            starred: None,
            read_seq: Some(bson_int(mark.seq)),
            read_version: Some(bson_int(mark.version)),
        }
    }

    /// The membership; `None` if it ended.
    pub fn membership(&self) -> Option<Membership> {
        self.ended.is_none().then(|| Membership {
            user: user_key(self.id.user),
            rev: self.rev as u64,
            role: self.role(),
            joined_at: timestamp(self.joined_at),
        })
    }

    pub fn role(&self) -> MemberRole {
        MemberRole::parse(&self.role).unwrap_or(MemberRole::Member)
    }

    pub fn mark(&self) -> ReadMark {
        ReadMark {
            seq: self.read_seq.unwrap_or_default() as u64,
            version: self.read_version.unwrap_or_default() as u64,
        }
    }

    /// What the member keeps of a room of this kind.
    pub fn own(&self, kind: RoomKind) -> OwnMembership {
        let level = self.level.as_deref().and_then(Level::parse);
        OwnMembership {
            role: self.role(),
            level: level.unwrap_or_else(|| Level::default_in(kind)),
            starred: self.starred.unwrap_or_default(),
            mark: self.mark(),
        }
    }
}
