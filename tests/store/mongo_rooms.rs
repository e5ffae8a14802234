//! What only MongoDB does with rooms: reserving names, removing what is left of a deleted room, and doing half of
//! what creates or leaves a room.

use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use natter::{
    domain::{Action, Content, Notice, RoomAction, RoomKind, RoomName, Timestamp, rules::Refusal},
    store::{Conflict, Error, MessageRetention, NewRoom},
};

use crate::{
    fail_point::FailPoint,
    members::{Member, in_lobby, react},
    mongo_removals::key,
    support::TestDatabase,
};

fn open_room(owner: &Member, name: &str) -> NewRoom {
    let (name, topic) = (name.to_owned(), String::new());
    NewRoom { kind: RoomKind::Open, name, topic, owner: owner.user.key, members: Vec::new() }
}

fn is_taken<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Conflict(Conflict::RoomNameTaken)))
}

fn minutes_ago(minutes: i64) -> DateTime {
    DateTime::from_millis(DateTime::now().timestamp_millis() - minutes * 60_000)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_give_one_name_to_two_rooms() {
    let database = TestDatabase::mongodb().await;
    let [here] = in_lobby(&database, ["ada"]).await;
    let there = Member { store: database.open().await, ..here.clone() };
    for n in 0..20 {
        let name = format!("Room {n}");
        let created = tokio::join!(
            here.store.create_room(open_room(&here, &name)),
            there.store.create_room(open_room(&there, &name.to_uppercase()))
        );
        assert!(is_taken(&created.0) != is_taken(&created.1), "{created:?}");
        let room = created.0.or(created.1).unwrap();
        // it is renamed at one process, and another room wants its new name at the other one
        let renamed = here.enter(&room.id).await.unwrap();
        let rename = Action::Room(RoomAction::Rename(RoomName::parse(&format!("New {n}")).unwrap()));
        let (given, created) =
            tokio::join!(renamed.give(rename), there.store.create_room(open_room(&there, &format!("new {n}"))));
        assert!(is_taken(&given) != is_taken(&created), "{given:?} {created:?}");
    }
    let mut names: Vec<_> = here.store.open_rooms("", None, 100).await.unwrap();
    let count = names.len();
    names.dedup_by_key(|open| open.room.name.to_lowercase());
    assert_eq!(names.len(), count);
}

/// A process can end after it reserved a name. No commit of its can follow a minute later.
#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_without_a_room_is_taken_over_when_it_is_old() {
    let database = TestDatabase::mongodb().await;
    let [ada] = in_lobby(&database, ["ada"]).await;
    let names = database.mongo().await.collection::<Document>("roomNames");
    for room in ["cellar", "lobby"] {
        let held = doc! { "_id": "attic", "room": room, "token": ObjectId::new(), "at": DateTime::now() };
        names.insert_one(held).await.unwrap();
        assert!(is_taken(&ada.store.create_room(open_room(&ada, "Attic")).await), "its commit can still follow");
        names.update_one(doc! { "_id": "attic" }, doc! { "$set": { "at": minutes_ago(2) } }).await.unwrap();
        let room = ada.store.create_room(open_room(&ada, "Attic")).await.unwrap();
        names.update_one(doc! { "_id": "attic" }, doc! { "$set": { "at": minutes_ago(11) } }).await.unwrap();
        assert!(is_taken(&ada.store.create_room(open_room(&ada, "Attic")).await), "an old one of a room that has it");
        ada.store.delete_room(&room.id).await.unwrap();
        assert_eq!(names.count_documents(doc! { "_id": "attic" }).await.unwrap(), 0, "released");
    }
}

/// Members without a room are nothing. A room without members would hold its name, and nobody could delete it.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_fails_half_way_does_not_exist() {
    let database = TestDatabase::mongodb().await;
    let [ada] = in_lobby(&database, ["ada"]).await;
    let there = Member { store: database.named_process("half").open().await, ..ada.clone() };
    let failing = FailPoint::set(&database, "half", "memberships", doc! { "errorCode": 8000 }).await;
    let failed = there.store.create_room(open_room(&there, "Attic")).await;
    assert!(matches!(failed, Err(Error::Failed(_))), "{failed:?}");
    failing.unset().await;
    assert_eq!(there.store.room_count().await.unwrap(), 1, "the lobby");
    there.store.create_room(open_room(&there, "Attic")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_given_up_is_free_at_once() {
    let [ada] = in_lobby(&TestDatabase::mongodb().await, ["ada"]).await;
    let create = async || {
        let room = ada.store.create_room(open_room(&ada, "Attic")).await.unwrap();
        ada.enter(&room.id).await.unwrap()
    };
    let first = create().await;
    first.manage(RoomAction::Rename(RoomName::parse("Cellar").unwrap())).await;
    let second = create().await;
    let back = first.give(Action::Room(RoomAction::Rename(RoomName::parse("ATTIC").unwrap()))).await;
    assert!(is_taken(&back), "{back:?}");
    second.manage(RoomAction::Close).await;
    let third = create().await;
    assert!(is_taken(&second.give(Action::Room(RoomAction::Open)).await));
    third.manage(RoomAction::Delete).await;
    second.manage(RoomAction::Open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_deleted_room_is_removed_but_for_its_last_change() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    let first = room.post("one").await;
    room.change(react(&first, "👍")).await;
    room.post("two").await;
    ada.post("in the lobby").await;
    room.manage(RoomAction::Delete).await;
    let mongo = database.mongo().await;
    let (log, rooms) = (mongo.collection::<Document>("log"), mongo.collection::<Document>("rooms"));
    let of_room = doc! { "_id.room": room.room().as_str() };
    let mut stray = log.find_one(doc! { "_id.room": room.room().as_str(), "seq": 2_i64 }).await.unwrap().unwrap();
    let deleted = async |minutes| {
        let at = doc! { "$set": { "deletedAt": minutes_ago(minutes) } };
        rooms.update_one(doc! { "_id": room.room().as_str() }, at).await.unwrap();
        ada.store.sweep(Timestamp::now()).await.unwrap();
        log.distinct("_id.rev", of_room.clone())
            .await
            .unwrap()
            .iter()
            .map(|rev| rev.as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(deleted(0).await, [0, 1, 2, 3, 4], "a late writer finds its number taken");
    assert_eq!(deleted(2).await, [0, 4], "the floor and the notice");
    stray.insert("_id", doc! { "room": room.room().as_str(), "rev": 2_i64 });
    log.insert_one(stray).await.unwrap();
    assert_eq!(deleted(11).await, [0, 4]);
    let tombstone = rooms.find_one(doc! { "_id": room.room().as_str() }).await.unwrap().unwrap();
    assert!(!tombstone.contains_key("deletedAt") && tombstone.get_bool("deleted").unwrap());
    assert_eq!(tombstone.get_str("name").unwrap(), "");
    assert_eq!(ada.log().await.len(), 1, "the lobby's log");
    assert_eq!(ada.store.heads(std::slice::from_ref(room.room())).await.unwrap(), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_departure_is_finished() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[&cyd]).await;
    let direct = bob.create(RoomKind::Direct, &[&cyd]).await;
    let mongo = database.mongo().await;
    let memberships = mongo.collection::<Document>("memberships");
    let of_bob = doc! { "_id.user": key(bob.user.key) };
    let mut rows = memberships.find(of_bob.clone()).await.unwrap();
    let mut before = Vec::new();
    while rows.advance().await.unwrap() {
        before.push(rows.deserialize_current().unwrap());
    }
    assert_eq!(before.len(), 3);
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    // as if nothing had been done after the account was deleted
    memberships.delete_many(of_bob.clone()).await.unwrap();
    memberships.insert_many(before).await.unwrap();
    let departures = mongo.collection::<Document>("departures");
    departures.update_one(doc! {}, doc! { "$set": { "at": minutes_ago(2) } }).await.unwrap();
    ada.store.sweep(Timestamp::now()).await.unwrap();
    let left = doc! { "_id.user": key(bob.user.key), "ended": { "$exists": false } };
    assert_eq!(memberships.count_documents(left).await.unwrap(), 0);
    assert_eq!(departures.count_documents(doc! {}).await.unwrap(), 0);
    let cyds = cyd.enter(room.room()).await.unwrap();
    let last = cyds.log().await.pop().unwrap();
    assert_eq!(
        (last.content, last.rev),
        (Content::Notice(Notice::Left { heir: None }), 2),
        "the heir is there already"
    );
    assert_eq!((last.author_key, last.author), (bob.user.key, None));
    let direct = cyd.enter(direct.room()).await.unwrap();
    assert_eq!(direct.head().await, 0, "it takes no number");
    assert!(direct.summary().await.others.is_empty());
    assert_eq!(direct.refused(Action::Room(RoomAction::Leave)).await, Refusal::IsDirect);
}
