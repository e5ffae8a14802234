//! Removals of accounts, with their messages in all rooms.

use natter::{
    domain::{Message, RoomAction, RoomKind},
    store::{Event, MessageRetention},
};

use crate::{
    events::wait_for,
    members::in_lobby,
    support::{TestDatabase, post_many},
};

pub async fn the_messages_of_an_account_are_deleted_in_all_rooms(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let closed = bob.create(RoomKind::Closed, &[&cyd]).await;
    let archived = bob.create(RoomKind::Closed, &[&cyd]).await;
    let cyds = cyd.enter(closed.room()).await.unwrap();
    let root = cyds.post("question").await;
    closed.reply(&root, "answer").await;
    cyds.post("thanks").await;
    post_many(bob.store.as_ref(), &bob.user, 3).await;
    cyd.post("hello").await;
    archived.post("hello").await;
    archived.manage(RoomAction::Archive).await;
    let mut events = ada.store.events().unwrap();
    ada.store.delete_user(bob.user.key, MessageRetention::Delete).await.unwrap();
    wait_for(&mut events, |event| matches!(event, Event::UserRevoked { .. }).then_some(())).await;
    let archived = archived.enter(archived.room()).await.unwrap();
    for (room, head) in [(&ada, 7), (&cyds, 4), (&archived, 3)] {
        let log = room.log().await;
        assert!(log.iter().all(|message| message.author_key != bob.user.key || message.text().is_none()));
        assert!(log.iter().any(Message::is_deleted));
        assert_eq!(room.head().await, head, "each deletion takes one rev of its room");
    }
    assert_eq!((cyds.read(1).await.replies, cyds.read(1).await.rev), (0, 4), "a deleted reply does not count");
    assert_eq!(cyds.post("next").await.rev, 5);
}

pub async fn kept_messages_stay_in_all_rooms(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    let posted = [bob.post("in the lobby").await, room.post("in the room").await];
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    for (room, posted) in [&ada, &ada.enter(room.room()).await.unwrap()].into_iter().zip(posted) {
        assert_eq!(room.log().await, [Message { author: None, ..posted }]);
    }
}
