//! Presence across processes on one database.

use std::sync::Arc;

use mongodb::bson::{self, DateTime, Document, doc};
use natter::{
    domain::UserKey,
    store::{Event, OnlineUser, PresenceStore},
};

use crate::{
    events::wait_for,
    support::{TestDatabase, next},
};

async fn processes(database: &TestDatabase) -> [Arc<dyn PresenceStore>; 2] {
    [database.open().await.presence().unwrap(), database.open().await.presence().unwrap()]
}

async fn names(presence: &dyn PresenceStore) -> Vec<String> {
    let mut names: Vec<String> = presence.present().await.unwrap().into_iter().map(|present| present.name).collect();
    names.sort();
    names
}

pub async fn only_mongodb_has_shared_presence(database: &TestDatabase) {
    assert_eq!(database.open().await.presence().is_some(), matches!(database, TestDatabase::MongoDb(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn published_presence_is_announced_to_all_processes() {
    let database = TestDatabase::mongodb().await;
    let (one, two) = (database.open().await, database.open().await);
    let mut events = two.events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    let (ada, bob) = (UserKey::generate(), UserKey::generate());
    let here = one.presence().unwrap();
    assert!(here.publish(&[(ada, "Ada".into(), false)], &[]).await.is_err(), "there is no lease yet");
    assert!(!here.renew().await.unwrap(), "the first call takes a new lease");
    assert!(here.renew().await.unwrap());
    here.publish(&[(ada, "Ada".into(), false), (bob, "Bob".into(), false)], &[]).await.unwrap();
    assert_eq!(names(two.presence().unwrap().as_ref()).await, ["Ada", "Bob"]);
    let is_online = |user: UserKey, name: &'static str| {
        move |event: &Event| match event {
            Event::Online(present)
                if present.user == user && present.name == name && present.idle == (name == "Bobby") =>
            {
                Some(present.clone())
            }
            _ => None,
        }
    };
    // both events may be in one batch, which `wait_for` skips: wait for a later name of the second
    let OnlineUser { process, .. } = wait_for(&mut events, is_online(ada, "Ada")).await;
    here.publish(&[(bob, "Bobby".into(), true)], &[ada]).await.unwrap();
    assert_eq!(wait_for(&mut events, is_online(bob, "Bobby")).await.process, process);
    here.publish(&[], &[bob]).await.unwrap();
    let is_offline = |event: &Event| match event {
        Event::Offline { process, user, .. } if *user == bob => Some(*process),
        _ => None,
    };
    assert_eq!(wait_for(&mut events, is_offline).await, process);
    assert!(names(here.as_ref()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_lease_is_removed_with_its_users() {
    let database = TestDatabase::mongodb().await;
    let [expired, alive] = processes(&database).await;
    let (ada, bob) = (UserKey::generate(), UserKey::generate());
    for (process, user, name) in [(&expired, ada, "Ada"), (&alive, bob, "Bob")] {
        process.renew().await.unwrap();
        process.publish(&[(user, name.into(), false)], &[]).await.unwrap();
    }
    for _ in 0..3 {
        alive.renew().await.unwrap();
        assert_eq!(names(alive.as_ref()).await, ["Ada", "Bob"]);
    }
    alive.renew().await.unwrap();
    assert_eq!(names(alive.as_ref()).await, ["Bob"]);
    // it was only slow, and continues with a new lease
    assert!(!expired.renew().await.unwrap());
    expired.publish(&[(ada, "Ada".into(), false)], &[]).await.unwrap();
    alive.renew().await.unwrap();
    assert_eq!(names(alive.as_ref()).await, ["Ada", "Bob"]);
}

/// A process that was disconnected until its lease expired may publish before it notices; that must not stay forever.
#[tokio::test(flavor = "multi_thread")]
async fn presence_published_under_an_expired_lease_is_removed() {
    let database = TestDatabase::mongodb().await;
    let [disconnected, other] = processes(&database).await;
    let ada = [(UserKey::generate(), "Ada".to_owned(), false)];
    disconnected.renew().await.unwrap();
    for _ in 0..5 {
        other.renew().await.unwrap();
    }
    disconnected.publish(&ada, &[]).await.unwrap();
    assert_eq!(names(other.as_ref()).await, ["Ada"]);
    other.renew().await.unwrap();
    assert!(names(other.as_ref()).await.is_empty());
    assert!(!disconnected.renew().await.unwrap(), "the process learns that its lease has expired, and publishes again");
    disconnected.publish(&ada, &[]).await.unwrap();
    other.renew().await.unwrap();
    assert_eq!(names(other.as_ref()).await, ["Ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_lease_does_not_expire() {
    let [one, two] = processes(&TestDatabase::mongodb().await).await;
    one.renew().await.unwrap();
    one.publish(&[(UserKey::generate(), "Ada".into(), false)], &[]).await.unwrap();
    for _ in 0..9 {
        two.renew().await.unwrap();
        two.renew().await.unwrap();
        assert!(one.renew().await.unwrap());
    }
    assert_eq!(names(two.as_ref()).await, ["Ada"]);
}

/// Inserts a user online under a lease that was renewed `ago_ms` milliseconds ago.
async fn insert_online(database: &TestDatabase, name: &str, ago_ms: i64) -> bson::Uuid {
    let (lease, mongo) = (bson::Uuid::new(), database.mongo().await);
    let at = DateTime::from_millis(DateTime::now().timestamp_millis() - ago_ms);
    mongo.collection("leases").insert_one(doc! { "_id": lease, "at": at }).await.unwrap();
    let id = doc! { "lease": lease, "user": bson::Uuid::new() };
    mongo.collection("presence").insert_one(doc! { "_id": id, "name": name }).await.unwrap();
    lease
}

/// A natter of the previous release may still run: its documents name a room.
#[tokio::test(flavor = "multi_thread")]
async fn presence_that_names_a_room_counts_for_the_site() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    let mut events = store.events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    let (mongo, [lease, user]) = (database.mongo().await, [bson::Uuid::new(), bson::Uuid::new()]);
    mongo.collection("leases").insert_one(doc! { "_id": lease, "at": DateTime::now() }).await.unwrap();
    let (id, presence) = (doc! { "lease": lease, "room": "lobby", "user": user }, mongo.collection("presence"));
    presence.insert_one(doc! { "_id": &id, "name": "Ada" }).await.unwrap();
    let [online] = &next(&mut events).await[..] else { panic!("one event") };
    let Event::Online(ada) = online else { panic!("{online:?}") };
    assert_eq!((ada.name.as_str(), ada.user.0.into_bytes()), ("Ada", user.bytes()));
    let present = store.presence().unwrap().present().await.unwrap();
    assert_eq!(present, std::slice::from_ref(ada));
    presence.delete_one(doc! { "_id": &id }).await.unwrap();
    let [offline] = &next(&mut events).await[..] else { panic!("one event") };
    assert!(matches!(offline, Event::Offline { process, user } if (*process, *user) == (ada.process, ada.user)));
    // its users are removed with its lease
    presence.insert_one(doc! { "_id": &id, "name": "Ada" }).await.unwrap();
    for _ in 0..5 {
        store.presence().unwrap().renew().await.unwrap();
    }
    assert!(names(store.presence().unwrap().as_ref()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_under_an_old_lease_is_ignored() {
    let database = TestDatabase::mongodb().await;
    database.open().await.close().await; // creates the collections
    let [old, _] = [insert_online(&database, "Yesterday", 120_000).await, insert_online(&database, "Now", 0).await];
    let store = database.open().await;
    let mut events = store.events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    let presence = store.presence().unwrap();
    assert_eq!(names(presence.as_ref()).await, ["Now"]);
    presence.renew().await.unwrap();
    assert_eq!(names(presence.as_ref()).await, ["Now"]);

    // the lease is renewed: its process was disconnected from the database for a while
    let leases = database.mongo().await.collection::<Document>("leases");
    leases.update_one(doc! { "_id": old }, doc! { "$currentDate": { "at": true } }).await.unwrap();
    presence.renew().await.unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    assert_eq!(names(presence.as_ref()).await, ["Now", "Yesterday"]);
}
