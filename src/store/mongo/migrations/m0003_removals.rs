//! Removals that have to be finished, and folds of every letter. `migrations-notes/mongodb.md` tells the reasons.

use futures_util::TryStreamExt;
use mongodb::{Collection, Database, bson::doc};

use super::collection;
use crate::{
    domain::fold,
    store::{
        Result,
        mongo::{bounded, documents::UserDoc},
    },
};

pub async fn run(database: &Database) -> Result<&'static str> {
    // written to in transactions, which should not have to make it
    let removal = doc! {
        "bsonType": "object",
        "required": ["_id", "at"],
        "properties": { "_id": { "bsonType": "binData" }, "at": { "bsonType": "date" } },
    };
    collection(database, "removals", removal).await?;
    fold_users(database).await?;
    Ok("removals, folds of every letter")
}

/// Folds names by all of Unicode, and adds the e-mail address as the search looks for it.
async fn fold_users(database: &Database) -> Result<()> {
    let users: Collection<UserDoc> = database.collection("users");
    // not bounded as a whole: of many it takes as long as it takes
    let mut all = users.find(doc! {}).await?;
    while let Some(user) = all.try_next().await? {
        let folded = doc! { "folded.name": fold(&user.name), "folded.emailSearch": fold(&user.email) };
        // unless the name or the address was changed since it was read: that change folds by itself
        let as_read = doc! { "_id": user.key, "name": &user.name, "email": &user.email };
        bounded(users.update_one(as_read, doc! { "$set": folded })).await?;
    }
    Ok(())
}
