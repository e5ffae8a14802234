//! Unfinished removals, and folding of all Unicode letters. `migrations-notes/mongodb.md` has the reasons.

use futures_util::TryStreamExt;
use mongodb::{Collection, Database, bson::doc};

use super::schema::create_collection;
use crate::{
    domain::fold,
    store::{
        Result,
        mongo::{documents::UserDoc, driver::with_timeout},
    },
};

pub async fn run(database: &Database) -> Result<&'static str> {
    // created here, so that no transaction has to create it
    let removal = doc! {
        "bsonType": "object",
        "required": ["_id", "at"],
        "properties": { "_id": { "bsonType": "binData" }, "at": { "bsonType": "date" } },
    };
    create_collection(database, "removals", removal).await?;
    fold_users(database).await?;
    Ok("removals, Unicode folding")
}

/// Folds all Unicode letters of names, and adds the folded e-mail address that the search compares.
async fn fold_users(database: &Database) -> Result<()> {
    let users: Collection<UserDoc> = database.collection("users");
    // no time limit for the whole, because many users take long
    let mut all = users.find(doc! {}).await?;
    while let Some(user) = all.try_next().await? {
        let folded = doc! { "folded.name": fold(&user.name), "folded.emailSearch": fold(&user.email) };
        // skipped if the name or the address was changed since it was read: that change has written the new form
        let as_read = doc! { "_id": user.key, "name": &user.name, "email": &user.email };
        with_timeout(users.update_one(as_read, doc! { "$set": folded })).await?;
    }
    Ok(())
}
