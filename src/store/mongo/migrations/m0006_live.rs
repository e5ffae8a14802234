//! Presence without rooms, and who types. `migrations-notes/mongodb.md` has the reasons.

use std::time::Duration;

use mongodb::{Database, IndexModel, bson::doc, options::IndexOptions};

use super::schema::{create_collection, create_indexes};
use crate::store::Result;

/// How long the server keeps a report of who types. Only the change stream reads it, at once.
const REPORT_LIFETIME: Duration = Duration::from_secs(60);

pub async fn run(database: &Database) -> Result<&'static str> {
    // a natter with schema 2 to 5 that still runs writes its documents with a `room` in the `_id`
    let id = doc! {
        "bsonType": "object",
        "required": ["lease", "user"],
        "properties": { "lease": { "bsonType": "binData" }, "user": { "bsonType": "binData" } },
    };
    let present = doc! {
        "bsonType": "object",
        "required": ["_id", "name"],
        "properties": { "_id": id, "name": { "bsonType": "string" } },
    };
    create_collection(database, "presence", present).await?;
    let report = doc! {
        "bsonType": "object",
        "required": ["_id", "process", "users", "at"],
        "properties": {
            "_id": { "bsonType": "string" }, "process": { "bsonType": "binData" }, "users": { "bsonType": "array" },
            "at": { "bsonType": "date" },
        },
    };
    create_collection(database, "typing", report).await?;
    let options = IndexOptions::builder().name("expiry".to_owned()).expire_after(REPORT_LIFETIME).build();
    let expiry: IndexModel = IndexModel::builder().keys(doc! { "at": 1 }).options(options).build();
    create_indexes(database, "typing", vec![expiry]).await?;
    Ok("presence of the site, typing")
}
