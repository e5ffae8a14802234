//! The names of messages' authors.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use mongodb::{
    Collection,
    bson::{self, doc},
};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_uuid, file_id, user_key},
    documents::{Authors, UserDoc},
    driver::with_timeout_raw,
};
use crate::domain::{Author, Content, Message, UserKey};

/// The users whose names the message shows: its author, and whom it is about.
pub fn named_users(message: &Message) -> impl Iterator<Item = UserKey> + use<> {
    [Some(message.author_key), subject(message)].into_iter().flatten()
}

/// The message with the names of its users, as far as they have accounts.
pub fn with_names(message: Message, authors: &Authors) -> Message {
    let subject = subject(&message).and_then(|user| authors.get(&user)).cloned();
    Message { author: authors.get(&message.author_key).cloned(), subject, ..message }
}

fn subject(message: &Message) -> Option<UserKey> {
    match &message.content {
        Content::Notice(notice) => notice.subject(),
        Content::Text(_) => None,
    }
}

#[derive(Deserialize)]
struct AuthorDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    avatar: Option<bson::Uuid>,
    #[serde(default)]
    disabled: bool,
}

/// Accounts, with the names of their users.
#[derive(Default)]
pub struct Accounts {
    pub authors: Authors,
    disabled: HashSet<UserKey>,
}

impl Accounts {
    /// Whether the user has an account that is not disabled.
    pub fn may_write(&self, user: &UserKey) -> bool {
        self.authors.contains_key(user) && !self.disabled.contains(user)
    }
}

/// Reads the names of `keys`. A key without an account is missing from the result.
pub async fn read_authors(
    users: &Collection<UserDoc>,
    keys: impl IntoIterator<Item = UserKey>,
) -> mongodb::error::Result<Authors> {
    Ok(read_accounts(users, keys).await?.authors)
}

/// The same, with who is disabled.
pub async fn read_accounts(
    users: &Collection<UserDoc>,
    keys: impl IntoIterator<Item = UserKey>,
) -> mongodb::error::Result<Accounts> {
    let mut keys: Vec<UserKey> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(Accounts::default());
    }
    let users = users.clone_with_type::<AuthorDoc>();
    let filter = doc! { "_id": any_of(keys.into_iter().map(bson_uuid)) };
    let find = users.find(filter).projection(doc! { "userID": 1, "name": 1, "avatar": 1, "disabled": 1 });
    let found: Vec<AuthorDoc> = with_timeout_raw(async { find.await?.try_collect().await }).await?;
    let disabled = found.iter().filter(|a| a.disabled).map(|a| user_key(a.key)).collect();
    let author = |a: AuthorDoc| Author { user_id: a.user_id, name: a.name, avatar: a.avatar.map(file_id) };
    let authors = found.into_iter().map(|a| (user_key(a.key), author(a))).collect();
    Ok(Accounts { authors, disabled })
}
