//! The documents of rooms and memberships, as `migrations-notes/mongodb.md` describes them.

use mongodb::bson::{self, DateTime};
use serde::{Deserialize, Serialize};

use super::bson_values::{bson_date, bson_int, bson_uuid, timestamp, user_key};
use crate::domain::{MemberRole, Membership, Room, RoomId, RoomKind};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub rev: i64,
    pub kind: String,
    pub name: String,
    pub topic: String,
    pub archived: bool,
    pub everyone: bool,
    #[serde(rename = "createdAt")]
    pub created_at: DateTime,
    /// The [`direct_key`](crate::store::rooms::direct_key) of a direct room.
    #[serde(rename = "directKey", default, skip_serializing_if = "Option::is_none")]
    pub direct_key: Option<String>,
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
            topic: room.topic.clone(),
            archived: room.archived,
            everyone: room.everyone,
            created_at: bson_date(room.created_at),
            direct_key: None,
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
            deleted: false,
            created_at: timestamp(doc.created_at),
        }
    }
}

impl MemberDoc {
    pub fn new(room: &RoomId, membership: &Membership) -> Self {
        Self {
            id: MemberId { room: room.as_str().to_owned(), user: bson_uuid(membership.user) },
            rev: bson_int(membership.rev),
            role: membership.role.as_str().to_owned(),
            joined_at: bson_date(membership.joined_at),
            ended: None,
        }
    }

    /// The membership; `None` if it ended.
    pub fn membership(&self) -> Option<Membership> {
        self.ended.is_none().then(|| Membership {
            user: user_key(self.id.user),
            rev: self.rev as u64,
            role: MemberRole::parse(&self.role).unwrap_or(MemberRole::Member),
            joined_at: timestamp(self.joined_at),
        })
    }
}
