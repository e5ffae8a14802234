//! Databases of earlier versions of natter.

use std::collections::HashSet;

use mongodb::bson::{Document, doc};
use natter::{
    domain::{Action, RoomId, RoomKind},
    store::{Conflict, Error, MessageRetention, NewRoom},
};
use serde::Deserialize;

use crate::fail_point::FailPoint;
use crate::members::{in_lobby, react};
use crate::support::{TestDatabase, id, lobby, post, revs, seqs, whole_log};

#[derive(Deserialize)]
struct Line {
    collection: String,
    document: Document,
}

async fn load_schema_4(mongo: &mongodb::Database) {
    for line in include_str!("fixtures/schema4.jsonl").lines() {
        let Line { collection, document } = serde_json::from_str(line).unwrap();
        mongo.collection::<Document>(&collection).insert_one(document).await.unwrap();
    }
}

/// The fixture is the database of a natter with schema 4: Ada, Bob and Cyd posted 20 messages, Bob's account was deleted
/// with its messages, Ada posted 3 more, and Cyd's account was deleted without its messages.
#[tokio::test(flavor = "multi_thread")]
async fn messages_of_schema_4_are_carried_over_into_the_log() {
    let database = TestDatabase::mongodb().await;
    let mongo = database.mongo().await;
    load_schema_4(&mongo).await;
    let old = mongo.collection::<Document>("messages");
    let bob = old.find_one(doc! { "message": { "$exists": false } }).await.unwrap().unwrap();
    let of_bob = old.count_documents(doc! { "author": bob.get("author").unwrap() }).await.unwrap();
    assert_eq!((of_bob, old.count_documents(doc! {}).await.unwrap()), (8, 23));

    let store = database.open().await;
    let log = whole_log(store.as_ref()).await;
    let mut by_seq = log.clone();
    by_seq.sort_by_key(|message| message.id.seq);
    assert_eq!(seqs(&by_seq), (1..=23).collect::<Vec<_>>());
    let (deleted, kept): (Vec<_>, Vec<_>) = log.iter().cloned().partition(natter::domain::Message::is_deleted);
    // 20 posts, 8 deletions, 3 posts
    assert_eq!(revs(&deleted), (21..=28).collect::<Vec<_>>());
    assert_eq!(revs(&kept)[kept.len() - 3..], [29, 30, 31]);
    assert!(kept.iter().all(|message| message.text().unwrap().contains(" says ") && message.text_rev == message.rev));
    assert_eq!(by_seq.iter().map(|message| message.room_texts).collect::<Vec<_>>(), seqs(&by_seq));
    for author in [by_seq[0].author_key, by_seq[1].author_key, by_seq[2].author_key] {
        let texts: Vec<u64> =
            by_seq.iter().filter(|message| message.author_key == author).map(|message| message.author_texts).collect();
        assert_eq!(texts, (1..=texts.len() as u64).collect::<Vec<_>>());
    }
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 31);
    let names = mongo.list_collection_names().await.unwrap();
    assert!(!names.contains(&"messages".to_owned()), "{names:?}");

    // the log goes on after it, and knows the client ids
    let ada = store.user(&id("ada")).await.unwrap().unwrap();
    let access = lobby(store.as_ref(), &ada).await;
    let repeat = store.change(&access, post("ada-0", "again")).await.unwrap();
    assert_eq!((repeat.repeat, repeat.message.id.seq), (true, 1));
    let next = store.change(&access, post("next", "hello")).await.unwrap().message;
    assert_eq!((next.id.seq, next.rev, next.room_texts, next.author_texts), (24, 32, 24, 12));
}

/// A deletion has no document in the log of schema 5, but its number stays taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_schema_4_that_ends_in_deletions_goes_on_after_them() {
    let database = TestDatabase::mongodb().await;
    let mongo = database.mongo().await;
    load_schema_4(&mongo).await;
    let of_ada = doc! { "seq": { "$gt": 20 } };
    assert_eq!(mongo.collection::<Document>("messages").delete_many(of_ada).await.unwrap().deleted_count, 3);
    let store = database.open().await;
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 28);
    let ada = store.user(&id("ada")).await.unwrap().unwrap();
    let access = lobby(store.as_ref(), &ada).await;
    let next = store.change(&access, post("next", "hello")).await.unwrap().message;
    assert_eq!((next.id.seq, next.rev), (21, 29));
    assert_eq!(revs(&whole_log(store.as_ref()).await).last(), Some(&29));
}

/// Schema 6 has no marks, no memberships of the lobby, and no folded names.
#[tokio::test(flavor = "multi_thread")]
async fn rooms_of_schema_6_are_read_up_to_their_ends() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    for _ in 0..3 {
        ada.post("hello").await;
    }
    let attic = bob.create(RoomKind::Open, &[]).await;
    let cellar = bob.create(RoomKind::Open, &[&ada]).await;
    ada.enter(cellar.room()).await.unwrap().post("hello").await;
    let name = ada.store.room(&attic.access).await.unwrap().name;
    ada.store.close().await;
    let mongo = database.mongo().await;
    let (rooms, memberships) = (mongo.collection::<Document>("rooms"), mongo.collection::<Document>("memberships"));
    rooms.update_many(doc! {}, doc! { "$unset": { "folded": "" } }).await.unwrap();
    let same_name = doc! { "$set": { "name": name.to_uppercase() } };
    rooms.update_one(doc! { "_id": cellar.room().as_str() }, same_name).await.unwrap();
    memberships.delete_many(doc! { "_id.room": "lobby" }).await.unwrap();
    memberships.update_many(doc! {}, doc! { "$unset": { "readSeq": "", "readVersion": "" } }).await.unwrap();
    mongo.collection::<Document>("roomNames").drop().await.unwrap();
    mongo.collection::<Document>("migrations").delete_one(doc! { "_id": 7 }).await.unwrap();

    let store = database.open().await;
    let summaries = store.rooms_of(&bob.user, None, 10).await.unwrap();
    let read = |room: &RoomId| {
        let summary = summaries.iter().find(|summary| summary.room.id == *room).unwrap();
        (summary.own.unwrap().mark.seq, summary.unread)
    };
    assert_eq!([bob.room(), attic.room(), cellar.room()].map(read), [(3, 0), (0, 0), (1, 0)]);
    let joined = store.members(&bob.access).await.unwrap();
    let joined: Vec<_> = joined.into_iter().map(|member| (member.user, member.joined_at)).collect();
    assert_eq!(joined, [&ada.user, &bob.user].map(|user| (user.key, user.created_at)));
    let open = store.open_rooms("", None, 10).await.unwrap();
    let names: HashSet<String> = open.iter().map(|open| open.room.name.to_lowercase()).collect();
    assert_eq!((open.len(), names.len()), (3, 3));
    let room = NewRoom { kind: RoomKind::Open, name, topic: String::new(), owner: bob.user.key, members: Vec::new() };
    let taken = store.create_room(room).await;
    assert!(matches!(taken, Err(Error::Conflict(Conflict::RoomNameTaken))), "{taken:?}");
    let old = memberships.list_index_names().await.unwrap();
    assert!(!old.contains(&"room".to_owned()) && !old.contains(&"user".to_owned()), "{old:?}");
}

/// Schema 7 has messages with reactions, pins and threads, and no index over them.
#[tokio::test(flavor = "multi_thread")]
async fn replies_and_pins_of_schema_7_are_found() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let root = ada.post("root").await;
    ada.reply(&root, "reply").await;
    bob.change(react(&root, "👍")).await;
    ada.change(Action::Pin { seq: 1 }).await;
    ada.store.close().await;
    let mongo = database.mongo().await;
    let log = mongo.collection::<Document>("log");
    for index in ["mentions", "mentions_by_time", "threads", "pinned", "reactions"] {
        log.drop_index(index).await.unwrap();
    }
    mongo.collection::<Document>("saved").drop().await.unwrap();
    mongo.collection::<Document>("migrations").delete_one(doc! { "_id": 8 }).await.unwrap();

    let store = database.open().await;
    assert_eq!(seqs(&store.thread(&ada.access, 1, None, 10).await.unwrap().messages), [2]);
    assert_eq!(seqs(&store.pinned(&ada.access).await.unwrap().messages), [1]);
    store.save(&ada.access, 1).await.unwrap();
    assert!(store.mentions_of(&bob.user, None, 10).await.unwrap().is_empty());
    store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    assert!(store.message(&ada.access, 1).await.unwrap().unwrap().reactions.is_empty());
}

/// Several natters that start on one database all migrate it.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_waits_while_another_process_builds_indexes() {
    let database = TestDatabase::mongodb().await;
    load_schema_4(&database.mongo().await).await;
    let fail_point = FailPoint::during_index_builds(&database, "migrating", 2).await;
    let opened = database.named_process("migrating").open().await;
    fail_point.unset().await;
    assert_eq!(seqs(&whole_log(opened.as_ref()).await).len(), 23);
}
