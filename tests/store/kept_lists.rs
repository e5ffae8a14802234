//! The list of a user's rooms, which the embedded store keeps, follows everything that changes it.

use natter::{
    domain::{Action, Level, MemberRole, Name, RoomAction, RoomId, RoomKind, RoomName, Topic},
    store::{MessageRetention, UserChanges},
};

use crate::{
    marks::{read, unread},
    members::{Member, in_lobby},
    support::TestDatabase,
};

impl Member {
    /// The list has what the rooms are that the user is a member of among `known`, which has all of them.
    async fn check_list(&self, after: &str, known: &[RoomId]) {
        let list = self.rooms().await;
        let mut now = self.store.summaries(&self.user, known).await.unwrap();
        now.sort_by(|a, b| a.room.id.as_str().cmp(b.room.id.as_str()));
        assert_eq!(list, now, "after {after}");
    }
}

pub async fn a_list_follows_every_change(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    // without it, the embedded store keeps no lists of rooms
    assert!(ada.store.events().is_some());
    let room = ada.create(RoomKind::Open, &[&bob]).await;
    let direct = bob.create(RoomKind::Direct, &[&cyd]).await;
    let other = ada.create(RoomKind::Open, &[]).await;
    let own = bob.enter(room.room()).await.unwrap();
    let known = [&ada, &room, &direct, &other].map(|member| member.room().clone());
    bob.check_list("the start", &known).await;

    let posted = room.post("hello").await;
    bob.check_list("a post", &known).await;
    own.post("hello").await;
    bob.check_list("an own post", &known).await;
    for (what, reading) in [("reading", read(1)), ("marking as unread", unread(0)), ("reading again", read(2))] {
        own.mark(reading).await;
        bob.check_list(what, &known).await;
    }
    room.change(Action::Delete { seq: posted.seq() }).await;
    bob.check_list("a deletion", &known).await;
    let mentioning = room.post("@bob").await;
    bob.check_list("a mention", &known).await;
    assert_eq!(bob.rooms().await.iter().map(|room| room.mentions).sum::<u64>(), 1);
    let edited = room.edit(&mentioning, "nobody").await;
    bob.check_list("an edit", &known).await;
    assert_eq!(bob.rooms().await.iter().map(|room| room.mentions).sum::<u64>(), 0);
    room.edit(&edited, "@room").await;
    room.change(Action::Delete { seq: edited.seq() }).await;
    bob.check_list("a deleted mention", &known).await;
    own.store.set_level(&own.access, Level::Nothing).await.unwrap();
    bob.check_list("a level", &known).await;
    own.store.set_starred(&own.access, true).await.unwrap();
    bob.check_list("a star", &known).await;
    let actions = [
        RoomAction::Rename(RoomName::parse("Cellar").unwrap()),
        RoomAction::SetTopic(Topic::parse("Wine").unwrap()),
        RoomAction::SetRole(bob.user.key, MemberRole::Owner),
        RoomAction::Archive,
        RoomAction::Unarchive,
        RoomAction::Close,
        RoomAction::Remove(bob.user.key),
        RoomAction::Add(bob.user.key),
    ];
    for action in actions {
        let what = format!("{action:?}");
        room.manage(action).await;
        bob.check_list(&what, &known).await;
    }
    other.manage(RoomAction::SetEveryone(true)).await;
    bob.check_list("a room for everyone", &known).await;
    bob.store.read_all(bob.user.key).await.unwrap();
    bob.check_list("reading all", &known).await;
    let renamed = UserChanges { name: Some(Name::parse("Zoe").unwrap()), ..UserChanges::default() };
    cyd.store.update_user(cyd.user.key, renamed).await.unwrap();
    bob.check_list("a new name of a member", &known).await;
    cyd.store.delete_user(cyd.user.key, MessageRetention::Keep).await.unwrap();
    bob.check_list("a deleted account", &known).await;
    room.manage(RoomAction::Delete).await;
    bob.check_list("a deleted room", &known).await;
    assert_eq!(bob.rooms().await.len(), 3);
}
