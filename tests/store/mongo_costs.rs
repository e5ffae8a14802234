//! What MongoDB reads for a question must not grow with the data.

use mongodb::bson::{DateTime, Document, doc};
use natter::{
    domain::{Content, Notice, RoomAction, RoomKind, UserKey},
    store::MAX_COUNTED_MEMBERS,
};

use crate::{members::in_lobby, mongo_removals::key, support::TestDatabase};

/// The number of keys and documents that the commands of `work` read.
async fn read_by(mongo: &mongodb::Database, work: impl Future<Output = ()>) -> (i64, i64, i64) {
    let profile = mongo.collection::<Document>("system.profile");
    profile.drop().await.unwrap();
    mongo.run_command(doc! { "profile": 2 }).await.unwrap();
    work.await;
    mongo.run_command(doc! { "profile": 0 }).await.unwrap();
    let mut found = profile.find(doc! { "op": { "$in": ["query", "command"] } }).await.unwrap();
    let (mut keys, mut documents, mut commands) = (0, 0, 0);
    while found.advance().await.unwrap() {
        let command: Document = found.deserialize_current().unwrap();
        let plan = command.get_str("planSummary").unwrap_or_default();
        assert!(!plan.contains("COLLSCAN") || command.get_str("ns").unwrap().ends_with("cmd.aggregate"), "{command:?}");
        let number =
            |name| command.get(name).and_then(|n| n.as_i64().or(n.as_i32().map(i64::from))).unwrap_or_default();
        keys += number("keysExamined");
        documents += number("docsExamined");
        commands += 1;
    }
    (keys, documents, commands)
}

/// The counts come from running numbers, whatever is unread.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_rooms_reads_a_few_keys_a_room() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let mut rooms = vec![ada.clone()];
    for _ in 0..9 {
        rooms.push(ada.create(RoomKind::Open, &[&bob, &cyd]).await);
    }
    for room in &rooms {
        let cyds = cyd.enter(room.room()).await.unwrap();
        let bobs = bob.enter(room.room()).await.unwrap();
        for _ in 0..20 {
            cyds.post("hello").await;
            bobs.post("hi").await;
        }
        bobs.mark(natter::domain::Reading::Read { seq: 5, version: None }).await;
    }
    let mongo = database.mongo().await;
    let check = async || {
        let rooms = bob.rooms().await;
        assert!(rooms.len() == 10 && rooms.iter().all(|room| (room.unread, room.own_texts) == (17, 20)));
    };
    let (keys, documents, commands) = read_by(&mongo, check()).await;
    assert!(keys <= 95 && documents <= 80 && commands <= 10, "{keys} keys, {documents} documents, {commands} commands");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_of_many_unread_messages_reads_as_much_as_one_of_few() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Open, &[&bob]).await;
    let bobs = bob.enter(room.room()).await.unwrap();
    let mongo = database.mongo().await;
    let mut read = Vec::new();
    for unread in [10, 2000] {
        let missing = unread - bobs.unread().await;
        let posts = (0..missing).map(|_| room.post("hello"));
        futures_util::future::join_all(posts).await;
        read.push(read_by(&mongo, async { assert_eq!(bobs.unread().await, unread) }).await);
    }
    assert_eq!(read[0], read[1], "keys, documents and commands");
}

/// Every key is that of an account.
#[tokio::test(flavor = "multi_thread")]
async fn members_are_counted_without_reading_them() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let room = ada.create(RoomKind::Open, &[]).await;
    let mongo = database.mongo().await;
    let row = |_| {
        doc! {
            "_id": { "room": room.room().as_str(), "user": key(UserKey::generate()) }, "rev": 0_i64, "role": "member",
            "joinedAt": DateTime::now(),
        }
    };
    let memberships = mongo.collection::<Document>("memberships");
    memberships.insert_many((0..200).map(row)).await.unwrap();
    let bobs = bob.enter(room.room()).await.unwrap();
    bobs.post("hello").await;
    bobs.manage(RoomAction::Leave).await;
    let check = async |expected| {
        assert_eq!(ada.store.open_rooms("att", None, 5).await.unwrap()[0].members, expected);
    };
    let (_, documents, _) = read_by(&mongo, check(201)).await;
    assert!(documents <= 10, "{documents} documents");
    assert_eq!(room.store.members_after(&room.access, None, 5).await.unwrap().len(), 1, "those with an account");
    memberships.insert_many((0..1500).map(row)).await.unwrap();
    let (keys, documents, _) = read_by(&mongo, check(MAX_COUNTED_MEMBERS)).await;
    assert!(keys <= MAX_COUNTED_MEMBERS as i64 + 20 && documents <= 10, "{keys} keys, {documents} documents");
    assert_eq!(room.store.member_count(&room.access).await.unwrap(), 1701);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_room_of_many_reads_as_much_as_leaving_one_of_few() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let mongo = database.mongo().await;
    let mut read = Vec::new();
    for count in [5, 2000] {
        let room = ada.create(RoomKind::Closed, &[&bob]).await;
        let row = |_| {
            doc! {
                "_id": { "room": room.room().as_str(), "user": key(UserKey::generate()) }, "rev": 0_i64,
                "role": "member", "joinedAt": DateTime::now(),
            }
        };
        mongo.collection::<Document>("memberships").insert_many((0..count).map(row)).await.unwrap();
        let leave = async {
            let left = room.manage(RoomAction::Leave).await;
            assert_eq!(left.content, Content::Notice(Notice::Left { heir: Some(bob.user.key) }));
        };
        read.push(read_by(&mongo, leave).await);
    }
    assert_eq!(read[0], read[1], "keys, documents and commands");
}

/// What a user has missed is a part of an index, and a page of a list is the last part of it.
#[tokio::test(flavor = "multi_thread")]
async fn mentions_are_counted_and_listed_without_reading_those_of_others() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob, cyd] = in_lobby(&database, ["ada", "bob", "cyd"]).await;
    let room = ada.create(RoomKind::Open, &[&bob, &cyd]).await;
    let (bobs, mongo) = (bob.enter(room.room()).await.unwrap(), database.mongo().await);
    let mut read = Vec::new();
    for round in 0..2 {
        for _ in 0..5 {
            let bobs = room.post("@bob").await;
            room.post("@room").await;
            if round == 0 {
                room.change(natter::domain::Action::Delete { seq: bobs.seq() }).await;
                room.post("@bob").await;
            }
        }
        let work = async {
            let expected = 10 * (1 + round);
            assert_eq!(bobs.summary().await.mentions, expected);
            assert_eq!(bob.mentions(5).await.len(), 5);
        };
        let (keys, documents, _) = read_by(&mongo, work).await;
        read.push((keys, documents));
        let others = (0..300).map(|_| room.post("@cyd"));
        futures_util::future::join_all(others).await;
    }
    let [(keys, documents), (more_keys, more_documents)] = read[..] else { panic!("two rounds") };
    // ten more mentions are counted, among 300 more messages of others
    assert!(more_keys <= keys + 15 && more_documents <= documents + 15, "{read:?}");
    assert!(keys <= 60 && documents <= 50, "{read:?}");
}
