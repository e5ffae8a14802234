//! Uploads; objects, in the collections of GridFS, with its indexes; the index that gives a file to one message; and that of
//! avatars. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{Database, IndexModel, bson::doc, options::IndexOptions};

use super::schema::{create_collection, create_indexes, index};
use crate::store::{Result, mongo::unique_index::FILE_INDEX};

pub async fn run(database: &Database) -> Result<&'static str> {
    let files = doc! {
        "bsonType": "object",
        "required": ["_id", "length", "chunkSize", "uploadDate"],
        "properties": { "_id": { "bsonType": "binData" }, "length": { "bsonType": "long" } },
    };
    let chunks = doc! {
        "bsonType": "object",
        "required": ["files_id", "n", "data"],
        "properties": { "files_id": { "bsonType": "binData" }, "n": { "bsonType": "int" }, "data": { "bsonType": "binData" } },
    };
    let uploads = doc! {
        "bsonType": "object",
        "required": ["_id", "owner", "name", "size", "received"],
        "properties": {
            "_id": { "bsonType": "binData" }, "owner": { "bsonType": "binData" }, "name": { "bsonType": "string" },
            "size": { "bsonType": "long" }, "received": { "bsonType": "long" }, "keptUntil": { "bsonType": "date" },
        },
    };
    create_collection(database, "uploads", uploads).await?;
    let options = IndexOptions::builder().name("keptUntil".to_owned()).sparse(true).build();
    let kept = IndexModel::builder().keys(doc! { "keptUntil": 1 }).options(options).build();
    let indexes =
        vec![kept, index("owner", doc! { "owner": 1, "size": 1 }, false), index("room", doc! { "room": 1 }, false)];
    create_indexes(database, "uploads", indexes).await?;
    let options = IndexOptions::builder().name(FILE_INDEX.to_owned()).unique(true).sparse(true).build();
    let file = IndexModel::builder().keys(doc! { "files.id": 1 }).options(options).build();
    // the files of a room, the latest first
    let has_files = doc! { "files.id": { "$exists": true } };
    let options = IndexOptions::builder().name("room_files".to_owned()).partial_filter_expression(has_files).build();
    let of_room = IndexModel::builder().keys(doc! { "_id.room": 1, "seq": -1 }).options(options).build();
    create_indexes(database, "log", vec![file, of_room]).await?;
    let options = IndexOptions::builder().name("avatar".to_owned()).sparse(true).build();
    let avatar = IndexModel::builder().keys(doc! { "avatar": 1 }).options(options).build();
    create_indexes(database, "users", vec![avatar]).await?;
    create_collection(database, "fs.files", files).await?;
    create_collection(database, "fs.chunks", chunks).await?;
    // as GridFS has it
    let options = IndexOptions::builder().unique(true).build();
    let number = IndexModel::builder().keys(doc! { "files_id": 1, "n": 1 }).options(options).build();
    create_indexes(database, "fs.chunks", vec![number]).await?;
    Ok("files")
}
