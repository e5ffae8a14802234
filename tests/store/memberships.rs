//! Members of rooms: each change is a notice in the room's log.

use natter::{
    domain::{Action, Content, MemberRole, Notice, RoomAction, RoomKind, UserKey, rules::Refusal},
    store::Error,
};

use crate::{
    members::{Member, in_lobby, new_post, react},
    support::TestDatabase,
};

async fn members(room: &Member) -> Vec<(UserKey, MemberRole)> {
    let members = room.store.members(&room.access).await.unwrap();
    members.iter().map(|member| (member.user, member.role)).collect()
}

async fn unchanged(room: &Member, action: RoomAction) {
    let before = room.head().await;
    assert!(matches!(room.give(Action::Room(action)).await, Err(Error::Unchanged)));
    assert_eq!(room.head().await, before, "it takes no rev");
}

pub async fn a_member_is_added_by_an_owner(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[]).await;
    let user = cyd.user.key;
    let added = room.manage(RoomAction::Add(user)).await;
    assert_eq!(added.content, Content::Notice(Notice::Added { user }));
    assert_eq!((added.id.seq, added.rev, added.author_key, added.room_texts), (1, 1, bob.user.key, 0));
    assert_eq!(room.read(1).await, added);
    unchanged(&room, RoomAction::Add(user)).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    assert_eq!(cyds.refused(Action::Room(RoomAction::Add(ada.user.key))).await, Refusal::NotAllowed);
    let first = cyds.post("hello").await;
    assert_eq!((first.rev, first.room_texts, first.author_texts, first.joins), (2, 1, 1, false));
    for action in [react(&added, "👍"), Action::Pin { seq: 1 }, Action::Delete { seq: 1 }, new_post("to it", Some(1))]
    {
        assert_eq!(room.refused(action).await, Refusal::IsNotice);
    }
}

pub async fn who_was_removed_writes_no_more(database: &TestDatabase) {
    let [_, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[&cyd]).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    let posted = cyds.post("hello").await;
    let removed = room.manage(RoomAction::Remove(cyd.user.key)).await;
    assert_eq!(removed.content, Content::Notice(Notice::Removed { user: cyd.user.key, heir: None }));
    for action in [new_post("still here", None), react(&posted, "👍"), Action::Delete { seq: 1 }] {
        let refused = cyds.give(action).await;
        assert!(matches!(refused, Err(Error::NoSuchRoom)), "{refused:?}");
    }
    assert!(matches!(cyd.enter(room.room()).await, Err(Error::NoSuchRoom)));
    assert_eq!(members(&room).await, [(bob.user.key, MemberRole::Owner)]);
    assert_eq!(room.head().await, 2);
    unchanged(&room, RoomAction::Remove(cyd.user.key)).await;
}

/// Whichever comes first: after the removal there is nothing of who was removed.
pub async fn a_removal_races_posts(database: &TestDatabase) {
    let [_, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    for _ in 0..5 {
        let room = bob.create(RoomKind::Closed, &[&cyd]).await;
        let cyds = cyd.enter(room.room()).await.unwrap();
        let posting = tokio::spawn(async move { while cyds.give(new_post("hello", None)).await.is_ok() {} });
        while room.head().await < 3 {
            tokio::task::yield_now().await;
        }
        let removed = room.manage(RoomAction::Remove(cyd.user.key)).await;
        posting.await.unwrap();
        let last = room.log().await.pop().unwrap();
        assert_eq!((&last, room.head().await), (&removed, removed.rev));
    }
}

pub async fn the_first_member_inherits_a_room(database: &TestDatabase) {
    let [_, bob, cyd, dan] = in_lobby(database, ["ada", "bob", "cyd", "dan"]).await;
    let room = bob.create(RoomKind::Closed, &[]).await;
    room.manage(RoomAction::Add(dan.user.key)).await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await; // joining has a time in milliseconds
    room.manage(RoomAction::Add(cyd.user.key)).await;
    let left = room.manage(RoomAction::Leave).await;
    assert_eq!(left.content, Content::Notice(Notice::Left { heir: Some(dan.user.key) }));
    let dans = dan.enter(room.room()).await.unwrap();
    assert_eq!(members(&dans).await, [(dan.user.key, MemberRole::Owner), (cyd.user.key, MemberRole::Member)]);
    assert_eq!(
        dans.refused(Action::Room(RoomAction::SetRole(dan.user.key, MemberRole::Member))).await,
        Refusal::LastOwner
    );
    assert_eq!(
        dans.refused(Action::Room(RoomAction::SetRole(bob.user.key, MemberRole::Owner))).await,
        Refusal::NoSuchMember
    );
    dans.manage(RoomAction::SetRole(cyd.user.key, MemberRole::Owner)).await;
    unchanged(&dans, RoomAction::SetRole(cyd.user.key, MemberRole::Owner)).await;
    dans.manage(RoomAction::SetRole(dan.user.key, MemberRole::Member)).await;
    let left = dans.manage(RoomAction::Leave).await;
    assert_eq!(left.content, Content::Notice(Notice::Left { heir: None }), "another owner is left");
    let cyds = cyd.enter(room.room()).await.unwrap();
    let last = cyds.manage(RoomAction::Leave).await;
    assert_eq!(last.content, Content::Notice(Notice::Left { heir: None }), "nobody is left");
}

pub async fn opening_and_closing_change_who_may_see(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let room = bob.create(RoomKind::Closed, &[]).await;
    assert!(cyd.enter(room.room()).await.is_err());
    assert_eq!(room.manage(RoomAction::Open).await.content, Content::Notice(Notice::Opened));
    unchanged(&room, RoomAction::Open).await;
    let cyds = cyd.enter(room.room()).await.unwrap();
    let joined = cyds.manage(RoomAction::Add(cyd.user.key)).await;
    assert_eq!(joined.content, Content::Notice(Notice::Added { user: cyd.user.key }));
    let adas = ada.enter(room.room()).await.unwrap();
    assert_eq!(adas.manage(RoomAction::Close).await.content, Content::Notice(Notice::Closed), "an admin manages it");
    let refused = adas.give(new_post("late", None)).await;
    assert!(matches!(refused, Err(Error::NoSuchRoom)), "{refused:?}");
    assert_eq!(cyds.post("still here").await.rev, 4);
}
