//! The checks of the other tests: they notice what is wrong in a database.

use std::time::Duration;

use mongodb::{
    bson::{Document, doc},
    options::UpdateModifications,
};
use natter_test_support::ReplicaSet;

use crate::support::{Clients, Fold, Natter, fold, read_log};

/// Changes of one document that the log does not explain: which, and how. The message `reacted` has reactions.
fn changes(reacted: i64) -> Vec<(&'static str, Document, UpdateModifications)> {
    let (exists, missing) = (doc! { "$exists": true }, doc! { "$exists": false });
    vec![
        ("a reaction is lost", doc! { "reactions": &exists }, doc! { "$unset": { "reactions": "" } }.into()),
        ("an edit is lost", doc! { "editedTime": &exists }, doc! { "$set": { "message": "old" } }.into()),
        ("a deletion is lost", doc! { "deleted": &exists }, doc! { "$unset": { "deleted": "" } }.into()),
        ("a deleted text is there", doc! { "deleted": &exists }, doc! { "$set": { "message": "secret" } }.into()),
        ("a reply is not counted", doc! { "replies": &exists }, doc! { "$unset": { "replies": "" } }.into()),
        (
            "a change has no state",
            doc! { "changed": &exists, "deleted": &missing },
            doc! { "$inc": { "changed": -1_i64 } }.into(),
        ),
        ("a number is wrong", doc! { "seq": &exists, "changed": &missing }, doc! { "$inc": { "texts": 1_i64 } }.into()),
        (
            "an old text is there",
            doc! { "op": "edit", "message": &missing },
            doc! { "$set": { "message": "old" } }.into(),
        ),
        ("a reaction is another's", doc! { "op": "react", "of": reacted }, doc! { "$set": { "emoji": "🐛" } }.into()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_by_hand_are_noticed() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let natter = Natter::start(&url);
    let clients = Clients::start(&[&natter], 12, Duration::from_millis(30)).await;
    clients.wait_for_acknowledgements(800, Duration::from_secs(60)).await;
    let client = mongodb::Client::with_uri_str(&url).await.unwrap();
    let log = client.database("UsersData").collection::<Document>("log");
    // of a deleted message, because no later command would fail on it
    let lost = log.delete_one(doc! { "deleted": true }).await.unwrap();
    assert_eq!(lost.deleted_count, 1);
    let verdict = clients.finish(&natter).await;
    assert!(verdict.lost > 0, "{verdict:?}");
    assert!(!fold(&read_log(&url).await).errors.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_does_not_explain_the_state_is_noticed() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let natter = Natter::start(&url);
    let clients = Clients::start(&[&natter], 12, Duration::from_millis(30)).await;
    clients.wait_for_acknowledgements(800, Duration::from_secs(60)).await;
    assert!(clients.finish(&natter).await.is_clean());
    let Fold { changes: count, errors, .. } = fold(&read_log(&url).await);
    assert!(count > 100 && errors.is_empty(), "{count} changes, {errors:#?}");
    let client = mongodb::Client::with_uri_str(&url).await.unwrap();
    let log = client.database("UsersData").collection::<Document>("log");
    let reacted = log.find_one(doc! { "reactions": { "$exists": true } }).await.unwrap().unwrap();
    for (what, filter, change) in changes(reacted.get_i64("seq").unwrap()) {
        let before = log.find_one_and_update(filter, change).await.unwrap().unwrap_or_else(|| panic!("{what}: none"));
        assert!(!fold(&read_log(&url).await).errors.is_empty(), "{what}: {before}");
        log.replace_one(doc! { "_id": before.get("_id").unwrap() }, &before).await.unwrap();
        assert!(fold(&read_log(&url).await).errors.is_empty(), "{what}");
    }
    let gap = log.find_one_and_delete(doc! { "op": "react" }).await.unwrap().unwrap();
    assert!(!fold(&read_log(&url).await).errors.is_empty(), "{gap}");
}
