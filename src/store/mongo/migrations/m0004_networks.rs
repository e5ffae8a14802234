//! Networks that users log in from, and the index of hash costs. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{Database, bson::doc};

use super::schema::{create_collection, create_indexes, index};
use crate::store::Result;

pub async fn run(database: &Database) -> Result<&'static str> {
    let schema = doc! {
        "bsonType": "object",
        "required": ["_id", "user", "network", "noted"],
        "properties": {
            "user": { "bsonType": "binData" }, "network": { "bsonType": "string" }, "noted": { "bsonType": "date" },
        },
    };
    create_collection(database, "loginNetworks", schema).await?;
    let all =
        vec![index("user_network", doc! { "user": 1, "network": 1 }, true), index("noted", doc! { "noted": 1 }, false)];
    create_indexes(database, "loginNetworks", all).await?;
    create_indexes(database, "users", vec![index("password", doc! { "password": 1 }, false)]).await?;
    Ok("networks")
}
