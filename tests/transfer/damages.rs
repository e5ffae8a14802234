//! Damages of rows that do not hide each other: all are made in one database, and `natter doctor` finds each.

use mongodb::bson::{DateTime, Document, doc};
use natter::{
    domain::RoomKind,
    store::{NewRoom, WayOut, set_avatar},
};
use rusqlite::Connection;

use crate::{
    doctor::{
        InMongo::{self, Delete, DropIndex, Insert, Update},
        doctor, full, in_mongo, restored,
    },
    files::bytes,
    store::TestDatabase,
    support::{CommandOutput, user},
};

/// A damage, and the line that names it.
struct Damage {
    says: &'static str,
    way_out: WayOut,
    sqlite: &'static str,
    mongo: Vec<InMongo>,
}

fn damage(says: &'static str, sqlite: &'static str, mongo: Vec<InMongo>) -> Damage {
    Damage { says, way_out: WayOut::EarlierBackup, sqlite, mongo }
}

fn at(seq: i64) -> Document {
    doc! { "_id.room": "lobby", "seq": seq }
}

fn set(fields: Document) -> Document {
    doc! { "$set": fields }
}

/// Messages of the lobby have positions from 2^40 on.
fn damages() -> Vec<Damage> {
    let nobody = mongodb::bson::Uuid::new();
    let file = doc! { "id": "0198f0000000700080000000000000ab", "name": "b", "type": "image/png", "size": 1_i64, "sha256": "00".repeat(32) };
    let now = DateTime::now();
    vec![
        damage(
            "a session is of the account",
            "UPDATE sessions SET user = x'000000000000000000000000000000ff'",
            vec![Update("sessions", doc! {}, set(doc! { "user": nobody }))],
        ),
        // the tables have their unique columns in themselves
        Damage {
            says: "the table or index users is missing, or is another one",
            way_out: WayOut::MakeAnew,
            sqlite: "PRAGMA legacy_alter_table = on;
                ALTER TABLE users RENAME TO old; CREATE TABLE users AS SELECT * FROM old; DROP TABLE old;
                ALTER TABLE rooms RENAME TO old; CREATE TABLE rooms AS SELECT * FROM old; DROP TABLE old",
            mongo: vec![],
        },
        damage("the userID ADA is of two accounts", "UPDATE users SET user_id = 'ADA' WHERE user_id = 'dan'", vec![]),
        damage(
            "the e-mail address ADA@example.org is of two accounts",
            "UPDATE users SET email = 'ADA@example.org' WHERE email = 'dan@example.org'",
            vec![
                DropIndex("users", "email"),
                Update(
                    "users",
                    doc! { "userID": "dan" },
                    set(doc! { "email": "ADA@example.org", "folded.email": "ada@example.org" }),
                ),
            ],
        ),
        damage(
            "two direct rooms are of the same users",
            "UPDATE rooms SET direct_key = 'x' WHERE kind = 'direct'",
            vec![
                DropIndex("rooms", "direct"),
                Update("rooms", doc! { "topic": "first" }, set(doc! { "directKey": "x" })),
                Update("rooms", doc! { "topic": "second" }, set(doc! { "directKey": "x" })),
            ],
        ),
        damage(
            "is direct and does not say of whom, or the other way",
            "UPDATE rooms SET direct_key = 'y' WHERE name = 'A room whose owner is deleted'",
            vec![Update("rooms", doc! { "name": "A room whose owner is deleted" }, set(doc! { "directKey": "y" }))],
        ),
        damage(
            "message 99999 in room lobby is saved, and does not exist",
            "",
            vec![Insert("saved", doc! { "_id": { "user": nobody, "room": "lobby", "seq": 99_999_i64 }, "at": now })],
        ),
        damage(
            "there are messages of room",
            "DELETE FROM memberships WHERE room = (SELECT id FROM rooms WHERE name = 'Planning');
             DELETE FROM rooms WHERE name = 'Planning'",
            vec![Delete("rooms", doc! { "name": "Planning" })],
        ),
        damage(
            "there are saved messages of room",
            "INSERT INTO saved (user, id, at) SELECT key, (99 << 40) + 1, 0 FROM users LIMIT 1",
            vec![],
        ),
        damage(
            "pinned messages, more than 50",
            "UPDATE messages SET pinned_at = 5 WHERE id BETWEEN (1 << 40) + 20 AND (1 << 40) + 80",
            (20..=80).map(|seq| Update("log", at(seq), set(doc! { "pinnedTime": now }))).collect(),
        ),
        damage(
            "has a reaction or a mention of",
            "UPDATE messages SET reactions = '[[\"👍\",[\"00000000-0000-0000-0000-0000000000ff\"]]]'
             WHERE id = (1 << 40) + 10",
            vec![Update("log", at(10), set(doc! { "reactions": [{ "emoji": "👍", "users": [nobody] }] }))],
        ),
        damage(
            "message 12 in room lobby has a reaction twice, or one that nobody gave",
            "UPDATE messages SET reactions = '[[\"👍\",[]]]' WHERE id = (1 << 40) + 12",
            vec![Update("log", at(12), set(doc! { "reactions": [{ "emoji": "👍", "users": [] }] }))],
        ),
        damage(
            "is a notice with what only a text can have",
            "UPDATE messages SET edited_at = 5 WHERE notice IS NOT NULL",
            vec![Update(
                "log",
                doc! { "notice": { "$regex": "another topic" }, "author": { "$exists": true } },
                set(doc! { "editedTime": now }),
            )],
        ),
        damage(
            "the file \"b\" of message 14 in room lobby is also of another message",
            "UPDATE messages SET files = json_array(json_object('id', '0198f0000000700080000000000000ab', 'name', 'b',
                'type', 'image/png', 'size', 1, 'sha256', printf('%064d', 0)))
             WHERE id IN ((1 << 40) + 13, (1 << 40) + 14)",
            vec![
                DropIndex("log", "file"),
                Update("log", at(13), set(doc! { "files": [file.clone()] })),
                Update("log", at(14), set(doc! { "files": [file] })),
            ],
        ),
        damage(
            "has 2 bytes, and the file of its message 1",
            "UPDATE uploads SET size = 2 WHERE name = 'small.png'",
            vec![Update("uploads", doc! { "name": "small.png" }, set(doc! { "size": 2_i64 }))],
        ),
        Damage {
            says: "is said to be of a message, and none has it",
            way_out: WayOut::MakeAnew,
            sqlite: "INSERT INTO uploads (id, owner, name, size, received, kept_until, message)
                VALUES (x'0198f0000000700080000000000000cd', x'000000000000000000000000000000ff', 'x', 1, 1, 0,
                    (1 << 40) + 11)",
            mongo: vec![Insert(
                "uploads",
                doc! { "_id": nobody, "owner": nobody, "name": "x", "size": 1_i64, "received": 1_i64, "room": "lobby" },
            )],
        },
        Damage {
            says: "room lobby has another name in the list of open rooms",
            way_out: WayOut::MakeAnew,
            sqlite: "UPDATE rooms SET open_name = 'another' WHERE room_id = 'lobby'",
            mongo: vec![],
        },
    ]
}

/// The words that follow the heading of a kind.
fn in_words(way_out: WayOut) -> &'static str {
    match way_out {
        WayOut::Repair => "natter doctor --repair mends this.",
        WayOut::MakeAnew => "A natter backup, restored into an empty database, makes this anew.",
        WayOut::EarlierBackup => "Restore a backup from before; natter backup --verify says whether it is whole.",
        WayOut::LostAvatar => "The user or an admin removes it, or uploads another picture.",
        WayOut::LostFile => "Restore a backup that has the file, or remove it from its message.",
    }
}

/// Asserts that a finding is under a heading with this way out.
fn assert_named(found: &CommandOutput, says: &str, way_out: WayOut) {
    let headings = found.out.lines().scan("", |heading, line| {
        if !line.starts_with("  ") {
            *heading = line;
        }
        Some((*heading, line))
    });
    let is_named = headings.clone().any(|(heading, line)| line.contains(says) && heading.ends_with(in_words(way_out)));
    assert!(is_named, "no {says:?} with {way_out:?} in:\n{}", found.out);
}

fn file_of(database: &TestDatabase) -> Option<Connection> {
    let TestDatabase::Embedded(dir) = database else { return None };
    Some(Connection::open(dir.path().join("natter.db")).unwrap())
}

/// Two direct rooms, and an avatar of Dan.
async fn add_more(database: &TestDatabase) {
    let store = database.open().await;
    let s = store.as_ref();
    let (ada, dan) = (user(s, "ada").await, user(s, "dan").await);
    for (topic, members) in [("first", vec![dan.key]), ("second", Vec::new())] {
        let new = NewRoom { kind: RoomKind::Direct, name: String::new(), topic: topic.into(), owner: ada.key, members };
        s.create_room(new).await.unwrap();
    }
    set_avatar(s, dan.key, &bytes(11, 100), None).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_of_rows_is_found_beside_the_others() {
    let (backups, _) = full().await;
    for database in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        restored(&backups.path("full"), &database).await;
        add_more(&database).await;
        doctor(&database, &[]).await.ok().says("is healthy");
        let mut made = Vec::new();
        for Damage { says, way_out, sqlite, mongo } in damages() {
            match file_of(&database) {
                Some(connection) if !sqlite.is_empty() => {
                    connection.pragma_update(None, "foreign_keys", false).unwrap();
                    connection.execute_batch(sqlite).unwrap_or_else(|error| panic!("{says}: {error}"));
                }
                None if !mongo.is_empty() => in_mongo(&database, &mongo).await,
                _ => continue,
            }
            made.push((says, way_out));
        }
        let found = doctor(&database, &[]).await;
        assert_eq!(found.code, 1);
        for (says, way_out) in &made {
            assert_named(&found, says, *way_out);
        }
        // none of them is mended, and none is hidden by a repair
        let repaired = doctor(&database, &["--repair"]).await;
        assert_eq!(repaired.code, 1);
        for (says, way_out) in &made {
            assert_named(&repaired, says, *way_out);
        }
    }
}
