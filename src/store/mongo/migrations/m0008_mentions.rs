//! Mentions, threads, pins and saved messages. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{
    Database, IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};

use super::schema::{create_collection, create_indexes, index};
use crate::store::{Result, mongo::mention_documents::MENTIONS_BY_TIME};

pub async fn run(database: &Database) -> Result<&'static str> {
    // an index has only the messages with its field, so that other posts write to none of them
    let only_with = |field: &str, name: &str, keys: Document| {
        let only = doc! { field: { "$exists": true } };
        let options = IndexOptions::builder().name(name.to_owned()).partial_filter_expression(only).build();
        IndexModel::builder().keys(keys).options(options).build()
    };
    let log = vec![
        only_with("mentions.user", "mentions", doc! { "mentions.user": 1, "_id.room": 1, "seq": 1 }),
        only_with(
            "mentions.user",
            MENTIONS_BY_TIME,
            doc! { "mentions.user": 1, "_id.room": 1, "sentTime": 1, "seq": 1 },
        ),
        only_with("root", "threads", doc! { "_id.room": 1, "root": 1, "seq": 1 }),
        only_with("pinnedTime", "pinned", doc! { "_id.room": 1, "pinnedTime": 1, "seq": 1 }),
        only_with("reactions.users", "reactions", doc! { "reactions.users": 1, "_id.room": 1, "seq": 1 }),
    ];
    create_indexes(database, "log", log).await?;
    let key = doc! {
        "bsonType": "object", "required": ["user", "room", "seq"],
        "properties": {
            "user": { "bsonType": "binData" }, "room": { "bsonType": "string" },
            "seq": { "bsonType": "long", "minimum": 1_i64 },
        },
    };
    let saved = doc! {
        "bsonType": "object", "required": ["_id", "at"], "properties": { "_id": key, "at": { "bsonType": "date" } },
    };
    create_collection(database, "saved", saved).await?;
    let saved = vec![
        index("by_time", doc! { "_id.user": 1, "at": 1, "_id.room": 1, "_id.seq": 1 }, false),
        index("room", doc! { "_id.room": 1 }, false),
    ];
    create_indexes(database, "saved", saved).await?;
    Ok("mentions, threads, pins, saved messages")
}
