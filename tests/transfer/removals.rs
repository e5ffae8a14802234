//! MongoDB removes an account in steps, which another process finishes if one ends. The rows do not say which are left.

use mongodb::bson::{self, doc};
use natter::domain::UserKey;

use crate::{
    backups::{Backups, backup, restore},
    copying::copy,
    doctor::doctor,
    store::{TestDatabase, add, lobby, post, whole_log},
};

/// A database with two users, of whom the account of one is deleted, and nothing else of them: natter ended then.
async fn half_removed() -> (TestDatabase, UserKey) {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    for (user, what) in [(&ada, "stays"), (&bob, "goes")] {
        let access = lobby(store.as_ref(), user).await;
        store.change(&access, post(what, what)).await.unwrap();
    }
    store.close().await;
    let raw = database.mongo().await;
    let id = bson::Uuid::from_bytes(*bob.key.0.as_bytes());
    assert_eq!(raw.collection::<()>("users").delete_one(doc! { "_id": id }).await.unwrap().deleted_count, 1);
    for removals in ["departures", "removals"] {
        let removal = doc! { "$currentDate": { "at": true } };
        raw.collection::<()>(removals).update_one(doc! { "_id": id }, removal).upsert(true).await.unwrap();
    }
    (database, bob.key)
}

async fn assert_removed(database: &TestDatabase, user: UserKey) {
    doctor(database, &[]).await.ok().says("is healthy");
    let store = database.open().await;
    let log = whole_log(store.as_ref()).await;
    store.close().await;
    assert!(log.iter().any(|message| message.text() == Some("stays")), "{log:?}");
    assert!(log.iter().all(|message| message.author_key != user || message.text().is_none()), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_has_nothing_of_an_account_that_is_half_removed() {
    let ((source, user), target, backups) = (half_removed().await, TestDatabase::embedded(), Backups::new());
    backup(&source, &backups.path("backup"), &[]).await.ok();
    restore(&backups.path("backup"), &target).await.ok();
    assert_removed(&target, user).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_nothing_of_an_account_that_is_half_removed() {
    let ((source, user), target) = (half_removed().await, TestDatabase::embedded());
    copy(&source, &target).await.ok();
    assert_removed(&target, user).await;
}
