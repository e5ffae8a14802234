//! Interrupted removals of accounts, on MongoDB.

use futures_util::TryStreamExt;
use mongodb::bson::{DateTime, Document, doc, spec::BinarySubtype};
use natter::{
    domain::{RoomId, Timestamp, UserKey},
    store::{Database, MessageRetention},
};

use crate::support::{TestDatabase, add, post_many, whole_log};

pub fn key(user: UserKey) -> mongodb::bson::Binary {
    mongodb::bson::Binary { subtype: BinarySubtype::Uuid, bytes: user.0.as_bytes().to_vec() }
}

/// Leaves the data as if a process had ended between the removal of the account and the deletion of its messages.
async fn interrupt_removal(database: &TestDatabase, store: &dyn Database, user: UserKey, ago_ms: i64) {
    store.delete_user(user, MessageRetention::Keep).await.unwrap();
    let at = DateTime::from_millis(DateTime::now().timestamp_millis() - ago_ms);
    database.mongo().await.collection("removals").insert_one(doc! { "_id": key(user), "at": at }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_removal_is_finished() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let (bob, cyd) = (add(store.as_ref(), "bob").await, add(store.as_ref(), "cyd").await);
    for user in [&ada, &bob, &cyd] {
        post_many(store.as_ref(), user, 2).await;
    }
    interrupt_removal(&database, store.as_ref(), bob.key, 120_000).await;
    interrupt_removal(&database, store.as_ref(), cyd.key, 0).await; // too recent: another process may still be posting for it
    store.sweep(Timestamp::now()).await.unwrap();
    let log = whole_log(store.as_ref()).await;
    let shown: Vec<_> = log.iter().filter(|message| message.text().is_some()).map(|m| m.author_key).collect();
    assert_eq!(shown, [ada.key, ada.key, cyd.key, cyd.key]);
    let removals = database.mongo().await.collection::<Document>("removals");
    assert_eq!(removals.distinct("_id", doc! {}).await.unwrap(), [key(cyd.key).into()]);
    store.sweep(Timestamp::now()).await.unwrap();
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 8, "each message is deleted once");
}

/// One transaction deletes the account and records that its messages are to be deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_recorded_in_the_transaction_that_deletes_the_account() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    post_many(store.as_ref(), &bob, 2).await;
    let mut changes = database.mongo().await.watch().await.unwrap();
    store.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    let commit = async {
        let mut seen = Vec::new();
        while let Some(change) = changes.try_next().await.unwrap() {
            let name = change.ns.unwrap().coll.unwrap();
            if name == "removals" || name == "users" {
                seen.push((format!("{name} {:?}", change.operation_type), change.cluster_time));
            }
            if name == "users" {
                break;
            }
        }
        seen
    };
    let seen = tokio::time::timeout(std::time::Duration::from_secs(30), commit).await.expect("the account is deleted");
    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["removals Insert", "users Delete"]);
    assert_eq!(seen[0].1, seen[1].1, "one transaction");

    let cyd = add(store.as_ref(), "cyd").await;
    store.delete_user(cyd.key, MessageRetention::Keep).await.unwrap();
    let removals = database.mongo().await.collection::<Document>("removals");
    assert_eq!(
        removals.distinct("_id", doc! {}).await.unwrap(),
        [key(bob.key).into()],
        "nothing is to be done for messages that are kept"
    );
}
