//! The documents, as `migrations-notes/mongodb.md` describes them.

use std::collections::HashMap;

use mongodb::bson::{self, Binary, DateTime, oid::ObjectId};
use serde::{Deserialize, Serialize};

use super::audit_documents::LinkDoc;
use super::bson_values::{bson_binary, bson_date, bson_file, bson_uuid, file_id, timestamp, user_key};
use crate::{
    domain::{About, Author, Email, MessageId, Name, Phone, Role, RoomId, Settings, User, UserId, UserKey, fold},
    store::{Error, SessionRow},
};

/// Authors that have an account, by key, with their current names.
pub type Authors = HashMap<UserKey, Author>;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserDoc {
    #[serde(rename = "_id")]
    pub key: bson::Uuid,
    #[serde(rename = "userID")]
    pub user_id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    /// The bcrypt hash.
    pub password: String,
    pub role: String,
    pub version: i64,
    #[serde(rename = "createdAt")]
    pub created_at: DateTime,
    #[serde(default)]
    pub about: String,
    #[serde(rename = "showsLastSeen", default = "shows_last_seen")]
    pub shows_last_seen: bool,
    #[serde(default, skip_serializing_if = "Settings::is_default")]
    pub settings: Settings,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The id of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<bson::Uuid>,
    #[serde(rename = "loginLink", default, skip_serializing_if = "Option::is_none")]
    pub login_link: Option<LinkDoc>,
    #[serde(rename = "lastSeen", default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<DateTime>,
    /// The fields that are compared and sorted case-insensitively. Equality and order are the same as in the embedded
    /// database, and do not depend on the server's collation tables.
    pub folded: Folded,
}

/// Of an account from before the setting.
fn shows_last_seen() -> bool {
    true
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Folded {
    #[serde(rename = "userID")]
    pub user_id: String,
    pub name: String,
    /// In ASCII lower case. Addresses are unique in this form, as in the embedded database.
    pub email: String,
    /// The address in the form that the search compares. It is a separate field, because it folds more letters than the
    /// unique form.
    #[serde(rename = "emailSearch", default)]
    pub email_search: String,
}

impl Folded {
    pub fn new(user_id: &UserId, name: &str, email: &str) -> Self {
        Self {
            user_id: user_id.folded(),
            name: fold(name),
            email: email.to_ascii_lowercase(),
            email_search: fold(email),
        }
    }
}

impl UserDoc {
    pub fn new(user: &User, password: String) -> Self {
        Self {
            key: bson_uuid(user.key),
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            password,
            role: user.role.as_str().to_owned(),
            version: user.version,
            created_at: bson_date(user.created_at),
            about: user.about.to_string(),
            shows_last_seen: user.shows_last_seen,
            settings: user.settings,
            disabled: user.disabled,
            avatar: user.avatar.map(bson_file),
            login_link: None,
            last_seen: None,
            folded: Folded::new(&user.user_id, user.name.as_str(), user.email.as_str()),
        }
    }

    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin.as_str()
    }
}

impl From<UserDoc> for User {
    fn from(doc: UserDoc) -> Self {
        Self {
            key: user_key(doc.key),
            user_id: UserId::stored(doc.user_id),
            name: Name::stored(doc.name),
            email: Email::stored(doc.email),
            phone: Phone::stored(doc.phone),
            about: About::stored(doc.about),
            shows_last_seen: doc.shows_last_seen,
            settings: doc.settings,
            disabled: doc.disabled,
            avatar: doc.avatar.map(file_id),
            // the validator allows no other roles
            role: Role::parse(&doc.role).unwrap_or(Role::Member),
            version: doc.version,
            created_at: timestamp(doc.created_at),
        }
    }
}

/// A deleted account of which something is still to be removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemovalDoc {
    #[serde(rename = "_id")]
    pub user: bson::Uuid,
}

/// The reservation of a name for an open room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomNameDoc {
    /// In the form that is compared.
    #[serde(rename = "_id")]
    pub name: String,
    pub room: String,
    /// New with each reservation.
    pub token: ObjectId,
}

/// A message that a user has saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SavedDoc {
    #[serde(rename = "_id")]
    pub id: SavedId,
    pub at: DateTime,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SavedId {
    pub user: bson::Uuid,
    pub room: String,
    pub seq: i64,
}

impl SavedDoc {
    pub fn message(&self) -> MessageId {
        MessageId { room: RoomId::named(&self.id.room), seq: self.id.seq as u64 }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionDoc {
    #[serde(rename = "_id")]
    pub id: Binary,
    pub data: Binary,
    pub expires: DateTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<bson::Uuid>,
}

impl SessionDoc {
    pub fn new(row: &SessionRow) -> Self {
        let (id, data) = (bson_binary(&row.id), bson_binary(&row.data));
        Self { id, data, expires: bson_date(row.expires), user: row.user.map(bson_uuid) }
    }
}

impl TryFrom<SessionDoc> for SessionRow {
    type Error = Error;

    fn try_from(doc: SessionDoc) -> Result<Self, Error> {
        let id = doc.id.bytes.try_into();
        let id = id.map_err(|_| Error::Failed("a session's id does not have 32 bytes".into()))?;
        Ok(Self { id, data: doc.data.bytes, expires: timestamp(doc.expires), user: doc.user.map(user_key) })
    }
}

/// The lease of a running process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeaseDoc {
    #[serde(rename = "_id")]
    pub id: bson::Uuid,
    /// The last renewal by the server's clock. It is only compared for equality.
    pub at: DateTime,
    /// Whether another process has ended the lease. That process then removes the lease's users.
    #[serde(default)]
    pub ended: bool,
}

/// A user with a socket at a process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresenceDoc {
    #[serde(rename = "_id")]
    pub id: PresenceId,
    pub name: String,
    #[serde(default)]
    pub idle: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresenceId {
    pub lease: bson::Uuid,
    pub user: bson::Uuid,
}
