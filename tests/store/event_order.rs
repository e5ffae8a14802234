//! The events of a store, as a socket gets them.

use std::sync::Arc;

use natter::store::MessageRetention;

use crate::{
    subscriber::Subscriber,
    support::{TestDatabase, add, lobby, post},
};

pub async fn changes_are_announced_in_order(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    let (of_ada, of_bob) = (lobby(store.as_ref(), &ada).await, lobby(store.as_ref(), &bob).await);
    let mut subscriber = Subscriber::start(&store, &of_ada).await;
    let writers = [(of_ada.clone(), "a"), (of_ada, "b"), (of_bob, "c")].map(|(access, prefix)| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..40 {
                store.change(&access, post(&format!("{prefix}{n}"), "hello")).await.unwrap();
            }
        })
    });
    let reading = tokio::spawn(async move { subscriber.read_up_to(160).await });
    for writer in writers {
        writer.await.unwrap();
    }
    store.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    let seen = reading.await.unwrap();
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}
