//! Reactions and pins.

use std::collections::BTreeMap;

use natter::{
    domain::{Action, Message, ReactionChange, UserKey, rules::Refusal},
    store::{Error, Event},
};

use crate::{
    events::wait_for,
    members::{Member, emoji, in_lobby, react, unreact},
    support::{TestDatabase, next},
};

fn given(message: &Message) -> Vec<(&str, Vec<UserKey>)> {
    message.reactions.iter().map(|reaction| (reaction.emoji.as_str(), reaction.users.clone())).collect()
}

fn key(member: &Member) -> UserKey {
    member.user.key
}

pub async fn reactions_keep_the_order_in_which_they_were_given(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let posted = ada.post("hello").await;
    for (member, emoji) in [(&cyd, "👍"), (&bob, "❤️"), (&ada, "👍"), (&cyd, "❤️")] {
        member.change(react(&posted, emoji)).await;
    }
    let all = ada.read(1).await;
    assert_eq!(given(&all), [("👍", vec![key(&cyd), key(&ada)]), ("❤️", vec![key(&bob), key(&cyd)])]);
    assert_eq!((all.rev, all.text_rev), (5, 1));
    cyd.change(unreact(&posted, "👍")).await;
    let one_less = bob.change(unreact(&posted, "❤️")).await;
    assert_eq!(given(&one_less), [("👍", vec![key(&ada)]), ("❤️", vec![key(&cyd)])]);
    let gone = ada.change(unreact(&posted, "👍")).await;
    assert_eq!(given(&gone), [("❤️", vec![key(&cyd)])], "an emoji that nobody gives any more is gone");
    let last = ada.change(react(&posted, "👍")).await;
    assert_eq!(given(&last), [("❤️", vec![key(&cyd)]), ("👍", vec![key(&ada)])]);
    assert_eq!(ada.read(1).await, last);
}

pub async fn a_repeated_reaction_takes_no_rev(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("hello").await;
    assert_eq!(bob.repeat(unreact(&posted, "👍")).await, posted);
    let reacted = bob.change(react(&posted, "👍")).await;
    assert_eq!(bob.repeat(react(&posted, "👍")).await, reacted);
    assert_eq!(ada.repeat(unreact(&posted, "👍")).await, reacted, "it was not Ada's");
    let unreacted = bob.change(unreact(&posted, "👍")).await;
    assert_eq!(bob.repeat(unreact(&posted, "👍")).await, unreacted);
}

pub async fn a_message_has_at_most_twenty_emoji(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("hello").await;
    for emoji in "😀😁😂🤣😃😄😅😆😉😊😋😎😍😘🥰😗😙😚🙂🤗".chars() {
        ada.change(react(&posted, &emoji.to_string())).await;
    }
    assert_eq!(bob.refused(react(&posted, "🤩")).await, Refusal::TooManyEmoji);
    bob.change(react(&posted, "🤗")).await;
    bob.change(unreact(&posted, "🤗")).await;
    ada.change(unreact(&posted, "😀")).await;
    assert_eq!(bob.change(react(&posted, "🤩")).await.reactions.len(), 20);
}

pub async fn concurrent_reactions_are_all_kept(database: &TestDatabase) {
    let [ada, bob, cyd] = in_lobby(database, ["ada", "bob", "cyd"]).await;
    let posted = ada.post("hello").await;
    let tasks = [&ada, &bob, &cyd, &ada, &bob, &cyd].map(|member| {
        let (member, action) = (member.clone(), react(&posted, "👍"));
        tokio::spawn(async move { member.give(action).await.unwrap().repeat })
    });
    let mut repeats = 0;
    for task in tasks {
        repeats += usize::from(task.await.unwrap());
    }
    let message = ada.read(1).await;
    assert_eq!((repeats, message.reactions[0].users.len(), message.rev), (3, 3, 4));
}

pub async fn a_pin_is_set_once(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = ada.post("hello").await;
    assert_eq!(bob.repeat(Action::Unpin { seq: 1 }).await, posted);
    let pinned = bob.change(Action::Pin { seq: 1 }).await;
    assert!(pinned.pinned_at >= Some(posted.sent_at));
    assert_eq!(ada.repeat(Action::Pin { seq: 1 }).await, pinned, "the time of the first pin stays");
    let edited = ada.edit(&pinned, "hello again").await;
    assert_eq!(edited.pinned_at, pinned.pinned_at);
    let unpinned = ada.change(Action::Unpin { seq: 1 }).await;
    assert_eq!((unpinned.pinned_at, unpinned.rev), (None, 4));
    assert_eq!(ada.read(1).await, unpinned);
}

pub async fn changes_of_messages_are_announced(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let mut events = ada.store.events().unwrap();
    let posted = ada.post("hello").await;
    let reply = bob.reply(&posted, "hi").await;
    let root = wait_for(&mut events, |event| match event {
        Event::Changed { message, root, .. } if **message == reply => Some(root.clone()),
        _ => None,
    });
    assert_eq!(root.await.as_deref(), Some(&bob.read(1).await));
    let reacted = bob.change(react(&posted, "👍")).await;
    let announced = wait_for(&mut events, |event| match event {
        Event::Changed { message, root: None, .. } if message.rev == reacted.rev => Some(message.clone()),
        _ => None,
    });
    assert_eq!(*announced.await, reacted);
}

pub async fn a_reaction_is_announced_with_who_gave_it(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let mut events = ada.store.events().unwrap();
    let posted = ada.post("hello").await;
    ada.change(react(&posted, "👍")).await;
    bob.change(react(&posted, "👍")).await;
    bob.repeat(react(&posted, "👍")).await;
    ada.change(Action::Pin { seq: 1 }).await;
    ada.change(unreact(&posted, "👍")).await;
    let last = bob.reply(&posted, "hi").await;
    let mut announced = BTreeMap::new();
    while !announced.contains_key(&last.rev) {
        for event in next(&mut events).await {
            // an event can come twice, the second time read from the log and without the reaction
            if let Event::Changed { message, reaction, .. } = event {
                announced.entry(message.rev).or_insert(reaction);
            }
        }
    }
    let change = |member: &Member, is_given| Some(ReactionChange { user: key(member), emoji: emoji("👍"), is_given });
    let expected = [None, change(&ada, true), change(&bob, true), None, change(&ada, false), None];
    assert_eq!(announced.into_values().collect::<Vec<_>>(), expected);
}

pub async fn an_account_that_is_deleted_changes_nothing(database: &TestDatabase) {
    let [ada, bob] = in_lobby(database, ["ada", "bob"]).await;
    let posted = bob.post("hello").await;
    ada.store.delete_user(bob.user.key, natter::store::MessageRetention::Keep).await.unwrap();
    for action in [react(&posted, "👍"), Action::Pin { seq: 1 }, Action::Delete { seq: 1 }] {
        assert!(matches!(bob.give(action).await, Err(Error::NotFound)));
    }
    assert_eq!(ada.head().await, 1);
}
