//! The networks from which users log in.

use natter::{
    domain::{Network, Timestamp, UserKey},
    store::MessageRetention,
};

use crate::support::{TestDatabase, add};

fn network(last: u8) -> Network {
    Network::of([10, 0, 0, last].into())
}

const DAY: i64 = 24 * 3600;

pub async fn a_network_is_recorded_with_its_latest_time(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await.key, add(store.as_ref(), "bob").await.key);
    let (now, later) = (Timestamp(1_000), Timestamp(2_000));
    assert_eq!(store.network_last_seen(ada, network(1)).await.unwrap(), None);
    for (at, kept) in [(now, now), (later, later), (now, later)] {
        store.record_network(ada, network(1), at).await.unwrap();
        assert_eq!(store.network_last_seen(ada, network(1)).await.unwrap(), Some(kept));
    }
    assert_eq!(store.network_last_seen(ada, network(2)).await.unwrap(), None);
    assert_eq!(store.network_last_seen(bob, network(1)).await.unwrap(), None);
    let v6 = Network::of("2001:db8::1".parse().unwrap());
    store.record_network(bob, v6, now).await.unwrap();
    assert_eq!(store.network_last_seen(bob, Network::of("2001:db8::2".parse().unwrap())).await.unwrap(), Some(now));
    let at_once = (0..8).map(|_| store.record_network(bob, network(3), later));
    for recorded in futures_util::future::join_all(at_once).await {
        recorded.unwrap();
    }
    assert_eq!(store.network_last_seen(bob, network(3)).await.unwrap(), Some(later));
}

pub async fn the_newest_networks_of_a_user_are_kept(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await.key, add(store.as_ref(), "bob").await.key);
    store.record_network(bob, network(1), Timestamp(1)).await.unwrap();
    for n in 1..=17 {
        store.record_network(ada, network(n), Timestamp(i64::from(n))).await.unwrap();
    }
    assert_eq!(store.network_last_seen(ada, network(1)).await.unwrap(), None);
    for n in 2..=17 {
        assert!(store.network_last_seen(ada, network(n)).await.unwrap().is_some(), "{n}");
    }
    assert!(store.network_last_seen(bob, network(1)).await.unwrap().is_some(), "the networks of another user are kept");
    store.record_network(ada, network(2), Timestamp(18)).await.unwrap();
    store.record_network(ada, network(18), Timestamp(19)).await.unwrap();
    assert!(store.network_last_seen(ada, network(2)).await.unwrap().is_some(), "it was recorded again");
    assert_eq!(store.network_last_seen(ada, network(3)).await.unwrap(), None);
}

pub async fn networks_expire_and_are_deleted_with_their_user(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await.key, add(store.as_ref(), "bob").await.key);
    let then = Timestamp(1_000);
    for (user, at) in [(ada, then), (bob, then.plus_secs(1))] {
        store.record_network(user, network(1), at).await.unwrap();
    }
    store.sweep(then.plus_secs(90 * DAY)).await.unwrap();
    assert_eq!(store.network_last_seen(ada, network(1)).await.unwrap(), None);
    assert!(store.network_last_seen(bob, network(1)).await.unwrap().is_some());
    store.delete_user(bob, MessageRetention::Keep).await.unwrap();
    assert_eq!(store.network_last_seen(bob, network(1)).await.unwrap(), None);
    store.record_network(UserKey::generate(), network(1), then).await.unwrap(); // of an unknown user: no error
}
