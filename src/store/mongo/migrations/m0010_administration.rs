//! Disabled accounts, login links, and the audit list. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{Database, IndexModel, bson::doc, options::IndexOptions};

use super::schema::{create_collection, create_indexes};
use crate::store::Result;

pub async fn run(database: &Database) -> Result<&'static str> {
    let text = doc! { "bsonType": "string" };
    let schema = doc! {
        "bsonType": "object",
        "required": ["_id", "admin", "action", "subject", "detail"],
        "properties": {
            "_id": { "bsonType": "binData" },
            "admin": &text, "action": &text, "subject": &text, "detail": &text,
        },
    };
    // created here, so that no transaction has to create it
    create_collection(database, "audit", schema).await?;
    let of_links = doc! { "loginLink.hash": { "$exists": true } };
    let options =
        IndexOptions::builder().name("login_link".to_owned()).unique(true).partial_filter_expression(of_links);
    let links = IndexModel::builder().keys(doc! { "loginLink.hash": 1 }).options(options.build()).build();
    create_indexes(database, "users", vec![links]).await?;
    Ok("administration")
}
