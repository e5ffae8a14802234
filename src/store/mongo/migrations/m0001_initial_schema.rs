//! The initial schema. `migrations-notes/mongodb.md` has the reasons.

use mongodb::{
    Collection, Database, IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};

use super::schema::{create_collection, create_indexes, index};
use crate::store::{
    Error, Result,
    mongo::{
        driver::with_timeout,
        unique_index::{CLIENT_INDEX, EMAIL_INDEX, USER_ID_INDEX},
    },
};

pub async fn run(database: &Database) -> Result<&'static str> {
    refuse_foreign_users(database).await?;
    users(database).await?;
    messages(database).await?;
    for name in ["sessions", "revokedTokens"] {
        let data = if name == "sessions" {
            doc! { "data": { "bsonType": "binData" } }
        } else {
            doc! {}
        };
        let mut properties = doc! { "_id": { "bsonType": "binData" }, "expires": { "bsonType": "date" } };
        let mut required = vec!["_id", "expires"];
        required.extend(data.keys().map(String::as_str));
        properties.extend(data.clone());
        create_collection(
            database,
            name,
            doc! { "bsonType": "object", "required": required, "properties": properties },
        )
        .await?;
        create_indexes(database, name, vec![index("expires", doc! { "expires": 1 }, false)]).await?;
    }
    // created here, so that no transaction has to create it
    create_collection(database, "natter", doc! { "bsonType": "object" }).await?;
    Ok("initial schema")
}

/// The Node application stored its users under the same names in another schema. Its data must be imported, and not
/// mixed with natter's.
async fn refuse_foreign_users(database: &Database) -> Result<()> {
    let users: Collection<Document> = database.collection("users");
    match with_timeout(users.find_one(doc! { "folded.userID": { "$exists": false } })).await? {
        None => Ok(()),
        Some(_) => Err(Error::Failed(format!(
            "the database {} contains users that natter did not write; set another database in the address",
            database.name()
        ))),
    }
}

async fn users(database: &Database) -> Result<()> {
    let text = doc! { "bsonType": "string" };
    let schema = doc! {
        "bsonType": "object",
        "required": ["_id", "userID", "name", "email", "phone", "password", "role", "version", "createdAt", "folded"],
        "properties": {
            "_id": { "bsonType": "binData" },
            "userID": &text, "name": &text, "email": &text, "phone": &text, "password": &text,
            "role": { "enum": ["member", "admin"] },
            "version": { "bsonType": "long" },
            "createdAt": { "bsonType": "date" },
            "folded": {
                "bsonType": "object", "required": ["userID", "name", "email"],
                "properties": { "userID": &text, "name": &text, "email": &text },
            },
        },
    };
    create_collection(database, "users", schema).await?;
    let all = vec![
        index(USER_ID_INDEX, doc! { "folded.userID": 1 }, true),
        index(EMAIL_INDEX, doc! { "folded.email": 1 }, true),
        index("name", doc! { "folded.name": 1, "_id": 1 }, false),
        index("created", doc! { "createdAt": 1, "_id": 1 }, false),
    ];
    create_indexes(database, "users", all).await
}

async fn messages(database: &Database) -> Result<()> {
    let number = doc! { "bsonType": "long", "minimum": 1_i64 };
    let schema = doc! {
        "bsonType": "object",
        "required": ["room", "seq", "rev", "revs", "author", "clientID", "sentTime"],
        "properties": {
            "room": { "bsonType": "string" },
            "seq": &number, "rev": &number,
            "revs": { "bsonType": "array", "minItems": 1, "items": &number },
            "author": { "bsonType": "binData" },
            "clientID": { "bsonType": "string" },
            "sentTime": { "bsonType": "date" },
            "message": { "bsonType": "string" },
        },
    };
    create_collection(database, "messages", schema).await?;
    let not_deleted = doc! { "message": { "$exists": true } };
    let by_author = IndexOptions::builder().name("author".to_owned()).partial_filter_expression(not_deleted).build();
    let all = vec![
        index("room_seq", doc! { "room": 1, "seq": 1 }, true),
        index("room_rev", doc! { "room": 1, "rev": 1 }, true),
        // a number stays taken after its message moved to a later one
        index("room_revs", doc! { "room": 1, "revs": 1 }, true),
        index(CLIENT_INDEX, doc! { "author": 1, "clientID": 1 }, true),
        IndexModel::builder().keys(doc! { "author": 1, "room": 1, "seq": 1 }).options(by_author).build(),
    ];
    create_indexes(database, "messages", all).await
}
