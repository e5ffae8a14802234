//! The documents, as `migrations-notes/mongodb.md` describes them.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::{
    Collection,
    bson::{self, Binary, DateTime, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{any_of, timed};
use crate::domain::{Author, Email, Message, Name, Phone, Role, Timestamp, User, UserId, UserKey, fold};

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
    /// What is compared and sorted without regard to case: the same order and the same equality as in the
    /// embedded database, whatever a server's collation tables say.
    pub folded: Folded,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Folded {
    #[serde(rename = "userID")]
    pub user_id: String,
    pub name: String,
    /// ASCII in lower case: an address is taken in this form, as in the embedded database.
    pub email: String,
    /// The address as the search looks for it. Another field, because it folds more than the form that is unique.
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
            key: key(user.key),
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            password,
            role: user.role.as_str().to_owned(),
            version: user.version,
            created_at: DateTime::from_millis(user.created_at.0),
            folded: Folded::new(&user.user_id, user.name.as_str(), user.email.as_str()),
        }
    }

    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin.as_str()
    }
}

impl From<UserDoc> for User {
    fn from(doc: UserDoc) -> Self {
        let role = if doc.is_admin() { Role::Admin } else { Role::Member };
        Self {
            key: user_key(doc.key),
            user_id: UserId::stored(doc.user_id),
            name: Name::stored(doc.name),
            email: Email::stored(doc.email),
            phone: Phone::stored(doc.phone),
            role,
            version: doc.version,
            created_at: Timestamp(doc.created_at.timestamp_millis()),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageDoc {
    #[serde(rename = "_id")]
    pub id: ObjectId,
    pub room: String,
    pub seq: i64,
    pub rev: i64,
    /// Every number the message ever took. A unique index over them keeps a number taken after the message
    /// has moved on to a later one.
    pub revs: Vec<i64>,
    pub author: bson::Uuid,
    #[serde(rename = "clientID")]
    pub client: String,
    #[serde(rename = "sentTime")]
    pub sent_at: DateTime,
    /// Missing once the message is deleted.
    #[serde(rename = "message", skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
}

impl MessageDoc {
    /// The message with its author's names, where the account is there.
    pub fn into_message(self, authors: &Authors) -> Message {
        let author_key = user_key(self.author);
        Message {
            seq: self.seq as u64,
            rev: self.rev as u64,
            author_key,
            author: authors.get(&author_key).cloned(),
            sent_at: Timestamp(self.sent_at.timestamp_millis()),
            text: self.text,
        }
    }
}

/// Somebody whose account is gone, and whose messages are still to be erased.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemovalDoc {
    #[serde(rename = "_id")]
    pub user: bson::Uuid,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionDoc {
    #[serde(rename = "_id")]
    pub id: Binary,
    pub data: Binary,
    pub expires: DateTime,
}

/// A process that lives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeaseDoc {
    #[serde(rename = "_id")]
    pub id: bson::Uuid,
    /// The last renewal, by the server's clock. Only that it changes is looked at.
    pub at: DateTime,
    /// Another process has ended the lease, and removes its people.
    #[serde(default)]
    pub ended: bool,
}

/// Somebody with a socket somewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresenceDoc {
    #[serde(rename = "_id")]
    pub id: PresenceId,
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresenceId {
    pub lease: bson::Uuid,
    pub room: String,
    pub user: bson::Uuid,
}

/// Authors by their key, as they are called now.
pub type Authors = HashMap<UserKey, Author>;

#[derive(Deserialize)]
struct AuthorDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
}

/// Reads who of `keys` has an account, and what they are called.
pub async fn authors(
    users: &Collection<UserDoc>,
    keys: impl IntoIterator<Item = UserKey>,
) -> mongodb::error::Result<Authors> {
    let mut keys: Vec<UserKey> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(Authors::new());
    }
    let users = users.clone_with_type::<AuthorDoc>();
    let found =
        users.find(doc! { "_id": any_of(keys.into_iter().map(key)) }).projection(doc! { "userID": 1, "name": 1 });
    let found: Vec<AuthorDoc> = timed(async { found.await?.try_collect().await }).await?;
    Ok(found.into_iter().map(|a| (user_key(a.key), Author { user_id: a.user_id, name: a.name })).collect())
}

pub fn key(key: UserKey) -> bson::Uuid {
    bson::Uuid::from_bytes(key.0.into_bytes())
}

pub fn user_key(key: bson::Uuid) -> UserKey {
    UserKey(Uuid::from_bytes(key.bytes()))
}

pub fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.0)
}
