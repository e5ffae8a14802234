//! Objects: the collections of GridFS, with its indexes. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{Database, IndexModel, bson::doc, options::IndexOptions};

use super::schema::{create_collection, create_indexes};
use crate::store::Result;

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
    create_collection(database, "fs.files", files).await?;
    create_collection(database, "fs.chunks", chunks).await?;
    // as GridFS has it
    let options = IndexOptions::builder().unique(true).build();
    let number = IndexModel::builder().keys(doc! { "files_id": 1, "n": 1 }).options(options).build();
    create_indexes(database, "fs.chunks", vec![number]).await?;
    Ok("files")
}
