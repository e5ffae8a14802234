//! Databases of MongoDB of every earlier schema, with the same data as those of `older_sqlite`, and migrations of them that
//! are interrupted.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use mongodb::{
    Database,
    bson::{Binary, Bson, DateTime, Document, doc, oid::ObjectId, spec::BinarySubtype},
};
use natter::{domain::UserKey, store};

use crate::{
    fail_point::FailPoint,
    older_data::{
        ADA, ADMINISTRATION, BEE, BOB, FAR, FILES, GONE, MENTIONS, PEOPLE, ROBOT, ROOMS, SETTINGS, assert_opens, at,
        key, rows_of,
    },
    support::TestDatabase,
};

/// Today's schema.
const LATEST: i32 = 11;

/// The schema of the embedded database that has the same data.
const fn embedded(schema: i32) -> usize {
    match schema {
        ..5 => 1,
        5 | 6 => ROOMS,
        7 => PEOPLE,
        8 => MENTIONS,
        9 => SETTINGS,
        10 => ADMINISTRATION,
        _ => FILES,
    }
}

fn uuid(key: UserKey) -> mongodb::bson::Uuid {
    mongodb::bson::Uuid::from_bytes(*key.0.as_bytes())
}

fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

fn date(millis: i64) -> DateTime {
    DateTime::from_millis(at(millis).0)
}

/// Marks the migrations after `schema` as done.
async fn leave_out_after(mongo: &Database, schema: i32) {
    for number in schema + 1..=LATEST {
        mongo.collection("migrations").insert_one(doc! { "_id": number }).await.unwrap();
    }
}

/// Lets natter run the migrations up to `schema`, and no others.
async fn migrate_to(database: &TestDatabase, mongo: &Database, schema: i32) {
    let migrations = mongo.collection::<Document>("migrations");
    leave_out_after(mongo, schema).await;
    database.open().await.close().await;
    migrations.delete_many(doc! { "_id": { "$gt": schema } }).await.unwrap();
}

/// Makes a database of a schema, with what natters of all schemas up to it wrote.
async fn at_schema(schema: i32) -> TestDatabase {
    let database = TestDatabase::mongodb().await;
    let mongo = database.mongo().await;
    for number in (1..=schema).filter(|number| *number == schema || [1, 5, 7, 8, 9, 10].contains(number)) {
        migrate_to(&database, &mongo, number).await;
        for (collection, documents) in written_by(number) {
            mongo.collection(collection).insert_many(documents).await.unwrap();
        }
        for (collection, id, update) in changed_by(number) {
            let update = mongo.collection::<Document>(collection).update_one(doc! { "_id": id }, update).await.unwrap();
            assert_eq!(update.matched_count, 1);
        }
    }
    database
}

fn user(key: UserKey, user_id: &str, name: &str, email: &str, more: Document) -> Document {
    let mut user = doc! {
        "_id": uuid(key), "userID": user_id, "name": name, "email": email, "phone": "", "role": "member",
        "version": 1_i64,
        "folded": { "userID": user_id, "name": name.to_ascii_lowercase(), "email": email.to_ascii_lowercase() },
    };
    user.extend(more);
    user
}

fn old_message(seq: i64, revs: &[i64], author: UserKey, client: &str, text: Option<&str>) -> Document {
    let mut message = doc! {
        "room": "lobby", "seq": seq, "rev": revs.last(), "revs": revs, "author": uuid(author), "clientID": client,
        "sentTime": date(9 + seq),
    };
    message.extend(text.map(|text| ("message".to_owned(), Bson::from(text))));
    message
}

fn room(id: &str, rev: i64, kind: &str, name: &str, created: i64) -> Document {
    doc! {
        "_id": id, "rev": rev, "kind": kind, "name": name, "topic": "", "archived": false, "everyone": false,
        "createdAt": date(created),
    }
}

fn member(room: &str, user: UserKey, role: &str, joined: i64) -> Document {
    doc! { "_id": { "room": room, "user": uuid(user) }, "rev": 0_i64, "role": role, "joinedAt": date(joined) }
}

/// A document of the attic's log.
fn in_attic(rev: i64, more: Document) -> Document {
    let mut document = doc! { "_id": { "room": "attic", "rev": rev } };
    document.extend(more);
    document
}

fn message(seq: i64, author: UserKey, sent: i64, texts: [i64; 2]) -> Document {
    doc! {
        "seq": seq, "author": uuid(author), "clientID": format!("attic-{seq}"), "sentTime": date(sent), "texts": texts[0],
        "authorTexts": texts[1],
    }
}

fn with(mut document: Document, more: Document) -> Document {
    document.extend(more);
    document
}

fn change(of: i64, by: UserKey, at: i64, op: Document) -> Document {
    let change = doc! {
        "of": of, "by": uuid(by), "at": date(at), "command": ObjectId::new(), "headSeq": 2_i64, "headTexts": 2_i64,
    };
    with(change, op)
}

/// The documents that a natter of this schema added to those of the schemas before.
fn written_by(schema: i32) -> Vec<(&'static str, Vec<Document>)> {
    let far = DateTime::from_millis(FAR);
    match schema {
        1 => {
            let ada = doc! { "role": "admin", "version": 3_i64, "phone": "112", "password": "$2b$04$a", "createdAt": date(0) };
            vec![
                (
                    "users",
                    vec![
                        user(ADA, "ada", "Ada Ö", "Ada@example.org", ada),
                        user(
                            BOB,
                            "bob",
                            "Bob",
                            "bob@example.org",
                            doc! { "password": "$2b$04$b", "createdAt": date(1) },
                        ),
                    ],
                ),
                (
                    "messages",
                    vec![
                        old_message(1, &[1], ADA, "1e8c5e1c-d3ba-403a-a3e9-d2fb063305b1", Some("one 🐝")),
                        old_message(2, &[2], BOB, "script-2", Some("two")),
                        old_message(3, &[3, 5], GONE, "script-3", None),
                        old_message(4, &[4], ADA, "script-4", Some("four")),
                    ],
                ),
                ("sessions", vec![doc! { "_id": binary(&[0x11; 32]), "data": binary(&[1, 2, 255]), "expires": far }]),
                ("revokedTokens", vec![doc! { "_id": uuid(key(0x77)), "expires": far }]),
            ]
        }
        5 => {
            let first = doc! {
                "message": "in the attic", "changed": 4_i64, "replies": 1_i64, "pinnedTime": date(34),
                "reactions": [{ "emoji": "👍", "users": [uuid(BOB)] }],
            };
            let reply = doc! {
                "message": "a better reply", "replyTo": 1_i64, "root": 1_i64, "changed": 5_i64, "textRev": 5_i64,
                "editedTime": date(35),
            };
            let notice = doc! { "notice": r#"{"kind":"topic","topic":"bees"}"# };
            let edit = doc! { "op": "edit", "textRev": 2_i64, "message": "a better reply" };
            let pair = format!("{} {}", ADA.0.simple(), BOB.0.simple());
            vec![
                (
                    "rooms",
                    vec![
                        with(room("attic", 6, "closed", "Attic", 20), doc! { "topic": "bees" }),
                        room("hall", 0, "open", "Hall", 21),
                        room("hill", 0, "open", "HALL", 22),
                        with(room("pair", 0, "direct", "", 23), doc! { "directKey": pair }),
                    ],
                ),
                (
                    "memberships",
                    vec![
                        member("attic", ADA, "owner", 20),
                        member("attic", BOB, "member", 20),
                        member("hall", BOB, "owner", 21),
                        member("hill", BOB, "owner", 22),
                        member("pair", ADA, "owner", 23),
                        member("pair", BOB, "member", 23),
                    ],
                ),
                (
                    "log",
                    vec![
                        in_attic(1, with(message(1, ADA, 30, [1, 1]), first)),
                        in_attic(2, with(message(2, BOB, 31, [2, 1]), reply)),
                        in_attic(3, change(1, BOB, 33, doc! { "op": "react", "emoji": "👍" })),
                        in_attic(4, change(1, ADA, 34, doc! { "op": "pin" })),
                        in_attic(5, change(2, BOB, 35, edit)),
                        in_attic(6, with(message(3, ADA, 36, [2, 1]), notice)),
                    ],
                ),
            ]
        }
        7 => {
            let robot = doc! {
                "role": "bot", "password": "$2b$04$d", "createdAt": date(40), "about": "counts bees", "showsLastSeen": true,
                "folded": {
                    "userID": "robot", "name": "robot", "email": "robot@example.org", "emailSearch": "robot@example.org",
                },
            };
            let in_lobby = with(member("lobby", ROBOT, "member", 40), doc! { "readSeq": 4_i64, "readVersion": 0_i64 });
            vec![
                ("users", vec![user(ROBOT, "robot", "Robot", "robot@example.org", robot)]),
                ("memberships", vec![in_lobby]),
            ]
        }
        8 => {
            let look = doc! { "message": "@ada look", "mentions": [{ "user": uuid(ADA), "userID": "ada" }] };
            let first = doc! { "user": uuid(ADA), "room": "attic", "seq": 1_i64 };
            vec![
                ("log", vec![in_attic(7, with(message(4, BOB, 50, [3, 2]), look))]),
                ("saved", vec![doc! { "_id": first, "at": date(51) }]),
            ]
        }
        9 => {
            let session = doc! { "_id": binary(&[0x22; 32]), "data": binary(&[3]), "expires": far, "user": uuid(BOB) };
            vec![("sessions", vec![session])]
        }
        10 => {
            let entry = doc! {
                "_id": uuid(key(0x70)), "admin": "ada", "action": "user-disabled", "subject": "robot", "detail": "",
            };
            vec![("audit", vec![entry])]
        }
        // the first natters of this schema counted no attempts
        11 => {
            let (file, sha256) = (uuid(key(0x80)), "62cb81b5904a262ffaeed02abef36bfc540b09f964b8b0b636662f77ffce6714");
            let facts = doc! { "type": "text/plain", "size": 3_i64, "sha256": sha256 };
            let id = key(0x80).0.simple().to_string();
            let stored = with(doc! { "id": &id, "name": "bee.txt" }, facts.clone());
            let upload = doc! {
                "_id": file, "owner": uuid(ADA), "name": "bee.txt", "size": 3_i64, "received": 3_i64, "room": "attic",
                "facts": facts,
            };
            let whole = doc! {
                "_id": file, "length": 3_i64, "chunkSize": 261_120_i32, "uploadDate": date(59), "filename": id,
            };
            vec![
                (
                    "log",
                    vec![in_attic(
                        8,
                        with(message(5, ADA, 60, [4, 2]), doc! { "message": "a file", "files": [stored] }),
                    )],
                ),
                ("uploads", vec![upload]),
                ("fs.files", vec![whole]),
                ("fs.chunks", vec![doc! { "files_id": file, "n": 0_i32, "data": binary(BEE) }]),
            ]
        }
        _ => Vec::new(),
    }
}

/// The updates that a natter of this schema made.
fn changed_by(schema: i32) -> Vec<(&'static str, Bson, Document)> {
    let user = |key, set: Document| ("users", Bson::from(uuid(key)), doc! { "$set": set });
    match schema {
        7 => {
            let bobs = doc! { "level": "hidden", "starred": true, "readSeq": 1_i64, "readVersion": 2_i64 };
            let id = doc! { "room": "attic", "user": uuid(BOB) };
            vec![
                user(ADA, doc! { "lastSeen": date(41) }),
                user(BOB, doc! { "showsLastSeen": false }),
                ("memberships", id.into(), doc! { "$set": bobs }),
            ]
        }
        9 => vec![user(ADA, doc! { "settings": { "theme": "dark" } })],
        10 => {
            let link = doc! { "hash": binary(&[0x33; 32]), "expires": DateTime::from_millis(FAR) };
            vec![user(BOB, doc! { "loginLink": link }), user(ROBOT, doc! { "disabled": true })]
        }
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_every_schema_opens() {
    for schema in 1..=LATEST {
        let database = at_schema(schema).await;
        let rows = assert_opens(&database, embedded(schema)).await;
        let same = crate::older_sqlite::at_schema(embedded(schema));
        assert_eq!(rows, rows_of(same.open().await.as_ref()).await, "schema {schema}: both databases have the same");
        let migrations = database.mongo().await.collection::<Document>("migrations");
        assert_eq!(migrations.count_documents(doc! {}).await.unwrap(), LATEST as u64, "each schema is here");
    }
}

/// All that a migration makes: documents, indexes and validators. Not what is different each time.
async fn contents(mongo: &Database) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for name in mongo.list_collection_names().await.unwrap() {
        let of = mongo.collection::<Document>(&name);
        let mut found: Vec<Document> = of.find(doc! {}).await.unwrap().try_collect().await.unwrap();
        for document in &mut found {
            for different in ["command", "token"] {
                document.remove(different);
            }
            if name == "migrations" || name == "roomNames" {
                document.remove("at");
            }
        }
        let mut lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        let indexes: Vec<_> = of.list_indexes().await.unwrap().try_collect().await.unwrap();
        lines.extend(indexes.iter().map(|index| format!("{index:?}")));
        let options: Vec<_> =
            mongo.list_collections().filter(doc! { "name": &name }).await.unwrap().try_collect().await.unwrap();
        lines.extend(options.iter().map(|collection| format!("{:?}", collection.options.validator)));
        lines.sort();
        all.insert(name, lines);
    }
    all
}

/// natter ends before each write of each migration in turn: first before its first one, then, started again, before its
/// second one, and so on.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_ends_before_any_write_starts_again() {
    // the first migration alone, on an empty database; all others, on the oldest data; those after rooms came, on rooms
    for (schema, last) in [(0, 1), (1, LATEST), (5, LATEST)] {
        let (whole, interrupted) = (at_schema(schema).await, at_schema(schema).await);
        for database in [&whole, &interrupted] {
            leave_out_after(&database.mongo().await, last).await;
        }
        whole.open().await.close().await;
        let expected = contents(&whole.mongo().await).await;
        let process = interrupted.named_process("interrupted");
        let mut writes = 0;
        loop {
            let fail_point = FailPoint::after(&interrupted, "interrupted", writes).await;
            let opened = store::open_mongo(process.url()).await;
            fail_point.unset().await;
            match opened {
                Ok(opened) => break opened.close().await,
                Err(error) => assert!(writes < 100, "schema {schema} never opens: {error}"),
            }
            writes += 1;
        }
        println!("schema {schema}: {writes} writes");
        assert!(writes > 10, "schema {schema}: {writes} writes");
        assert_eq!(contents(&interrupted.mongo().await).await, expected, "schema {schema}");
    }
}
