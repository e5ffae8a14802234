//! Mentions, reactions and saved messages in MongoDB's documents.

use std::cmp::Reverse;

use futures_util::TryStreamExt;
use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use natter::{
    domain::{Action, Message, ReactionChange, RoomKind, Timestamp, UserKey},
    store::{ListCursor, LoggedReaction, MessageRetention, Table},
};

use crate::{
    members::{Member, emoji, in_lobby, react, unreact},
    mongo_removals::key,
    support::TestDatabase,
};

async fn log(database: &TestDatabase) -> mongodb::Collection<Document> {
    database.mongo().await.collection("log")
}

/// A process can end between the insert of an edit and what is derived from it. Another one does not know who was a
/// member then.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_not_derived_mentions_whom_its_writer_found() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    ada.post("@cyd").await;
    let nobody = UserKey(uuid::Uuid::nil());
    let edit = doc! {
        "_id": { "room": "lobby", "rev": 2_i64 }, "of": 1_i64, "by": key(ada.user.key), "at": DateTime::now(),
        "command": ObjectId::new(), "op": "edit", "textRev": 1_i64, "message": "@bob @cyd @here",
        "mentioned": [{ "user": key(bob.user.key), "userID": "bob" }, { "user": key(nobody), "everyone": "here" }],
        "headSeq": 1_i64, "headTexts": 1_i64,
    };
    log(&database).await.insert_one(edit).await.unwrap();
    let edited = ada.read(1).await;
    let named: Vec<_> = edited.mentions.users.iter().map(|mentioned| mentioned.key).collect();
    assert_eq!((edited.text(), named), (Some("@bob @cyd @here"), vec![bob.user.key]));
    assert!(edited.mentions.everyone.is_some());
    assert_eq!((bob.summary().await.mentions, cyd.summary().await.mentions), (1, 1));
    assert_eq!(bob.mentions(9).await, [edited]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_edit_does_not_keep_whom_it_mentioned() {
    let database = TestDatabase::mongodb().await;
    let [ada, _bob] = in_lobby(&database, ["ada", "bob"]).await;
    let posted = ada.post("hello").await;
    let log = log(&database).await;
    let mentioning = async || {
        let any = doc! { "$or": [{ "mentioned": { "$exists": true } }, { "mentions": { "$exists": true } }] };
        let found: Vec<Document> = log.find(any).sort(doc! { "_id": 1 }).await.unwrap().try_collect().await.unwrap();
        found.iter().map(|found| found.get_document("_id").unwrap().get_i64("rev").unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(mentioning().await, [0_i64; 0], "most messages have no such field");
    let first = ada.edit(&posted, "@bob").await;
    assert_eq!(mentioning().await, [1, 2], "the message and the edit");
    let second = ada.edit(&first, "@bob again").await;
    assert_eq!(mentioning().await, [1, 3]);
    ada.edit(&second, "nobody").await;
    assert_eq!(mentioning().await, [0_i64; 0]);
    ada.edit(&ada.read(1).await, "@bob").await;
    ada.change(Action::Delete { seq: 1 }).await;
    assert_eq!(mentioning().await, [0_i64; 0]);
}

/// The filters of the reads of accounts that `work` makes.
async fn reads_of_accounts(mongo: &mongodb::Database, work: impl Future<Output = ()>) -> Vec<String> {
    let profile = mongo.collection::<Document>("system.profile");
    profile.drop().await.unwrap();
    mongo.run_command(doc! { "profile": 2 }).await.unwrap();
    work.await;
    mongo.run_command(doc! { "profile": 0 }).await.unwrap();
    let reads = doc! { "ns": format!("{}.users", mongo.name()), "op": "query" };
    let found: Vec<Document> = profile.find(reads).await.unwrap().try_collect().await.unwrap();
    let filter = |read: &Document| read.get_document("command").unwrap().get_document("filter").unwrap().clone();
    found.iter().flat_map(|read| filter(read).keys().cloned().collect::<Vec<_>>()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_addresses_nobody_looks_up_no_names() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    ada.post("the first").await;
    let mongo = database.mongo().await;
    let plain = reads_of_accounts(&mongo, async { drop(ada.post("hello, write to a@example.org").await) }).await;
    assert!(!plain.is_empty() && plain.iter().all(|field| field == "_id"), "{plain:?}");
    let mut names = reads_of_accounts(&mongo, async {
        assert_eq!(ada.post("@bob and @dan").await.mentions.users[0].key, bob.user.key);
    })
    .await;
    names.retain(|field| field != "_id");
    assert_eq!(names, ["folded.userID"], "one look-up for all names");
}

/// The process that deleted the account ended before it took back what the account had given, or another one was about
/// to commit a reaction.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_forgetting_is_finished() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Closed, &[&bob]).await;
    let rooms = [ada.clone(), room];
    for room in &rooms {
        room.post("hello").await;
        room.post("nothing of Bob").await;
    }
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    let (mongo, log) = (database.mongo().await, log(&database).await);
    let traces = doc! {
        "reactions": [{ "emoji": "👍", "users": [key(ada.user.key), key(bob.user.key)] }],
        "mentions": [{ "user": key(bob.user.key), "userID": "bob" }],
    };
    log.update_many(doc! { "seq": 1 }, doc! { "$set": traces }).await.unwrap();
    let saved = doc! { "user": key(bob.user.key), "room": "lobby", "seq": 1_i64 };
    mongo.collection("saved").insert_one(doc! { "_id": saved, "at": DateTime::now() }).await.unwrap();
    let departures = mongo.collection::<Document>("departures");
    let ago = DateTime::from_millis(DateTime::now().timestamp_millis() - 120_000);
    departures.update_one(doc! {}, doc! { "$set": { "at": ago } }).await.unwrap();
    let before = [rooms[0].head().await, rooms[1].head().await];
    for _ in 0..2 {
        ada.store.sweep(Timestamp::now()).await.unwrap();
    }
    for (room, before) in rooms.iter().zip(before) {
        let message = room.read(1).await;
        assert!(message.mentions.is_empty());
        assert_eq!(message.reactions[0].users, [ada.user.key]);
        assert_eq!(room.head().await, before + 1, "one change for each message with a trace");
        let change = log.find_one(doc! { "_id": { "room": room.room().as_str(), "rev": message.rev as i64 } });
        assert_eq!(change.await.unwrap().unwrap().get_str("op").unwrap(), "forget");
    }
    assert_eq!(ada.store.count(Table::Saved).await.unwrap(), 0);
    assert_eq!(departures.count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_read_one_by_one_until_they_are_trimmed() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let posted = ada.post("hello").await;
    bob.change(react(&posted, "👍")).await;
    ada.change(react(&posted, "🎉")).await;
    ada.change(Action::Pin { seq: 1 }).await;
    bob.change(unreact(&posted, "👍")).await;
    let other = database.open().await;
    let given =
        |member: &Member, what: &str, is_given| ReactionChange { user: member.user.key, emoji: emoji(what), is_given };
    let logged = |rev, change| LoggedReaction { rev, seq: 1, change };
    let all =
        [logged(2, given(&bob, "👍", true)), logged(3, given(&ada, "🎉", true)), logged(5, given(&bob, "👍", false))];
    assert_eq!(other.reactions(ada.room(), 0, 5).await.unwrap().unwrap(), all);
    assert_eq!(other.reactions(ada.room(), 2, 4).await.unwrap().unwrap(), all[1..2]);
    let floor = doc! { "_id": { "room": "lobby", "rev": 0_i64 } };
    log(&database).await.update_one(floor, doc! { "$set": { "floor": 2_i64 } }).await.unwrap();
    assert_eq!(other.reactions(ada.room(), 0, 5).await.unwrap(), None, "some of them may have been trimmed");
    assert_eq!(other.reactions(ada.room(), 2, 5).await.unwrap().unwrap(), all[1..]);
}

/// More rooms than one query has, and more text than an answer holds.
#[tokio::test(flavor = "multi_thread")]
async fn mentions_in_hundreds_of_rooms_are_listed_by_time() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let (mongo, log) = (database.mongo().await, log(&database).await);
    let date = |ms: i64| DateTime::from_millis(1_700_000_000_000 + ms);
    let (mut rooms, mut members, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..450_i64 {
        let id = format!("room{n}");
        rooms.push(doc! {
            "_id": &id, "rev": 0_i64, "kind": "closed", "name": "Attic", "folded": "attic", "topic": "",
            "archived": false, "everyone": false, "createdAt": date(0),
        });
        members.push(doc! {
            "_id": { "room": &id, "user": key(bob.user.key) }, "rev": 0_i64, "role": "member", "joinedAt": date(0),
        });
        for seq in 1..=2_i64 {
            messages.push(doc! {
                "_id": { "room": &id, "rev": seq }, "seq": seq, "author": key(ada.user.key),
                "clientID": format!("{n}-{seq}"), "sentTime": date((n * 7919 + seq * 31) % 300),
                "message": "@bob ".repeat(400), "texts": seq, "authorTexts": seq,
                "mentions": [{ "user": key(bob.user.key), "userID": "bob" }],
            });
        }
    }
    mongo.collection("rooms").insert_many(rooms).await.unwrap();
    mongo.collection("memberships").insert_many(members).await.unwrap();
    log.insert_many(messages).await.unwrap();
    let mut all: Vec<Message> = Vec::new();
    loop {
        let after = all.last().map(|last| ListCursor { at: last.sent_at, id: last.id.clone() });
        let page = bob.store.mentions_of(&bob.user, after.as_ref(), 400).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() < 200, "the size of an answer limits it");
        all.extend(page);
    }
    let place = |message: &Message| Reverse((message.sent_at, message.id.room.as_str().to_owned(), message.id.seq));
    assert!(all.len() == 900 && all.is_sorted_by_key(place), "{}", all.len());
}
