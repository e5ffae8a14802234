//! Rooms that every account is a member of.

use natter::{
    domain::{Action, Content, Level, MemberRole, Notice, RoomAction, RoomId, RoomKind, rules::Refusal},
    store::{Error, MessageRetention},
};

use crate::{
    marks::unread,
    members::{Member, in_lobby},
    support::{TestDatabase, add},
};

/// Another user, who signs up now.
async fn sign_up(member: &Member, user_id: &str) -> Member {
    let user = add(member.store.as_ref(), user_id).await;
    let access = member.store.access(&user, &RoomId::lobby()).await.unwrap();
    Member { user, access, ..member.clone() }
}

pub async fn a_new_account_is_in_the_lobby_read_up_to_its_end(database: &TestDatabase) {
    let [ada] = in_lobby(database, ["ada"]).await;
    ada.post("one").await;
    ada.post("two").await;
    let bob = sign_up(&ada, "bob").await;
    let own = bob.own().await;
    assert_eq!((own.mark.seq, own.mark.version, own.level, own.starred), (2, 0, Level::Mentions, false));
    assert_eq!((bob.head().await, bob.unread().await), (2, 0), "it takes no number");
    ada.post("three").await;
    assert_eq!(bob.unread().await, 1);
    bob.store.set_level(&bob.access, Level::Hidden).await.unwrap();
    assert_eq!(bob.own().await.level, Level::Hidden);
    let members = bob.store.members(&bob.access).await.unwrap();
    assert_eq!(members.len() as u64, bob.store.member_count(&bob.access).await.unwrap());
    assert!(members.iter().all(|member| member.rev == 0));
}

pub async fn a_room_gets_every_account(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Open, &[]).await;
    room.post("hello").await;
    room.mark(unread(0)).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    let adas = ada.enter(room.room()).await.unwrap();
    let everyone = |is_set| Action::Room(RoomAction::SetEveryone(is_set));
    assert_eq!(room.refused(everyone(true)).await, Refusal::NotAllowed, "an owner who is no admin");
    let set = adas.change(everyone(true)).await;
    for user in [&ada, &cyd] {
        assert_eq!(user.rooms().await.len(), 2);
    }
    assert_eq!((cyds.own().await.mark.seq, cyds.unread().await), (set.seq(), 0));
    assert_eq!(room.own().await.mark.seq, 0, "a membership from before stays as it is");
    let dan = sign_up(&ada, "dan").await;
    let dans = dan.enter(room.room()).await.unwrap();
    room.post("welcome").await;
    assert_eq!((dans.own().await.mark.seq, dans.unread().await), (set.seq(), 1));
    assert!(!dans.post("hi").await.joins);
    assert_eq!(dans.refused(Action::Room(RoomAction::Leave)).await, Refusal::HasEveryone);
    assert_eq!(dans.store.member_count(&dans.access).await.unwrap(), 4);
    assert_eq!(dans.head().await, 4, "memberships take no numbers");

    adas.change(everyone(false)).await;
    dans.manage(RoomAction::Leave).await;
    let eve = sign_up(&ada, "eve").await;
    assert_eq!((eve.rooms().await.len(), dan.rooms().await.len(), cyd.rooms().await.len()), (1, 1, 2));
    let eves = eve.enter(room.room()).await.unwrap();
    assert!(eves.post("hello").await.joins);
}

pub async fn a_deleted_owner_passes_a_room_of_everyone_on(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let room = bob.create(RoomKind::Open, &[&ada]).await;
    let adas = ada.enter(room.room()).await.unwrap();
    adas.manage(RoomAction::SetEveryone(true)).await;
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    let last = adas.log().await.pop().unwrap();
    assert_eq!(last.content, Content::Notice(Notice::Left { heir: Some(ada.user.key) }));
    assert_eq!(adas.own().await.role, MemberRole::Owner);
    assert_eq!(ada.head().await, 0, "nobody owns the lobby");
}

pub async fn a_deleted_account_leaves_rooms_of_everyone_silently(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let adas = ada.create(RoomKind::Open, &[&bob]).await;
    adas.manage(RoomAction::SetEveryone(true)).await;
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    for room in [&ada, &adas] {
        let members = room.store.members(&room.access).await.unwrap();
        assert_eq!(members.iter().map(|member| member.user).collect::<Vec<_>>(), [ada.user.key]);
    }
    assert_eq!((ada.head().await, adas.head().await), (0, 1));
    let late = bob.give(crate::members::new_post("late", None)).await;
    assert!(matches!(late, Err(Error::NotFound)), "{late:?}");
}
