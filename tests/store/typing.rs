//! Who types, across processes on one database.

use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use natter::{
    domain::{RoomId, UserKey},
    store::{Event, Events},
};
use natter_test_support::eventually;

use crate::{
    events::wait_for,
    support::{TestDatabase, next},
};

/// The next reports, in order.
async fn reports(events: &mut Events, count: usize) -> Vec<(RoomId, Vec<(UserKey, String)>)> {
    let mut reports = Vec::new();
    while reports.len() < count {
        let typing = next(events).await.into_iter().filter_map(|event| match event {
            Event::Typing { room, users } => Some((room, users)),
            _ => None,
        });
        reports.extend(typing);
    }
    reports
}

#[tokio::test(flavor = "multi_thread")]
async fn who_types_is_reported_to_the_other_processes() {
    let database = TestDatabase::mongodb().await;
    let (one, two) = (database.open().await, database.open().await);
    let (mut own, mut others) = (one.events().unwrap(), two.events().unwrap());
    for events in [&mut own, &mut others] {
        wait_for(events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    }
    let (lobby, attic) = (RoomId::lobby(), RoomId::named("attic"));
    let ada = vec![(UserKey::generate(), "Ada".to_owned())];
    let both = vec![ada[0].clone(), (UserKey::generate(), "Bob".to_owned())];
    let [here, there] = [one.presence().unwrap(), two.presence().unwrap()];
    let mut expected = Vec::new();
    // the same twice is two reports
    for (room, users) in [(&lobby, &ada), (&lobby, &ada), (&attic, &both), (&lobby, &both)] {
        here.typing(room, users).await.unwrap();
        expected.push((room.clone(), users.clone()));
        assert_eq!(reports(&mut others, 1).await, expected[expected.len() - 1..]);
    }
    let typing = database.mongo().await.collection::<Document>("typing");
    assert_eq!(typing.count_documents(doc! {}).await.unwrap(), 2, "one document for each room");

    // the first report that it gets is the other process's: not one of its own
    there.typing(&lobby, &ada).await.unwrap();
    assert_eq!(reports(&mut own, 1).await, [(lobby, ada)]);
    // removing them is no event
    typing.delete_many(doc! {}).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    while let Ok(batch) = own.try_recv() {
        assert!(batch.is_empty(), "{batch:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_reports_are_removed() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    let mongo = database.mongo().await;
    for room in ["lobby", "attic"] {
        let users = [(UserKey::generate(), "Ada".to_owned())];
        store.presence().unwrap().typing(&RoomId::named(room), &users).await.unwrap();
    }
    let typing = mongo.collection::<Document>("typing");
    let written = async || (typing.count_documents(doc! {}).await.unwrap() == 2).then_some(());
    eventually("both are written", written).await;
    let [old, present] = [doc! { "_id": "attic" }, doc! { "_id": "lobby" }];
    let minutes_ago = DateTime::from_millis(DateTime::now().timestamp_millis() - 120_000);
    typing.update_one(old.clone(), doc! { "$set": { "at": minutes_ago } }).await.unwrap();
    eventually("the old one is removed", async || typing.find_one(old.clone()).await.unwrap().is_none().then_some(()))
        .await;
    assert!(typing.find_one(present).await.unwrap().is_some());
}
