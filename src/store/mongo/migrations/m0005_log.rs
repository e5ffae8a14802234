//! The log of changes, rooms and memberships. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{
    Collection, Database, IndexModel,
    bson::{DateTime, Document, doc},
    options::IndexOptions,
};

use super::schema::{after_index_builds, create_collection, create_indexes, index};
use crate::{
    domain::{Room, RoomId},
    store::{
        Error, Result,
        mongo::{collections::Collections, driver::with_timeout, room_documents::RoomDoc, unique_index::CLIENT_INDEX},
    },
};

/// The collection of messages before this migration.
const OLD: &str = "messages";

pub async fn run(database: &Database) -> Result<&'static str> {
    log(database).await?;
    rooms(database).await?;
    carry_over(database).await?;
    Ok("log, rooms, memberships")
}

async fn log(database: &Database) -> Result<()> {
    let schema = doc! {
        "bsonType": "object",
        "required": ["_id"],
        "properties": {
            "_id": {
                "bsonType": "object", "required": ["room", "rev"],
                "properties": {
                    "room": { "bsonType": "string" }, "rev": { "bsonType": "long", "minimum": 0_i64 },
                },
            },
            "seq": { "bsonType": "long", "minimum": 1_i64 },
            "of": { "bsonType": "long", "minimum": 1_i64 },
            "floor": { "bsonType": "long", "minimum": 0_i64 },
        },
    };
    create_collection(database, "log", schema).await?;
    let of_messages = |name: &str, keys: Document, unique: bool| {
        let only = doc! { "seq": { "$exists": true } };
        let options =
            IndexOptions::builder().name(name.to_owned()).unique(unique).partial_filter_expression(only).build();
        IndexModel::builder().keys(keys).options(options).build()
    };
    let only_changed = doc! { "changed": { "$exists": true } };
    let changed = IndexOptions::builder().name("changed".to_owned()).partial_filter_expression(only_changed).build();
    let only_changes = doc! { "of": { "$exists": true } };
    let changes = IndexOptions::builder().name("changes".to_owned()).partial_filter_expression(only_changes).build();
    let all = vec![
        of_messages("room_seq", doc! { "_id.room": 1, "seq": 1 }, true),
        of_messages(CLIENT_INDEX, doc! { "author": 1, "clientID": 1 }, true),
        of_messages("author", doc! { "author": 1, "_id.room": 1, "seq": 1 }, false),
        IndexModel::builder().keys(doc! { "_id.room": 1, "changed": 1 }).options(changed).build(),
        IndexModel::builder().keys(doc! { "_id.room": 1, "of": 1 }).options(changes).build(),
    ];
    create_indexes(database, "log", all).await
}

async fn rooms(database: &Database) -> Result<()> {
    let text = doc! { "bsonType": "string" };
    let room = doc! {
        "bsonType": "object",
        "required": ["_id", "rev", "kind", "name", "topic", "archived", "everyone", "createdAt"],
        "properties": { "_id": &text, "rev": { "bsonType": "long" }, "kind": &text, "name": &text, "topic": &text },
    };
    create_collection(database, "rooms", room).await?;
    let only_direct = doc! { "directKey": { "$exists": true } };
    let direct =
        IndexOptions::builder().name("direct".to_owned()).unique(true).partial_filter_expression(only_direct).build();
    let direct = IndexModel::builder().keys(doc! { "directKey": 1 }).options(direct).build();
    create_indexes(database, "rooms", vec![direct]).await?;
    let id = doc! {
        "bsonType": "object", "required": ["room", "user"],
        "properties": { "room": &text, "user": { "bsonType": "binData" } },
    };
    let member = doc! {
        "bsonType": "object", "required": ["_id", "rev", "role"],
        "properties": { "_id": id, "rev": { "bsonType": "long" }, "role": &text },
    };
    create_collection(database, "memberships", member).await?;
    let all = vec![index("room", doc! { "_id.room": 1 }, false), index("user", doc! { "_id.user": 1 }, false)];
    create_indexes(database, "memberships", all).await?;
    let rooms: Collection<RoomDoc> = database.collection("rooms");
    let lobby = RoomDoc { created_at: DateTime::from_millis(0), ..RoomDoc::from(&Room::lobby()) };
    let fields = mongodb::bson::serialize_to_document(&lobby).map_err(|error| Error::Failed(error.to_string()))?;
    with_timeout(rooms.update_one(doc! { "_id": &lobby.id }, doc! { "$setOnInsert": fields }).upsert(true)).await?;
    Ok(())
}

/// Copies the messages of the old collection into the log, then drops it. The first of a message's old numbers is the
/// number of its post.
async fn carry_over(database: &Database) -> Result<()> {
    let old: Collection<Document> = database.collection(OLD);
    let texts = doc! { "$setWindowFields": {
        "partitionBy": { "room": "$room", "author": "$author" }, "sortBy": { "seq": 1 },
        "output": { "authorTexts": { "$documentNumber": {} } },
    } };
    let is_deleted = doc! { "$eq": [{ "$type": "$message" }, "missing"] };
    let only_if = |condition: &Document, value: &str| doc! { "$cond": [condition, value, "$$REMOVE"] };
    let is_changed = doc! { "$gt": [{ "$size": "$revs" }, 1] };
    let message = doc! { "$project": {
        "_id": { "room": "$room", "rev": { "$min": "$revs" } },
        "seq": 1, "author": 1, "clientID": 1, "sentTime": 1, "message": 1,
        "texts": "$seq",
        "authorTexts": { "$toLong": "$authorTexts" },
        "changed": only_if(&is_changed, "$rev"),
        "textRev": only_if(&is_changed, "$rev"),
        "deleted": { "$cond": [&is_deleted, true, "$$REMOVE"] },
    } };
    let merge = doc! { "$merge": { "into": "log", "on": "_id", "whenMatched": "keepExisting" } };
    // no time limit for the whole, because many messages take long
    let carried = old.aggregate([texts, message, merge]).allow_disk_use(true).await;
    if database.list_collection_names().filter(doc! { "name": OLD }).await?.is_empty() {
        return Ok(()); // there were no messages, or another process has carried them over
    }
    carried?;
    // the deletions of old messages have no documents
    Collections::new(database.clone()).complete_carried(&RoomId::lobby()).await?;
    let log: Collection<Document> = database.collection("log");
    let carried = log.count_documents(doc! { "seq": { "$exists": true } }).await?;
    let expected = old.count_documents(doc! {}).await?;
    if carried < expected {
        return Err(Error::Failed(format!("{carried} of {expected} messages were carried over into the log")));
    }
    Ok(after_index_builds(|| old.drop()).await?)
}
