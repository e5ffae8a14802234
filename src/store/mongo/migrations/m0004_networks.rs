//! Networks that users log in from, and the costs of their hashes. `migrations-notes/mongodb.md` tells the reasons.

use mongodb::{Database, bson::doc};

use super::{collection, index, indexes};
use crate::store::Result;

pub async fn run(database: &Database) -> Result<&'static str> {
    let schema = doc! {
        "bsonType": "object",
        "required": ["_id", "user", "network", "noted"],
        "properties": {
            "user": { "bsonType": "binData" }, "network": { "bsonType": "string" }, "noted": { "bsonType": "date" },
        },
    };
    collection(database, "loginNetworks", schema).await?;
    let all =
        vec![index("user_network", doc! { "user": 1, "network": 1 }, true), index("noted", doc! { "noted": 1 }, false)];
    indexes(database, "loginNetworks", all).await?;
    indexes(database, "users", vec![index("password", doc! { "password": 1 }, false)]).await?;
    Ok("networks")
}
