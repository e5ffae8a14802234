//! The events of a store.

use std::{sync::Arc, time::Duration};

use natter::{
    domain::{RoomId, Timestamp, TokenId},
    store::{Event, Events, MessageRetention, UserChanges},
};

use crate::support::{TestDatabase, add, hash, lobby, name, next, post, post_many};

pub async fn there_is_one_event_stream(database: &TestDatabase) {
    let store = database.open().await;
    assert!(store.events().is_some());
    assert!(store.events().is_none());
}

pub async fn posts_are_announced_once_they_are_durable(database: &TestDatabase) {
    let store = database.open().await;
    let mut events = store.events().unwrap();
    let ada = add(store.as_ref(), "ada").await;
    let posting = Arc::clone(&store);
    let access = lobby(store.as_ref(), &ada).await;
    let of_ada = access.clone();
    let poster = tokio::spawn(async move { posting.change(&of_ada, post("c1", "hello")).await.unwrap().message });
    let announced = wait_for(&mut events, |event| match event {
        Event::Changed { message, root: None, .. } if message.id.room == RoomId::lobby() => Some((**message).clone()),
        _ => None,
    })
    .await;
    // an announced message can be read
    assert_eq!(store.changes(&RoomId::lobby(), 0, 5).await.unwrap().messages, std::slice::from_ref(&announced));
    assert_eq!(poster.await.unwrap(), announced);
    assert!(store.change(&access, post("c1", "hello")).await.unwrap().repeat);
    let second = store.change(&access, post("c2", "hello")).await.unwrap().message;
    let announced = wait_for(&mut events, |event| match event {
        Event::Changed { message, .. } if message.rev > 1 => Some((**message).clone()),
        _ => None,
    })
    .await;
    assert_eq!(announced, second);
}

pub async fn account_changes_are_announced(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    post_many(store.as_ref(), &bob, 1).await;
    let mut events = store.events().unwrap();
    let changes = UserChanges { name: Some(name("Bobby")), ..UserChanges::default() };
    store.update_user(bob.key, changes).await.unwrap();
    let renamed = wait_for(&mut events, |event| match event {
        Event::UserChanged { key, name } => Some((*key, name.clone())),
        _ => None,
    });
    assert_eq!(renamed.await, (bob.key, name("Bobby")));
    let revoked = |event: &Event| matches!(event, Event::UserRevoked { key, .. } if *key == bob.key).then_some(());
    let changes = UserChanges { password: Some(hash("new")), ..UserChanges::default() };
    store.update_user(bob.key, changes).await.unwrap();
    wait_for(&mut events, revoked).await;
    let token = TokenId::generate();
    store.revoke_token(token, Timestamp::now().plus_secs(60)).await.unwrap();
    wait_for(&mut events, |event| matches!(event, Event::TokenRevoked(id) if *id == token).then_some(())).await;
    // discard the events of the commits so far
    tokio::time::sleep(Duration::from_millis(300)).await;
    while events.try_recv().is_ok() {}
    store.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    let gone = wait_for(&mut events, |event| match event {
        Event::Changed { message, .. } => Some(message.clone()),
        _ => None,
    });
    assert_eq!(gone.await.text(), None);
    wait_for(&mut events, revoked).await;
}

/// Waits for the first event for which `wanted` returns a value; skips others.
pub async fn wait_for<T>(events: &mut Events, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        // events of the same batch after the found one are skipped too
        if let Some(found) = next(events).await.iter().find_map(&wanted) {
            return found;
        }
    }
}
