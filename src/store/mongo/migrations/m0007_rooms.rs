//! Read marks, the names of open rooms, and people. `migrations-notes/mongodb.md` has the reasons.

use std::collections::HashSet;

use mongodb::{
    Database, IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};

use super::schema::{after_index_builds, create_collection, create_indexes, has_code, index};
use crate::{
    domain::{RoomId, fold},
    store::{
        Result,
        mongo::{bson_values::bson_int, collections::Collections, driver::with_timeout},
    },
};

/// The server's error code for an index that does not exist.
const INDEX_NOT_FOUND: i32 = 27;

pub async fn run(database: &Database) -> Result<&'static str> {
    users(database).await?;
    collections(database).await?;
    indexes(database).await?;
    let db = Collections::new(database.clone());
    fold_names(&db).await?;
    db.reserve_all_names().await?;
    read_to_end(&db).await?;
    for room in db.rooms_of_everyone(&mut db.reads().await?).await? {
        db.add_everyone(&RoomId::named(&room.id)).await?;
    }
    date_from_sign_up(&db).await?;
    Ok("read marks, names of open rooms, people")
}

/// Sets the validator of accounts, which allows bots.
async fn users(database: &Database) -> Result<()> {
    let text = doc! { "bsonType": "string" };
    let schema = doc! {
        "bsonType": "object",
        "required": ["_id", "userID", "name", "email", "phone", "password", "role", "version", "createdAt", "folded"],
        "properties": {
            "_id": { "bsonType": "binData" },
            "userID": &text, "name": &text, "email": &text, "phone": &text, "password": &text,
            "role": { "enum": ["member", "admin", "bot"] },
            "version": { "bsonType": "long" },
            "createdAt": { "bsonType": "date" },
            "about": &text,
            "showsLastSeen": { "bsonType": "bool" },
            "lastSeen": { "bsonType": "date" },
            "folded": {
                "bsonType": "object", "required": ["userID", "name", "email"],
                "properties": { "userID": &text, "name": &text, "email": &text },
            },
        },
    };
    create_collection(database, "users", schema).await
}

async fn collections(database: &Database) -> Result<()> {
    let (text, date) = (doc! { "bsonType": "string" }, doc! { "bsonType": "date" });
    let name = doc! {
        "bsonType": "object",
        "required": ["_id", "room", "token", "at"],
        "properties": { "_id": &text, "room": &text, "token": { "bsonType": "objectId" }, "at": &date },
    };
    create_collection(database, "roomNames", name).await?;
    let departure = doc! {
        "bsonType": "object",
        "required": ["_id", "at"],
        "properties": { "_id": { "bsonType": "binData" }, "at": &date },
    };
    create_collection(database, "departures", departure).await
}

async fn indexes(database: &Database) -> Result<()> {
    let partial = |name: &str, keys: Document, only: Document| {
        let options = IndexOptions::builder().name(name.to_owned()).partial_filter_expression(only).build();
        IndexModel::builder().keys(keys).options(options).build()
    };
    let rooms = vec![
        index("open", doc! { "kind": 1, "folded": 1 }, false),
        partial("everyone", doc! { "everyone": 1 }, doc! { "everyone": true }),
        partial("deleted_at", doc! { "deletedAt": 1 }, doc! { "deletedAt": { "$exists": true } }),
    ];
    create_indexes(database, "rooms", rooms).await?;
    create_indexes(database, "roomNames", vec![index("room", doc! { "room": 1 }, false)]).await?;
    let memberships = vec![
        // who inherits a room comes first of those who have not left
        index("members", doc! { "_id.room": 1, "ended": 1, "role": -1, "joinedAt": 1, "_id.user": 1 }, false),
        index("rooms", doc! { "_id.user": 1, "_id.room": 1 }, false),
    ];
    create_indexes(database, "memberships", memberships).await?;
    for replaced in ["room", "user"] {
        let memberships = database.collection::<Document>("memberships");
        match after_index_builds(|| memberships.drop_index(replaced)).await {
            Err(error) if !has_code(&error, INDEX_NOT_FOUND) => return Err(error.into()),
            _ => {}
        }
    }
    let keys = doc! { "_id.room": 1, "seq": 1, "author": 1, "textRev": 1 };
    let deleted = vec![partial("deleted", keys, doc! { "deleted": { "$exists": true } })];
    create_indexes(database, "log", deleted).await
}

/// Folds the names of rooms, and makes those of open rooms unique.
async fn fold_names(db: &Collections) -> Result<()> {
    let mut session = db.reads().await?;
    for room in db.find_rooms(doc! { "folded": { "$exists": false } }, &mut session).await? {
        let set = doc! { "$set": { "folded": fold(&room.name) } };
        with_timeout(db.rooms.update_one(doc! { "_id": room.id, "name": room.name }, set)).await?;
    }
    let mut names = HashSet::new();
    for room in db.open_rooms(&mut session).await? {
        if names.insert(room.folded) {
            continue;
        }
        let name = format!("{} {}", room.name, room.id);
        let set = doc! { "$set": { "folded": fold(&name), "name": name } };
        with_timeout(db.rooms.update_one(doc! { "_id": room.id }, set)).await?;
    }
    Ok(())
}

/// Everybody was in the lobby from their sign-up on.
async fn date_from_sign_up(db: &Collections) -> Result<()> {
    let lobby = RoomId::lobby();
    let member = doc! { "_id": { "room": lobby.as_str(), "user": "$_id" }, "joinedAt": "$createdAt" };
    let merge =
        doc! { "into": db.memberships.name(), "on": "_id", "whenMatched": "merge", "whenNotMatched": "discard" };
    // no time limit, because there can be many accounts
    db.users.aggregate([doc! { "$replaceWith": member }, doc! { "$merge": merge }]).await.map(drop)?;
    Ok(())
}

/// Marks everything as read: nobody has seen a count before.
async fn read_to_end(db: &Collections) -> Result<()> {
    let mut session = db.reads().await?;
    for room in db.find_rooms(doc! {}, &mut session).await? {
        let end = db.last_seq(&RoomId::named(&room.id), u64::MAX, &mut session).await?;
        let unmarked = doc! { "_id.room": room.id, "readSeq": { "$exists": false }, "ended": { "$exists": false } };
        let read = doc! { "$set": { "readSeq": bson_int(end) } };
        // no time limit, because a room can have many members
        db.memberships.update_many(unmarked, read).await?;
    }
    Ok(())
}
