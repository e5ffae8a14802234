//! A whole natter goes from one store to another.

use std::{sync::Arc, time::Duration};

use mongodb::bson::doc;
use natter::{
    domain::{Message, Role, Timestamp, TokenId, UserKey},
    store::{self, Location, MessageRetention, MongoUrl, Row, SessionRow, Store, Table, UserChanges},
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    store::{Place, add, hash, post, post_many, whole_log},
    support::{Natter, Old, Ran, address, key_of, log_of, natter},
};

const SESSION: [u8; 32] = [7; 32];
const TOKEN: TokenId = TokenId(Uuid::from_u128(42));

async fn copy(from: &Place, to: &Place) -> Ran {
    natter(&["copy", "--from", &address(from), "--to", &address(to)]).await
}

/// An admin, a new password, deleted messages and a deleted account, a session, a voided token; more
/// messages than are carried at once. Returns how many changes there were.
async fn fill(place: &Place) -> u64 {
    let store = place.open().await;
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

/// What a natter can tell of a place.
async fn contents(place: &Place) -> (Vec<Message>, Vec<natter::domain::User>, Option<SessionRow>) {
    let store = place.open().await;
    let log = whole_log(store.as_ref()).await;
    let users = store.users_after(None, 100).await.unwrap();
    let session = store.session(&SESSION).await.unwrap();
    store.close().await;
    (log, users, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_natter_goes_to_mongodb_and_back() {
    let (first, second, third) = (Place::embedded(), Place::mongodb().await, Place::embedded());
    let changes = fill(&first).await;
    let there = copy(&first, &second).await.ok();
    let back = copy(&second, &third).await.ok();
    for told in [
        "accounts       2\n",
        "messages       1208\n",
        "sessions       1\n",
        "voided tokens  1\n",
        "the same on both sides",
    ] {
        there.says(told);
        back.says(told);
    }
    assert_eq!(there.digest(), back.digest());
    let original = contents(&first).await;
    assert_eq!((original.0.len(), original.0.last().unwrap().rev), (1208, changes));
    assert_eq!((&original.1[0].version, original.1[0].role), (&2, Role::Admin));
    assert!(original.2.is_some());
    assert_eq!(contents(&second).await, original);
    assert_eq!(contents(&third).await, original);

    for place in [&second, &third] {
        let store = place.open().await;
        let ada = key_of(&store, "ada").await;
        assert!(store.authenticate(ada, 2, TokenId(Uuid::nil())).await.unwrap().is_some());
        assert!(store.authenticate(ada, 2, TOKEN).await.unwrap().is_none(), "a voided token stays void");
        let repeat = store.post(post(ada, "a0-7", "sent once more")).await.unwrap();
        assert!(repeat.repeat && repeat.message.text.as_deref() == Some("a0 7"), "client ids are known");
        let next = store.post(post(ada, "next", "goes on")).await.unwrap();
        assert_eq!((next.message.seq, next.message.rev), (1209, changes + 1));
        store.delete_user(key_of(&store, "dan").await, MessageRetention::Delete).await.unwrap();
        store.close().await;
        let natter = Natter::start(place).await;
        natter.stop().await;
    }
    assert_eq!(contents(&first).await, original, "the source is as it was");
}

/// No number may look free to a writer, also none that its message has moved on from.
#[tokio::test(flavor = "multi_thread")]
async fn in_mongodb_every_number_is_taken() {
    let (first, second) = (Place::embedded(), Place::mongodb().await);
    let changes = fill(&first).await as i64;
    copy(&first, &second).await.ok();
    let messages = second.raw().await.collection::<mongodb::bson::Document>("messages");
    let numbers = [
        doc! { "$unwind": "$revs" },
        doc! { "$group": { "_id": null, "all": { "$addToSet": "$revs" }, "count": { "$sum": 1 } } },
        doc! { "$set": { "all": { "$size": "$all" } } },
    ];
    let mut found = messages.aggregate(numbers).await.unwrap();
    assert!(found.advance().await.unwrap());
    let found = found.deserialize_current().unwrap();
    assert_eq!((found.get_i32("all").unwrap(), found.get_i32("count").unwrap()), (changes as i32, changes as i32));
    // a post is known by having had one number only (see `outbox::note`)
    let odd = doc! { "$expr": { "$ne": [{ "$size": "$revs" }, { "$cond": [{ "$gt": ["$message", null] }, 1, 2] }] } };
    assert_eq!(messages.count_documents(odd).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_can_be_copied_and_logged_in_to() {
    let (first, second) = (Place::mongodb().await, Place::embedded());
    Old::written_by_node().await.import_into(&first).await;
    copy(&first, &second).await.ok();
    assert_eq!(log_of(&first).await, log_of(&second).await);
    let natter = Natter::start(&second).await;
    let bob = natter.log_in("bob", "bob's long secret").await.expect("the password went along");
    assert_eq!(natter.post(&bob, "goes on").await, 10);
    natter.stop().await;
    // that natter has run on it, and so it is no place to copy to
    assert!(copy(&first, &second).await.refusal().contains("is not empty"));
}

async fn target(place: &Place) -> Arc<dyn Store> {
    let location = match place {
        Place::Embedded(dir) => Location::Embedded(dir.path().to_owned()),
        Place::MongoDb(url) => Location::Mongo(MongoUrl::parse(url).unwrap()),
    };
    store::open_target(&location).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_copy_is_no_natter_until_it_is_begun_anew() {
    let source = Place::embedded();
    fill(&source).await;
    for to in [Place::embedded(), Place::mongodb().await] {
        // as a kill in the middle leaves it
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
        assert!(copy(&to, &Place::embedded()).await.refusal().ends_with(refused), "nor is it one to copy from");
        copy(&source, &to).await.ok().says("messages       1208\n");
        assert_eq!(contents(&to).await, contents(&source).await);
    }
}

/// Whoever goes on writing while it is copied must not believe that all of it arrived.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_changes_meanwhile_is_told() {
    let (source, target) = (Place::embedded(), Place::embedded());
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
    let refused = refused.expect("it does not run after a source that grows as fast as it is read");
    let changed = format!("{} changed during the copy; stop what writes to it", address(&source));
    assert!(refused.err.contains(&changed), "{refused:?}");
    assert_eq!(refused.code, 1);
    let (flag, value) = crate::support::setting(&target);
    assert!(natter(&["user", "list", flag, &value]).await.refusal().contains("was not finished"));
    copy(&source, &target).await.ok();
    assert_eq!(contents(&target).await, contents(&source).await);
}
