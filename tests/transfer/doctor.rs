//! `natter doctor`: what is damaged by hand is found and named, and what is healthy is not.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use mongodb::bson::{Document, doc};
use natter::{
    domain::{Action, Command, Emoji, FileId, Message},
    store::{Attempt, PART_BYTES, Row, Table},
};
use rusqlite::Connection;

use crate::{
    backups::{Backups, backup, restore},
    files::{Damage, fill_files},
    filling::fill,
    store::{TestDatabase, lobby, post},
    support::{CommandOutput, Natter, natter, setting, user},
};

pub async fn doctor(database: &TestDatabase, more: &[&str]) -> CommandOutput {
    let (flag, value) = setting(database);
    natter(&[&["doctor", flag, &value], more].concat()).await
}

/// A change of MongoDB by hand.
pub enum InMongo {
    Update(&'static str, Document, Document),
    Delete(&'static str, Document),
    Insert(&'static str, Document),
    DropIndex(&'static str, &'static str),
}
use InMongo::{Delete, DropIndex, Insert, Update};

/// A damage, what the doctor says about it, and whether it is mended.
struct Case {
    says: &'static str,
    is_mended: bool,
    sqlite: &'static str,
    mongo: Vec<InMongo>,
}

fn case(says: &'static str, sqlite: &'static str, mongo: Vec<InMongo>) -> Case {
    Case { says, is_mended: false, sqlite, mongo }
}

fn mended(says: &'static str, sqlite: &'static str, mongo: Vec<InMongo>) -> Case {
    Case { says, is_mended: true, sqlite, mongo }
}

/// The filter for a message of the lobby.
fn at(seq: i64) -> Document {
    doc! { "_id.room": "lobby", "seq": seq }
}

fn set(fields: Document) -> Document {
    doc! { "$set": fields }
}

/// Messages of the lobby have positions from 2^40 on.
fn cases() -> Vec<Case> {
    let nobody = mongodb::bson::Uuid::new();
    let member = |room: &str| doc! { "_id": { "room": room, "user": nobody }, "rev": 0_i64, "role": "member" };
    let member_of = |room: &str| {
        let mut member = member(room);
        member.insert("joinedAt", mongodb::bson::DateTime::now());
        Insert("memberships", member)
    };
    vec![
        case(
            "room lobby has no messages between 4 and 6",
            "DELETE FROM messages WHERE id = (1 << 40) + 5",
            vec![Delete("log", at(5))],
        ),
        case(
            "message 9 in room lobby was posted as",
            "UPDATE messages SET text_rev = 1 WHERE id = (1 << 40) + 9",
            vec![Update("log", at(9), set(doc! { "textRev": 1_i64 }))],
        ),
        case(
            "and the message before it",
            "UPDATE messages SET post_rev = post_rev - 1 WHERE id = (1 << 40) + 9",
            vec![],
        ),
        case(
            "have the same client id",
            "DROP INDEX messages_client; UPDATE messages SET client_id = 'same' WHERE id IN ((1 << 40) + 8, (1 << 40) + 9)",
            vec![
                DropIndex("log", "author_client"),
                Update("log", at(8), set(doc! { "clientID": "same" })),
                Update("log", at(9), set(doc! { "clientID": "same" })),
            ],
        ),
        case(
            "the userID ada is of two accounts",
            "",
            vec![
                DropIndex("users", "user_id"),
                Update("users", doc! { "userID": "dan" }, set(doc! { "userID": "ada", "folded.userID": "ada" })),
            ],
        ),
        case(
            "the name \"Lobby\" is of two open rooms",
            "UPDATE rooms SET name = 'lobby', kind = 'open', open_name = NULL WHERE id = 2;
             UPDATE rooms SET name = 'Lobby' WHERE id = 1",
            vec![Update("rooms", doc! { "name": "Planning" }, set(doc! { "name": "Lobby", "kind": "open" }))],
        ),
        case(
            "replies to Some(999999), which is no message before it",
            "UPDATE messages SET reply_to = 999999 WHERE root = 1 AND id >> 40 = 1",
            vec![Update("log", doc! { "_id.room": "lobby", "root": 1_i64 }, set(doc! { "replyTo": 999_999_i64 }))],
        ),
        case(
            "and is in the thread of Some(2)",
            "UPDATE messages SET root = 2 WHERE root = 1 AND id >> 40 = 1",
            vec![Update("log", doc! { "_id.room": "lobby", "root": 1_i64 }, set(doc! { "root": 2_i64 }))],
        ),
        case(
            "a member of room lobby is the account 00000000-0000-0000-0000-0000000000ff, which does not exist",
            "INSERT INTO memberships (room, user, rev, role, joined_at)
             VALUES (1, x'000000000000000000000000000000ff', 0, 'member', 0)",
            vec![],
        ),
        case("a member of room lobby is the account", "", vec![member_of("lobby")]),
        case("is a member of room nowhere, which does not exist", "", vec![member_of("nowhere")]),
        case(
            "a row of memberships () refers to a row of rooms that does not exist",
            "PRAGMA foreign_keys = off; INSERT INTO memberships (room, user, rev, role, joined_at)
             SELECT 99, key, 0, 'member', 0 FROM users LIMIT 1",
            vec![],
        ),
        case(
            "message 99999 in room lobby is saved, and does not exist",
            "INSERT INTO saved (user, id, at) SELECT key, (1 << 40) + 99999, 0 FROM users LIMIT 1",
            vec![],
        ),
        case(
            "is saved by the account",
            "INSERT INTO saved (user, id, at) VALUES (x'000000000000000000000000000000ff', (1 << 40) + 1, 0)",
            vec![Insert(
                "saved",
                doc! { "_id": { "user": nobody, "room": "lobby", "seq": 1_i64 }, "at": mongodb::bson::DateTime::now() },
            )],
        ),
        case(
            "has a reaction or a mention of 00000000-0000-0000-0000-0000000000ff, which is no account",
            "UPDATE messages SET reactions = '[[\"👍\",[\"00000000-0000-0000-0000-0000000000ff\"]]]'
             WHERE id = (1 << 40) + 9",
            vec![],
        ),
        case(
            "message 3 in room lobby is deleted, and is pinned",
            "UPDATE messages SET pinned_at = 5 WHERE id = (1 << 40) + 3",
            vec![Update("log", at(3), set(doc! { "pinnedTime": mongodb::bson::DateTime::now() }))],
        ),
        case(
            "and its name, settings or members have change 99999",
            "UPDATE rooms SET rev = 99999 WHERE id = 1",
            vec![Update("rooms", doc! { "_id": "lobby" }, set(doc! { "rev": 99_999_i64 }))],
        ),
        case(
            "is no upload: its object may be removed",
            "DELETE FROM uploads WHERE name = 'large.png'",
            vec![Delete("uploads", doc! { "name": "large.png" })],
        ),
        case(
            "is said to be of a message, and none has it",
            "UPDATE messages SET files = NULL WHERE files LIKE '%exact.png%'",
            vec![],
        ),
        case("the table or index messages_pinned is missing", "DROP INDEX messages_pinned", vec![]),
        case(
            "message 9 in room lobby is marked as deleted and has a text",
            "UPDATE messages SET deleted = 1 WHERE id = (1 << 40) + 9",
            vec![],
        ),
        case("the index changed of the collection log is missing", "", vec![DropIndex("log", "changed")]),
        case("the index file of the collection log is missing", "", vec![DropIndex("log", "file")]),
        case("of the numbers from", "", vec![Delete("log", doc! { "_id.room": "lobby", "op": "react" })]),
        case(
            "lacks its change",
            "",
            vec![Update("log", doc! { "_id.room": "lobby", "message": "x1" }, doc! { "$unset": { "changed": "" } })],
        ),
        mended("is not reserved for its room lobby", "", vec![Delete("roomNames", doc! {})]),
        mended("the list of mentions differs from the messages in", "DELETE FROM mentions WHERE user <> x''", vec![]),
        mended(
            "message 1 in room lobby says that it has 7 replies, and has 2",
            "UPDATE messages SET replies = 7 WHERE id = (1 << 40) + 1",
            vec![Update("log", at(1), set(doc! { "replies": 7_i64 }))],
        ),
        mended(
            "message 1 in room lobby says that it has 0 replies, and has 2",
            "UPDATE messages SET replies = 0 WHERE id = (1 << 40) + 1",
            vec![Update("log", at(1), doc! { "$unset": { "replies": "" } })],
        ),
        mended(
            "message 9 in room lobby is text 77 of its room and 8 of its author, and should be 9 and 9",
            "UPDATE messages SET room_texts = 77, author_texts = 8 WHERE id = (1 << 40) + 9",
            vec![Update("log", at(9), set(doc! { "texts": 77_i64, "authorTexts": 8_i64 }))],
        ),
    ]
}

/// A backup of a full database, in which the large file has this id.
pub async fn full() -> (Backups, FileId) {
    let (backups, database) = (Backups::new(), TestDatabase::embedded());
    fill(&database).await;
    let large = fill_files(&database).await;
    doctor(&database, &[]).await.ok().says("is healthy");
    backup(&database, &backups.path("full"), &[]).await.ok();
    (backups, large)
}

/// Restores it, and changes a little more, so that MongoDB's log has changes.
pub async fn restored(backup: &Path, database: &TestDatabase) -> BTreeMap<(String, u64), Message> {
    restore(backup, database).await.ok();
    let store = database.open().await;
    let ada = user(store.as_ref(), "ada").await;
    let access = lobby(store.as_ref(), &ada).await;
    let mut seqs = Vec::new();
    for text in ["x1", "x2", "x3"] {
        seqs.push(store.change(&access, post(text, text)).await.unwrap().message.seq());
    }
    let emoji = Emoji::parse("👍").unwrap();
    store.change(&access, Command::new(Action::React { seq: seqs[0], emoji })).await.unwrap();
    store.change(&access, post("x4", "x4")).await.unwrap();
    store.close().await;
    messages(database).await
}

/// All messages by room and `seq`, without what is mended.
pub async fn messages(database: &TestDatabase) -> BTreeMap<(String, u64), Message> {
    let store = database.open().await;
    let (mut found, mut last) = (BTreeMap::new(), None);
    loop {
        let page = store.rows(Table::Messages, last.as_ref(), 500).await.unwrap();
        for row in &page {
            let Row::Message(row) = row else { panic!("a message") };
            found.insert((row.message.id.room.as_str().to_owned(), row.message.seq()), row.message.clone());
        }
        let Some(row) = page.into_iter().next_back() else { break };
        last = Some(row);
    }
    store.close().await;
    found
}

pub async fn in_mongo(database: &TestDatabase, changes: &[InMongo]) {
    let database = database.mongo().await;
    let of = |name: &str| database.collection::<Document>(name);
    for change in changes {
        match change {
            Update(name, filter, update) => {
                let updated = of(name).update_one(filter.clone(), update.clone()).await.unwrap();
                assert_eq!(updated.matched_count, 1, "{filter:?}");
            }
            Delete(name, filter) => assert!(of(name).delete_many(filter.clone()).await.unwrap().deleted_count > 0),
            Insert(name, document) => drop(of(name).insert_one(document.clone()).await.unwrap()),
            DropIndex(name, index) => of(name).drop_index(*index).await.unwrap(),
        }
    }
}

/// Asserts what the doctor says of a damaged database, and what a repair makes of it.
async fn assert_found(database: &TestDatabase, says: &str, is_mended: bool, before: &BTreeMap<(String, u64), Message>) {
    let found = doctor(database, &[]).await;
    found.says(says);
    assert!(found.code == 1 && found.err.contains("found, see above"), "{says}: {}", found.err);
    let way_out = if is_mended { "--repair mends this" } else { "Restore a backup" };
    assert!(found.out.contains(way_out) || found.out.contains("makes this anew"), "{}", found.out);
    let repaired = doctor(database, &["--repair"]).await;
    if is_mended {
        repaired.ok().says("is healthy");
        assert_eq!(&messages(database).await, before);
        doctor(database, &[]).await.ok();
    } else {
        assert_eq!(repaired.code, 1, "{says}: {}", repaired.out);
        repaired.says(says);
    }
}

/// Damages a restored database in the way of a case, and asserts what the doctor says.
async fn check(case: Case, backup: PathBuf, database: TestDatabase) {
    let before = restored(&backup, &database).await;
    match &database {
        TestDatabase::Embedded(dir) => {
            let connection = Connection::open(dir.path().join("natter.db")).unwrap();
            connection.execute_batch(case.sqlite).unwrap_or_else(|error| panic!("{}: {error}", case.says));
        }
        TestDatabase::MongoDb(_) => in_mongo(&database, &case.mongo).await,
    }
    assert_found(&database, case.says, case.is_mended, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_of_the_embedded_database_is_found() {
    let (backups, _) = full().await;
    let mut missed = Vec::new();
    for case in cases().into_iter().filter(|case| !case.sqlite.is_empty()) {
        let says = case.says;
        let checked = tokio::spawn(check(case, backups.path("full"), TestDatabase::embedded()));
        missed.extend(checked.await.is_err().then_some(says));
    }
    assert_eq!(missed, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_of_mongodb_is_found() {
    let (backups, _) = full().await;
    let mut missed = Vec::new();
    for case in cases().into_iter().filter(|case| !case.mongo.is_empty()) {
        let says = case.says;
        let checked = tokio::spawn(check(case, backups.path("full"), TestDatabase::mongodb().await));
        missed.extend(checked.await.is_err().then_some(says));
    }
    assert_eq!(missed, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_and_superfluous_objects_are_found() {
    let (backups, large) = full().await;
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        let mut before = restored(&backups.path("full"), &database).await;
        let file = "the file \"large.png\" of message 1211 in room lobby (\"Lobby\")";
        for (damage, what) in [
            (Damage::Flipped, "has other bytes: its SHA-256 is not the stored one"),
            (Damage::Longer, "has 523241 bytes instead of 523240"),
            (Damage::Missing, "is missing"),
        ] {
            damage.of(&database, large).await;
            let found = doctor(&database, &[]).await;
            found.says(&format!("{file} {what}"));
            found.says("Restore a backup that has the file, or remove it from its message.");
            assert_eq!(found.code, 1);
        }
        assert_eq!(2 * PART_BYTES + 1000, 523_240);
        Damage::None.of(&database, large).await;
        doctor(&database, &[]).await.ok().says("is healthy");

        // a thumbnail is made from its file; an object of nobody is of no use
        let store = database.open().await;
        let objects = store.objects();
        objects.remove(large.thumbnail()).await.unwrap();
        let stray = FileId::generate();
        objects.write(stray, Attempt::ONLY, 0, Bytes::from_static(b"nobody's")).await.unwrap();
        store.close().await;
        let found = doctor(&database, &[]).await;
        found.says(&format!("the thumbnail of {file} is missing"));
        found.says(&format!("no message and no upload has the object {stray}"));
        assert_eq!(found.code, 1);
        doctor(&database, &["--repair"]).await.ok().says("is healthy");
        let message = before.get_mut(&("lobby".to_owned(), 1211)).unwrap();
        message.files[0].has_thumbnail = false;
        assert_eq!(messages(&database).await, before, "the mark is gone, and nothing else is changed");
        let store = database.open().await;
        assert!(!store.objects().objects_after(None, 100).await.unwrap().contains(&stray));
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_the_database_is_found() {
    let (backups, _) = full().await;
    let database = TestDatabase::embedded();
    restored(&backups.path("full"), &database).await;
    let TestDatabase::Embedded(dir) = &database else { unreachable!() };
    let path = dir.path().join("natter.db");
    let mut content = std::fs::read(&path).unwrap();
    let middle = content.len() / 2 / 4096 * 4096;
    content[middle..middle + 3000].fill(0xAA);
    std::fs::write(&path, content).unwrap();
    let found = doctor(&database, &[]).await;
    assert!(found.code == 1 && found.out.contains("the database file is damaged"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_natter_is_examined_and_not_repaired() {
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        fill_files(&database).await;
        let running = Natter::start(&database).await;
        doctor(&database, &[]).await.ok().says("is healthy");
        let line = doctor(&database, &["--repair"]).await.refusal();
        assert!(line.contains("natter is running on"), "{line}");
        running.stop().await;
        doctor(&database, &["--repair"]).await.ok().says("is healthy");
    }
    let none = TestDatabase::embedded();
    let line = doctor(&none, &[]).await.refusal();
    assert!(line.contains("there is no natter database in"), "{line}");
}
