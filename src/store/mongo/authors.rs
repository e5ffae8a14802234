//! The names of messages' authors.

use futures_util::TryStreamExt;
use mongodb::{
    Collection,
    bson::{self, doc},
};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_uuid, user_key},
    documents::{Authors, UserDoc},
    driver::with_timeout_raw,
};
use crate::domain::{Author, UserKey};

#[derive(Deserialize)]
struct AuthorDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
}

/// Reads the names of `keys`. A key without an account is missing from the result.
pub async fn read_authors(
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
    let filter = doc! { "_id": any_of(keys.into_iter().map(bson_uuid)) };
    let find = users.find(filter).projection(doc! { "userID": 1, "name": 1 });
    let found: Vec<AuthorDoc> = with_timeout_raw(async { find.await?.try_collect().await }).await?;
    Ok(found.into_iter().map(|a| (user_key(a.key), Author { user_id: a.user_id, name: a.name })).collect())
}
