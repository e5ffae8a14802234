//! `natter copy` from one store to another.

use std::{sync::Arc, time::Duration};

use mongodb::bson::doc;
use natter::{
    domain::{Message, Role, Timestamp, TokenId, UserKey},
    store::{self, Location, MessageRetention, MongoUrl, Row, SessionRow, Store, Table, UserChanges},
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    store::{TestDatabase, add, hash, post, post_many, whole_log},
    support::{CommandOutput, Natter, NodeDatabase, address, key_of, log_of, natter},
};

const SESSION: [u8; 32] = [7; 32];
const TOKEN: TokenId = TokenId(Uuid::from_u128(42));

async fn copy(from: &TestDatabase, to: &TestDatabase) -> CommandOutput {
    natter(&["copy", "--from", &address(from), "--to", &address(to)]).await
}

/// Fills a database with an admin, a changed password, deleted messages, a deleted account, a session, a revoked token,
/// and more messages than one batch. Returns the number of changes.
async fn fill(database: &TestDatabase) -> u64 {
    let store = database.open().await;
    let s = store.as_ref();
    let (ada, bob, cyd) = (add(s, "ada").await, add(s, "bob").await, add(s, "cyd").await);
    for round in 0..3 {
        post_many_as(s, &format!("a{round}"), ada.key, 250).await;
        post_many_as(s, &format!("b{round}"), bob.key, 150).await;
        s.post(post(cyd.key, &format!("c{round}"), "<b>two\nlines</b> 👋")).await.unwrap();
    }
    s.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    s.delete_user(cyd.key, MessageRetention::Keep).await.unwrap();
    post_many(s, ada.key, 5).await;
    s.update_user(ada.key, UserChanges { password: Some(hash("a new one")), ..UserChanges::default() }).await.unwrap();
    add(s, "dan").await;
    let later = Timestamp::now().plus_secs(3600);
    assert!(s.create_session(&SessionRow { id: SESSION, data: vec![1, 2, 255], expires: later }).await.unwrap());
    s.revoke_token(TOKEN, later).await.unwrap();
    s.close().await;
    3 * (250 + 150 + 1) + 450 + 5
}

async fn post_many_as(store: &dyn Store, prefix: &str, author: UserKey, count: u32) {
    for n in 0..count {
        store.post(post(author, &format!("{prefix}-{n}"), &format!("{prefix} {n}"))).await.unwrap();
    }
}

/// What a store returns about its data: the log, the users, the session.
async fn contents(database: &TestDatabase) -> (Vec<Message>, Vec<natter::domain::User>, Option<SessionRow>) {
    let store = database.open().await;
    let log = whole_log(store.as_ref()).await;
    let users = store.users_after(None, 100).await.unwrap();
    let session = store.session(&SESSION).await.unwrap();
    store.close().await;
    (log, users, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_mongodb_and_back_is_identical() {
    let (first, second, third) = (TestDatabase::embedded(), TestDatabase::mongodb().await, TestDatabase::embedded());
    let changes = fill(&first).await;
    let there = copy(&first, &second).await.ok();
    let back = copy(&second, &third).await.ok();
    for expected in [
        "accounts       2\n",
        "messages       1208\n",
        "sessions       1\n",
        "voided tokens  1\n",
        "the same on both sides",
    ] {
        there.says(expected);
        back.says(expected);
    }
    assert_eq!(there.digest(), back.digest());
    let original = contents(&first).await;
    assert_eq!((original.0.len(), original.0.last().unwrap().rev), (1208, changes));
    assert_eq!((&original.1[0].version, original.1[0].role), (&2, Role::Admin));
    assert!(original.2.is_some());
    assert_eq!(contents(&second).await, original);
    assert_eq!(contents(&third).await, original);

    for database in [&second, &third] {
        let store = database.open().await;
        let ada = key_of(&store, "ada").await;
        assert!(store.authenticate(ada, 2, TokenId(Uuid::nil())).await.unwrap().is_some());
        assert!(store.authenticate(ada, 2, TOKEN).await.unwrap().is_none(), "a revoked token stays revoked");
        let repeat = store.post(post(ada, "a0-7", "sent once more")).await.unwrap();
        assert!(repeat.repeat && repeat.message.text.as_deref() == Some("a0 7"), "client ids are copied");
        let next = store.post(post(ada, "next", "goes on")).await.unwrap();
        assert_eq!((next.message.seq, next.message.rev), (1209, changes + 1));
        store.delete_user(key_of(&store, "dan").await, MessageRetention::Delete).await.unwrap();
        store.close().await;
        let natter = Natter::start(database).await;
        natter.stop().await;
    }
    assert_eq!(contents(&first).await, original, "the source is unchanged");
}

/// No rev may look free to a writer, not even one that a later change of its message has replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_mongodb_uses_every_number_once() {
    let (first, second) = (TestDatabase::embedded(), TestDatabase::mongodb().await);
    let changes = fill(&first).await as i64;
    copy(&first, &second).await.ok();
    let messages = second.mongo().await.collection::<mongodb::bson::Document>("messages");
    let numbers = [
        doc! { "$unwind": "$revs" },
        doc! { "$group": { "_id": null, "all": { "$addToSet": "$revs" }, "count": { "$sum": 1 } } },
        doc! { "$set": { "all": { "$size": "$all" } } },
    ];
    let mut found = messages.aggregate(numbers).await.unwrap();
    assert!(found.advance().await.unwrap());
    let found = found.deserialize_current().unwrap();
    assert_eq!((found.get_i32("all").unwrap(), found.get_i32("count").unwrap()), (changes as i32, changes as i32));
    // a message that was only posted has one rev, a deleted one has two
    let odd = doc! { "$expr": { "$ne": [{ "$size": "$revs" }, { "$cond": [{ "$gt": ["$message", null] }, 1, 2] }] } };
    assert_eq!(messages.count_documents(odd).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_data_can_be_copied_and_its_users_log_in() {
    let (first, second) = (TestDatabase::mongodb().await, TestDatabase::embedded());
    NodeDatabase::written_by_node().await.import_into(&first).await;
    copy(&first, &second).await.ok();
    assert_eq!(log_of(&first).await, log_of(&second).await);
    let natter = Natter::start(&second).await;
    let bob = natter.log_in("bob", "bob's long secret").await.expect("the password is copied");
    assert_eq!(natter.post(&bob, "goes on").await, 10);
    natter.stop().await;
    // a natter has run on it, so it is no database to copy to
    assert!(copy(&first, &second).await.refusal().contains("is not empty"));
}

async fn target(database: &TestDatabase) -> Arc<dyn Store> {
    let location = match database {
        TestDatabase::Embedded(dir) => Location::Embedded(dir.path().to_owned()),
        TestDatabase::MongoDb(url) => Location::Mongo(MongoUrl::parse(url).unwrap()),
    };
    store::open_target(&location).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_copy_is_unusable_until_it_is_repeated() {
    let source = TestDatabase::embedded();
    fill(&source).await;
    for to in [TestDatabase::embedded(), TestDatabase::mongodb().await] {
        // the state after a kill during a copy
        let (from, half) = (source.open().await, target(&to).await);
        half.begin_copy().await.unwrap();
        for table in [Table::Accounts, Table::Messages] {
            let rows: Vec<Row> = from.rows(table, None, 500).await.unwrap();
            half.insert_rows(rows).await.unwrap();
        }
        from.close().await;
        half.close().await;

        let (flag, value) = crate::support::setting(&to);
        let refused = "a natter copy into it was not finished; run the same command again to start over";
        for args in [&["--listen", "127.0.0.1:0"][..], &["user", "list"]] {
            let line = natter(&[args, &[flag, &value]].concat()).await.refusal();
            assert!(line.ends_with(refused), "{line}");
        }
        assert!(
            copy(&to, &TestDatabase::embedded()).await.refusal().ends_with(refused),
            "it cannot be copied from either"
        );
        copy(&source, &to).await.ok().says("messages       1208\n");
        assert_eq!(contents(&to).await, contents(&source).await);
    }
}

/// If the source is written to during a copy, the copy must not look complete.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_changes_during_a_copy_is_reported() {
    let (source, target) = (TestDatabase::embedded(), TestDatabase::embedded());
    fill(&source).await;
    let store = source.open().await;
    let ada = key_of(&store, "ada").await;
    let writing = tokio::spawn(async move {
        for n in 0.. {
            store.post(post(ada, &format!("on-{n}"), "on and on")).await.unwrap();
        }
    });
    let refused = timeout(Duration::from_secs(60), copy(&source, &target)).await;
    writing.abort();
    let refused = refused.expect("a copy ends even if the source grows as fast as it is read");
    let changed = format!("{} changed during the copy; stop what writes to it", address(&source));
    assert!(refused.err.contains(&changed), "{refused:?}");
    assert_eq!(refused.code, 1);
    let (flag, value) = crate::support::setting(&target);
    assert!(natter(&["user", "list", flag, &value]).await.refusal().contains("was not finished"));
    copy(&source, &target).await.ok();
    assert_eq!(contents(&target).await, contents(&source).await);
}
