//! Removals of accounts, with their messages in all rooms.

use natter::{
    domain::{Content, MemberRole, Message, Notice, RoomAction, RoomKind},
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
    let archived = cyd.enter(archived.room()).await.unwrap();
    // in rooms that members can leave, a last number is that of the notice
    for (room, head) in [(&ada, 7), (&cyds, 5), (&archived, 4)] {
        let log = room.log().await;
        assert!(log.iter().all(|message| message.author_key != bob.user.key || message.text().is_none()));
        assert!(log.iter().any(Message::is_deleted));
        assert_eq!(room.head().await, head, "each deletion takes one rev of its room");
    }
    assert_eq!((cyds.read(1).await.replies, cyds.read(1).await.rev), (0, 4), "a deleted reply does not count");
    assert_eq!(cyds.post("next").await.rev, 6);
}

pub async fn kept_messages_stay_in_all_rooms(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    let posted = [bob.post("in the lobby").await, room.post("in the room").await];
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    for (room, posted) in [&ada, &ada.enter(room.room()).await.unwrap()].into_iter().zip(posted) {
        assert_eq!(room.log().await[0], Message { author: None, ..posted });
    }
}

pub async fn a_deleted_account_leaves_its_rooms(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let [open, closed, archived, alone] = [
        bob.create(RoomKind::Open, &[&cyd]).await,
        bob.create(RoomKind::Closed, &[&cyd]).await,
        bob.create(RoomKind::Closed, &[&cyd]).await,
        bob.create(RoomKind::Closed, &[]).await,
    ];
    archived.manage(RoomAction::Archive).await;
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    for room in [&open, &closed, &archived] {
        let room = cyd.enter(room.room()).await.unwrap();
        let last = room.log().await.pop().unwrap();
        assert_eq!(last.content, Content::Notice(Notice::Left { heir: Some(cyd.user.key) }));
        assert_eq!((last.author_key, last.author), (bob.user.key, None));
        assert_eq!(last.subject.unwrap().user_id, "cyd", "the heir's name is shown");
        let members = room.store.members(&room.access).await.unwrap();
        let roles: Vec<_> = members.iter().map(|member| (member.user, member.role)).collect();
        assert_eq!(roles, [(cyd.user.key, MemberRole::Owner)], "it is inherited");
    }
    assert_eq!(alone.log().await.pop().unwrap().content, Content::Notice(Notice::Left { heir: None }));
    assert_eq!(ada.store.room_counts(&[bob.user.key]).await.unwrap(), [0]);
}

pub async fn direct_rooms_stay_for_the_others(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let direct = bob.create(RoomKind::Direct, &[&cyd]).await;
    direct.post("hello").await;
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    let cyds = cyd.enter(direct.room()).await.unwrap();
    let summary = cyds.summary().await;
    assert_eq!((summary.head.rev, summary.unread, summary.others), (1, 1, Vec::new()));
    assert_eq!(cyds.read(1).await.author, None);
    assert_eq!(cyds.post("anybody there?").await.rev, 2);
    let members = [bob.user.key, cyd.user.key];
    assert_eq!(ada.store.direct_room(&members).await.unwrap().unwrap().id, *direct.room());
}
