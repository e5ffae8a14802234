//! Mentions: whom a text addresses, decided when it is stored, and what is unread of them.

use natter::{
    domain::{
        Action, MentionedUser, Mentions, Message, RoomAction, RoomKind, UserKey, mention::Everyone, rules::Refusal,
    },
    store::MessageRetention,
};

use crate::{
    marks::{read, unread},
    members::{Member, edit, in_lobby, react},
    support::{TestDatabase, add, lobby},
};

impl Member {
    /// The unread texts that mention the user. The user's list of rooms has the same number.
    pub async fn unread_mentions(&self) -> u64 {
        let summary = self.summary().await;
        let listed = self.rooms().await.into_iter().find(|listed| listed.room.id == summary.room.id);
        assert_eq!(listed.map(|listed| listed.mentions), Some(summary.mentions));
        summary.mentions
    }
}

fn named(message: &Message) -> Vec<UserKey> {
    message.mentions.users.iter().map(|mentioned| mentioned.key).collect()
}

pub async fn only_members_are_mentioned(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "Bob", "cyd"]).await;
    let room = ada.create(RoomKind::Closed, &[&bob]).await;
    let posted = room.post("@BOB, @ada, @cyd and @nobody: see `@cyd`").await;
    let expected = MentionedUser { key: bob.user.key, user_id: "Bob".into() };
    assert_eq!(posted.mentions, Mentions { users: vec![expected], everyone: None }, "in the account's own spelling");
    assert_eq!(room.read(1).await, posted);
    assert_eq!(room.log().await, [posted]);
    room.manage(RoomAction::Add(cyd.user.key)).await;
    assert_eq!(named(&room.read(1).await), [bob.user.key], "who comes later is not mentioned");
    assert_eq!(named(&room.post("@cyd @bob @cyd").await), [cyd.user.key, bob.user.key], "in the order of the text");
    room.manage(RoomAction::Remove(bob.user.key)).await;
    assert_eq!(named(&room.post("@cyd @bob").await), [cyd.user.key], "who has left is not mentioned");
    assert_eq!(named(&bob.post("@ada @cyd").await), [ada.user.key, cyd.user.key], "everybody is in the lobby");
    let all = room.post("@room or @here").await;
    assert_eq!(all.mentions, Mentions { users: Vec::new(), everyone: Some(Everyone::Room) });
    assert_eq!(room.reply(&all, "@here").await.mentions.everyone, Some(Everyone::Here));
}

pub async fn an_edit_mentions_anew_and_a_deletion_ends_it(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let posted = ada.post("@bob").await;
    assert_eq!((bob.unread_mentions().await, cyd.unread_mentions().await), (1, 0));
    let edited = ada.edit(&posted, "@cyd").await;
    assert_eq!((named(&edited), &ada.read(1).await), (vec![cyd.user.key], &edited));
    assert_eq!((bob.unread_mentions().await, cyd.unread_mentions().await), (0, 1));
    let both = ada.edit(&edited, "@bob and @cyd, @room").await;
    assert_eq!(named(&both), [bob.user.key, cyd.user.key]);
    assert_eq!((bob.unread_mentions().await, cyd.unread_mentions().await), (1, 1));
    let again = bob.change(react(&both, "👍")).await;
    assert_eq!(again.mentions, both.mentions, "no other change touches them");
    ada.change(Action::Pin { seq: 1 }).await;
    cyd.reply(&both, "yes").await;
    assert_eq!((ada.read(1).await.mentions, cyd.unread_mentions().await), (both.mentions.clone(), 1));
    let without = ada.edit(&both, "nobody").await;
    assert!(without.mentions.is_empty());
    assert_eq!((bob.unread_mentions().await, cyd.unread_mentions().await), (0, 0));
    ada.edit(&without, "@bob @here").await;
    let deleted = ada.change(Action::Delete { seq: 1 }).await;
    assert!(deleted.mentions.is_empty() && ada.read(1).await.mentions.is_empty());
    assert_eq!((bob.unread_mentions().await, cyd.unread_mentions().await), (0, 0));
    assert!(bob.mentions(10).await.is_empty());
}

pub async fn old_messages_do_not_mention_who_gets_a_user_id_again(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    ada.post("@bob").await;
    ada.store.delete_user(bob.user.key, MessageRetention::Keep).await.unwrap();
    let user = add(ada.store.as_ref(), "bob").await;
    let again = Member { access: lobby(ada.store.as_ref(), &user).await, user, ..ada.clone() };
    again.mark(unread(0)).await;
    assert_eq!((again.unread().await, again.unread_mentions().await), (1, 0));
    assert!(again.mentions(10).await.is_empty());
    assert_eq!(named(&ada.post("@bob").await), [again.user.key]);
}

pub async fn unread_mentions_are_counted_after_the_mark(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let counts = async || (bob.unread_mentions().await, bob.unread().await);
    ada.post("hello").await;
    assert_eq!(counts().await, (0, 1));
    ada.post("@bob").await;
    ada.post("@cyd").await;
    ada.post("@room").await;
    assert_eq!(counts().await, (2, 4));
    ada.post("@here: @bob and @bob").await;
    assert_eq!(counts().await, (3, 5), "a message counts once");
    bob.post("@room, I am @bob").await;
    assert_eq!(counts().await, (3, 5), "one's own never count");
    assert_eq!((ada.unread_mentions().await, cyd.unread_mentions().await), (1, 4));
    bob.mark(read(2)).await;
    assert_eq!(counts().await, (2, 3));
    ada.change(Action::Delete { seq: 4 }).await;
    assert_eq!(counts().await, (1, 2));
    bob.mark(read(6)).await;
    assert_eq!(counts().await, (0, 0));
    bob.mark(unread(1)).await;
    assert_eq!(counts().await, (2, 3));
    ada.edit(&ada.read(3).await, "@cyd or @bob").await;
    assert_eq!(counts().await, (3, 3), "an edit after the mark");
    bob.mark(read(3)).await;
    ada.edit(&ada.read(1).await, "@bob").await;
    assert_eq!(counts().await, (1, 1), "an edit of what is read makes nothing unread");
    let other = ada.create(RoomKind::Closed, &[&bob]).await;
    other.post("@bob in another room").await;
    assert_eq!(counts().await, (1, 1));
    assert_eq!(bob.enter(other.room()).await.unwrap().unread_mentions().await, 1);
}

pub async fn a_refused_edit_changes_no_mentions(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("@bob").await;
    let edited = ada.edit(&posted, "@bob again").await;
    let Refusal::Stale(present) = ada.refused(edit(&posted, "nobody")).await else { panic!("not stale") };
    assert_eq!((named(&present), bob.unread_mentions().await), (named(&edited), 1));
    ada.repeat(edit(&edited, "@bob again")).await;
    assert_eq!(bob.unread_mentions().await, 1);
}
