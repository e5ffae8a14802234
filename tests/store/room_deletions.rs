//! Deleting rooms.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use natter::{
    domain::{Action, Content, Notice, Reading, RoomAction, RoomId, RoomKind, rules::Refusal},
    store::{Error, Event, Table},
};

use crate::{
    events::wait_for,
    members::{Member, in_lobby, new_post},
    support::TestDatabase,
};

/// Whether the room does not exist for a user with an access from before.
async fn is_gone(member: &Member) {
    let (store, access) = (&member.store, &member.access);
    let results = [
        store.access(&member.user, member.room()).await.map(drop),
        store.room(access).await.map(drop),
        store.members(access).await.map(drop),
        store.members_after(access, None, 5).await.map(drop),
        store.members_among(access, &[member.user.key]).await.map(drop),
        store.member_count(access).await.map(drop),
        store.summary(access).await.map(drop),
        store.message(access, 1).await.map(drop),
        store.before(access, None, 5, None).await.map(drop),
        store.from(access, 1, 5).await.map(drop),
        store.around(access, 1, 5).await.map(drop),
        store.after(access, 0, 5).await.map(drop),
        store.thread(access, 1, None, 5).await.map(drop),
        store.pinned(access).await.map(drop),
        store.latest(access, &[member.user.key], 5).await.map(drop),
        store.save(access, 1).await,
        store.read(access, Reading::Unread { seq: 0, version: None }).await.map(drop),
        store.set_starred(access, true).await,
        store.change(access, natter::domain::Command::new(new_post("late", None))).await.map(drop),
        member.give(Action::Room(RoomAction::Leave)).await.map(drop),
        member.give(Action::Room(RoomAction::Delete)).await.map(drop),
    ];
    for (n, result) in results.into_iter().enumerate() {
        assert!(matches!(result, Err(Error::NoSuchRoom)), "{n}: {result:?}");
    }
    assert!(member.rooms().await.iter().all(|room| room.room.id != *member.room()));
    assert!(store.summaries(&member.user, std::slice::from_ref(member.room())).await.unwrap().is_empty());
}

/// The rows that are left of a deleted room; on MongoDB, those that are removed at once.
async fn rows_left(database: &TestDatabase, room: &RoomId) -> u64 {
    match database {
        TestDatabase::Embedded(dir) => {
            let connection = rusqlite::Connection::open(dir.path().join("natter.db")).unwrap();
            let rows = "SELECT count(*) + (SELECT count(*) FROM memberships WHERE room = r.id)
                + (SELECT count(*) FROM messages WHERE id >> 40 = r.id)
                + (SELECT count(*) FROM mentions WHERE id >> 40 = r.id)
                + (SELECT count(*) FROM saved WHERE id >> 40 = r.id) FROM rooms r WHERE r.room_id = ?1";
            connection.query_row(rows, [room.as_str()], |row| row.get::<_, i64>(0)).unwrap() as u64
        }
        TestDatabase::MongoDb(_) => {
            let mongo = database.mongo().await;
            let count = async |collection, filter| {
                mongo.collection::<Document>(collection).count_documents(filter).await.unwrap()
            };
            count("memberships", doc! { "_id.room": room.as_str() }).await
                + count("roomNames", doc! { "room": room.as_str() }).await
        }
    }
}

/// Waits until nothing is left of the room.
async fn is_removed(database: &TestDatabase, room: &RoomId) {
    for _ in 0..300 {
        if rows_left(database, room).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("something of the room is left after 30 s");
}

pub async fn a_deleted_room_does_not_exist(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    let name = room.store.room(&room.access).await.unwrap().name;
    let cyds = cyd.enter(room.room()).await.unwrap();
    let post = new_post("hello, @bob and @room", None);
    cyds.change(post.clone()).await;
    for member in [&room, &cyds] {
        member.store.save(&member.access, 1).await.unwrap();
    }
    assert_eq!(bob.mentions(5).await.len(), 1);
    assert_eq!(cyds.refused(Action::Room(RoomAction::Delete)).await, Refusal::NotAllowed);
    let mut events = ada.store.events().unwrap();
    let deleted = room.manage(RoomAction::Delete).await;
    assert_eq!((&deleted.content, deleted.rev), (&Content::Notice(Notice::Deleted), 2));
    wait_for(&mut events, |event| match event {
        Event::Changed { message, .. } => (message.content == deleted.content).then_some(()),
        _ => None,
    })
    .await;
    for member in [&room, &cyds, &ada.enter(ada.room()).await.unwrap()] {
        if member.room() == room.room() {
            is_gone(member).await;
        }
    }
    assert!(ada.store.open_rooms(&name, None, 5).await.unwrap().is_empty());
    assert_eq!(ada.store.room_count().await.unwrap(), 1);
    assert_eq!(bob.store.room_counts(&[bob.user.key]).await.unwrap(), [1]);
    assert!(bob.mentions(5).await.is_empty());
    assert!(bob.store.saved_by(&bob.user, None, 5).await.unwrap().is_empty());
    assert_eq!(ada.store.count(Table::Saved).await.unwrap(), 0);
    is_removed(database, room.room()).await;
    is_gone(&cyds).await;
    assert_eq!(ada.store.count(Table::Messages).await.unwrap(), 0);
    assert_eq!(ada.store.count(Table::Members).await.unwrap(), 3, "those of the lobby");
    let again = bob.create(RoomKind::Open, &[]).await;
    assert_eq!((again.head().await, again.own().await.mark.seq, again.summary().await.own_texts), (0, 0, 0));
    assert!(matches!(ada.store.delete_room(room.room()).await, Err(Error::NoSuchRoom)));
}

pub async fn the_memberships_of_a_deleted_room_are_announced(database: &TestDatabase) {
    let [_, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[&cyd]).await;
    let mut events = bob.store.events().unwrap();
    room.manage(RoomAction::Archive).await;
    room.manage(RoomAction::Delete).await;
    wait_for(&mut events, |event| match event {
        Event::MembershipChanged { room: of, user } => (of == room.room() && *user == cyd.user.key).then_some(()),
        _ => None,
    })
    .await;
    is_gone(&cyd.enter(cyd.room()).await.map(|lobby| Member { access: room.access.clone(), ..lobby }).unwrap()).await;
}

pub async fn an_operator_deletes_any_room_but_the_lobby(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    for kind in [RoomKind::Direct, RoomKind::Closed, RoomKind::Open] {
        let room = bob.create(kind, &[&ada]).await;
        for _ in 0..3 {
            room.post("secret").await;
        }
        ada.store.delete_room(room.room()).await.unwrap();
        is_gone(&room).await;
        is_removed(database, room.room()).await;
    }
    let again = bob.create(RoomKind::Direct, &[&ada]).await;
    assert_eq!(again.post("hello").await.rev, 1, "a new room of the same members");
    let refused = ada.store.delete_room(ada.room()).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::IsLobby))), "{refused:?}");
    assert_eq!(ada.head().await, 0);
}

pub async fn what_is_left_of_a_deleted_room_is_removed_after_a_restart(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Closed, &[&ada]).await;
    let posts = (0..3).map(|n| {
        let room = room.clone();
        tokio::spawn(async move {
            for _ in 0..(if n == 0 { 300 } else { 150 }) {
                room.post("hello").await;
            }
        })
    });
    for post in posts.collect::<Vec<_>>() {
        post.await.unwrap();
    }
    ada.store.delete_room(room.room()).await.unwrap();
    ada.store.close().await;
    let store = database.open().await;
    is_removed(database, room.room()).await;
    assert_eq!(store.count(Table::Messages).await.unwrap(), 0);
    store.close().await;
}
