//! Who is in, at which process. `migrations-notes/mongodb.md` tells the reasons.

use mongodb::{Database, bson::doc};

use super::{collection, index, indexes};
use crate::store::Result;

pub async fn run(database: &Database) -> Result<&'static str> {
    let lease = doc! {
        "bsonType": "object",
        "required": ["_id", "at"],
        "properties": {
            "_id": { "bsonType": "binData" }, "at": { "bsonType": "date" }, "ended": { "bsonType": "bool" },
        },
    };
    collection(database, "leases", lease).await?;
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
    collection(database, "presence", present).await?;
    indexes(database, "presence", vec![index("lease", doc! { "_id.lease": 1 }, false)]).await?;
    Ok("presence")
}
