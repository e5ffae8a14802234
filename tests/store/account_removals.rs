//! Removals of accounts, with their messages in all rooms.

use natter::{
    domain::{Action, Content, MemberRole, Message, Notice, RoomAction, RoomKind, UserKey},
    store::{Event, MessageRetention, Table},
};

use crate::{
    events::wait_for,
    members::{in_lobby, react},
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

/// Whether the user is in the message's reactions or mentions.
fn has_traces_of(user: UserKey, message: &Message) -> bool {
    message.mentions.names(user) || message.reactions.iter().any(|reaction| reaction.users.contains(&user))
}

/// Deletes an account that has reacted and was mentioned in rooms of every kind.
async fn forget(database: &TestDatabase, retention: MessageRetention) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let of_cyd = [
        cyd.clone(),
        cyd.create(RoomKind::Open, &[&bob]).await,
        cyd.create(RoomKind::Closed, &[&bob]).await,
        cyd.create(RoomKind::Direct, &[&bob]).await,
        cyd.create(RoomKind::Closed, &[&bob]).await,
    ];
    let mut before = Vec::new();
    for room in &of_cyd {
        let bobs = bob.enter(room.room()).await.unwrap();
        let both = room.post("@bob and @room").await;
        for emoji in ["👍", "🎉"] {
            bobs.change(react(&both, emoji)).await;
        }
        room.change(react(&both, "👍")).await;
        room.post("@bob").await;
        let reacted = room.post("hello").await;
        bobs.change(react(&reacted, "❤️")).await;
        let own = bobs.post("mine").await;
        bobs.change(react(&own, "👍")).await;
        room.change(react(&own, "❤️")).await;
        let gone = room.post("@bob, to delete").await;
        room.change(Action::Delete { seq: gone.id.seq }).await;
        before.push(room.read(1).await);
    }
    of_cyd[2].manage(RoomAction::Remove(bob.user.key)).await;
    of_cyd[4].manage(RoomAction::Archive).await;
    let mut events = ada.store.events().unwrap();
    ada.store.delete_user(bob.user.key, retention).await.unwrap();
    wait_for(&mut events, |event| match event {
        Event::Changed { message, .. } => {
            (message.id == before[0].id && !has_traces_of(bob.user.key, message)).then_some(())
        }
        _ => None,
    })
    .await;
    for (room, before) in of_cyd.iter().zip(before) {
        let log = room.log().await;
        assert!(!log.iter().any(|message| has_traces_of(bob.user.key, message)), "{log:#?}");
        let after = room.read(1).await;
        assert_eq!((&after.content, after.text_rev), (&before.content, before.text_rev));
        let given: Vec<_> = after.reactions.iter().map(|given| (given.emoji.as_str(), given.users.clone())).collect();
        assert_eq!(given, [("👍", vec![cyd.user.key])], "those of others stay");
        assert!(after.mentions.everyone.is_some() && after.rev > before.rev);
        let own = room.read(4).await;
        assert_eq!(own.is_deleted(), retention == MessageRetention::Delete);
        assert_eq!(own.reactions.len(), usize::from(!own.is_deleted()), "on the account's own messages too");
        let mut revs: Vec<_> = log.iter().map(|message| message.rev).collect();
        revs.dedup();
        assert_eq!(revs.len(), log.len(), "each is a change of its own");
    }
}

pub async fn reactions_and_mentions_of_a_deleted_account_are_taken_back(database: &TestDatabase) {
    forget(database, MessageRetention::Keep).await;
}

pub async fn they_are_taken_back_if_messages_are_deleted_too(database: &TestDatabase) {
    forget(database, MessageRetention::Delete).await;
}

pub async fn what_a_deleted_account_has_saved_is_removed(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    for member in [&ada, &bob] {
        let seq = member.post("hello").await.id.seq;
        ada.store.save(&ada.access, seq).await.unwrap();
        bob.store.save(&bob.access, seq).await.unwrap();
    }
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    assert_eq!(ada.store.count(Table::Saved).await.unwrap(), 2);
    assert_eq!(ada.store.saved_by(&ada.user, None, 9).await.unwrap().len(), 2);
}
