//! MongoDB's schema, and the errors of databases that natter cannot use.

use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use natter::{
    domain::Action,
    store::{self, Database, Error, MessageRetention, UserSearch},
};
use natter_test_support::Mongod;

use crate::members::{in_lobby, new_post, react};
use crate::support::{TestDatabase, add, email, id, name, new_user, revs};

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let database = TestDatabase::mongodb().await;
    database.open().await.close().await;
    let migrations = database.mongo().await.collection("migrations");
    migrations.insert_one(doc! { "_id": 99, "name": "from the future" }).await.unwrap();
    let refused = store::open_mongo(database.url()).await.err().unwrap().to_string();
    assert!(refused.contains("newer natter") && refused.contains("99"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_folds_the_accounts_of_older_versions_again() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    let mut user = new_user("ada", None);
    (user.name, user.email) = (name("ÄDA"), email("Ö@example.org"));
    store.create_user(user).await.unwrap();
    let mongo = database.mongo().await;
    let before = doc! { "$set": { "folded.name": "Äda" }, "$unset": { "folded.emailSearch": "" } };
    mongo.collection::<Document>("users").update_one(doc! {}, before).await.unwrap();
    mongo.collection::<Document>("migrations").delete_one(doc! { "_id": 3 }).await.unwrap();
    let found = async |store: &dyn Database, text: &str| {
        let search = UserSearch { text: text.to_owned(), limit: 10, ..UserSearch::default() };
        store.search_users(&search).await.unwrap().1
    };
    assert_eq!((found(store.as_ref(), "äda").await, found(store.as_ref(), "ö@").await), (0, 0));
    let store = database.open().await;
    assert_eq!((found(store.as_ref(), "äda").await, found(store.as_ref(), "ö@").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_users_of_another_application_is_refused() {
    let database = TestDatabase::mongodb().await;
    database.mongo().await.collection("users").insert_one(doc! { "userID": "ada", "messages": [] }).await.unwrap();
    let refused = store::open_mongo(database.url()).await.err().unwrap().to_string();
    assert!(refused.contains("did not write") && refused.contains("another database"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_validates_the_documents_of_users() {
    let database = TestDatabase::mongodb().await;
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let users = database.mongo().await.collection::<Document>("users");
    assert!(users.insert_one(doc! { "userID": "bob" }).await.is_err());
    assert!(users.update_one(doc! { "userID": "ada" }, doc! { "$set": { "role": "king" } }).await.is_err());
    assert!(store.user(&id("ada")).await.unwrap().unwrap().is_admin());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_replica_set_is_refused_with_a_remedy() {
    let (standalone, uninitiated) = (Mongod::start(&[]), Mongod::start(&["--replSet", "rs0"]));
    for (server, expected) in [(&standalone, "--replSet rs0"), (&uninitiated, "was not initiated yet")] {
        server.connect().await;
        let refused = store::open_mongo(&server.url("UsersData")).await.err().unwrap().to_string();
        assert!(refused.contains(expected) && refused.contains("rs.initiate()"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_server_is_reported_within_25_seconds() {
    let started = Instant::now();
    let refused = store::open_mongo("mongodb://127.0.0.1:1/UsersData").await.err().unwrap();
    assert!(matches!(refused, Error::Busy), "{refused:?}");
    // the driver's default limit is 30 s
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

/// A filter that a partial index cannot serve would read the whole log.
#[tokio::test(flavor = "multi_thread")]
async fn no_command_scans_the_log() {
    let database = TestDatabase::mongodb().await;
    let [ada, bob] = in_lobby(&database, ["ada", "bob"]).await;
    let mongo = database.mongo().await;
    mongo.run_command(doc! { "profile": 2 }).await.unwrap();
    let root = ada.post("root").await;
    let repeated = new_post("same", None);
    ada.change(repeated.clone()).await;
    assert!(ada.give(repeated).await.unwrap().repeat);
    let reply = bob.reply(&root, "reply").await;
    let edited = bob.edit(&reply, "edited reply").await;
    bob.edit(&edited, "edited again").await;
    ada.change(react(&root, "👍")).await;
    ada.change(Action::Pin { seq: 1 }).await;
    ada.change(Action::Delete { seq: 2 }).await;
    assert_eq!(ada.log().await.len(), 3);
    let (store, access) = (&ada.store, &ada.access);
    store.before(access, None, 10, Some(bob.user.key)).await.unwrap();
    store.around(access, 2, 10).await.unwrap();
    store.from(access, 1, 10).await.unwrap();
    store.message(access, 1).await.unwrap();
    assert_eq!(store.heads(&[access.room().clone()]).await.unwrap(), [Some(8)]);
    assert_eq!(store.reactions(access.room(), 0, 8).await.unwrap().unwrap().len(), 1);
    assert_eq!(store.thread(access, 1, None, 10).await.unwrap().messages.len(), 1);
    assert_eq!(store.pinned(access).await.unwrap().messages.len(), 1);
    bob.change(react(&root, "🎉")).await;
    ada.post("@bob and @room").await;
    assert_eq!((bob.mentions(10).await.len(), bob.summary().await.mentions), (1, 1));
    store.save(access, 1).await.unwrap();
    assert_eq!(store.saved_by(&ada.user, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.saved_among(access, &[1, 2]).await.unwrap(), [1]);
    store.latest(access, &[ada.user.key, bob.user.key], 10).await.unwrap();
    store.delete_user(bob.user.key, MessageRetention::Delete).await.unwrap();
    mongo.run_command(doc! { "profile": 0 }).await.unwrap();
    let profile = mongo.collection::<Document>("system.profile");
    let of = |name: &str, plan: &str| {
        doc! { "ns": format!("{}.{name}", mongo.name()), "planSummary": { "$regex": plan } }
    };
    let of_log = |plan: &str| of("log", plan);
    assert_eq!(profile.count_documents(of("saved", "COLLSCAN")).await.unwrap(), 0);
    assert!(profile.count_documents(of("saved", "IXSCAN")).await.unwrap() > 2);
    assert!(profile.count_documents(of_log("IXSCAN")).await.unwrap() > 10);
    let latest = doc! { "command.pipeline.2.$group.rev.$first": { "$in": ["$_id.rev", "$changed"] } };
    let mut latest = profile.find(latest).await.unwrap();
    for _ in 0..2 {
        assert!(latest.advance().await.unwrap());
        let read = latest.deserialize_current().unwrap();
        assert!(read.get_i32("keysExamined").unwrap() <= 2, "the last key of the room: {read:?}");
    }
    let scan = profile.find_one(of_log("COLLSCAN")).await.unwrap();
    assert!(scan.is_none(), "{scan:?}");
}

/// A process can end between the insert of a change and what is derived from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_not_derived_counts_for_the_head() {
    let database = TestDatabase::mongodb().await;
    let [ada] = in_lobby(&database, ["ada"]).await;
    let hello = ada.post("hello").await;
    ada.change(react(&hello, "👍")).await;
    let log = database.mongo().await.collection::<Document>("log");
    let mut change = log.find_one(doc! { "of": 1 }).await.unwrap().unwrap();
    change.insert("_id", doc! { "room": "lobby", "rev": 3_i64 });
    change.insert("emoji", "🐝");
    log.insert_one(change).await.unwrap();
    let heads = async || ada.store.heads(&[ada.room().clone()]).await.unwrap();
    assert_eq!(heads().await, [Some(3)]);
    assert_eq!(revs(&ada.log().await), [3], "reading derives it");
    assert_eq!(heads().await, [Some(3)]);
}
