//! The users that are online at each process. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{Database, bson::doc};

use super::schema::{create_collection, create_indexes, index};
use crate::store::Result;

pub async fn run(database: &Database) -> Result<&'static str> {
    let lease = doc! {
        "bsonType": "object",
        "required": ["_id", "at"],
        "properties": {
            "_id": { "bsonType": "binData" }, "at": { "bsonType": "date" }, "ended": { "bsonType": "bool" },
        },
    };
    create_collection(database, "leases", lease).await?;
    let id = doc! {
        "bsonType": "object",
        "required": ["lease", "room", "user"],
        "properties": {
            "lease": { "bsonType": "binData" }, "room": { "bsonType": "string" }, "user": { "bsonType": "binData" },
        },
    };
    let present = doc! {
        "bsonType": "object",
        "required": ["_id", "name"],
        "properties": { "_id": id, "name": { "bsonType": "string" } },
    };
    create_collection(database, "presence", present).await?;
    create_indexes(database, "presence", vec![index("lease", doc! { "_id.lease": 1 }, false)]).await?;
    Ok("presence")
}
