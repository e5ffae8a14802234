//! The log of messages.

use std::sync::Arc;

use natter::{
    domain::{Action, Author, Command, Message, Role, RoomId, User, UserKey},
    store::{Error, MessageRetention, UserChanges},
};

use crate::support::{TestDatabase, add, lobby, name, new_user, post, post_many, revs, seqs, whole_log};

pub async fn seq_and_rev_start_at_one(database: &TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 0);
    assert!(whole_log(store.as_ref()).await.is_empty());
    let ada = add(store.as_ref(), "ada").await;
    let posted = post_many(store.as_ref(), &ada, 3).await;
    assert_eq!((seqs(&posted), revs(&posted)), (vec![1, 2, 3], vec![1, 2, 3]));
    assert_eq!(posted[2].author, Some(Author::from(&ada)));
    assert_eq!(posted[2].text(), Some("message 2"));
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 3);
    assert_eq!(whole_log(store.as_ref()).await, posted);
}

pub async fn concurrent_posts_leave_no_gap(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let access = lobby(store.as_ref(), &ada).await;
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (store, access) = (Arc::clone(&store), access.clone());
            tokio::spawn(async move {
                let mut last = 0;
                for n in 0..50 {
                    let done = store.change(&access, post(&format!("{writer}-{n}"), "hello")).await.unwrap();
                    assert!(!done.repeat && done.message.id.seq > last, "the posts of one writer are in order");
                    last = done.message.id.seq;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let log = whole_log(store.as_ref()).await;
    assert_eq!(revs(&log), (1..=800).collect::<Vec<_>>());
    assert_eq!(seqs(&log), revs(&log));
}

pub async fn a_repeat_returns_the_stored_message(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    let (of_ada, of_bob) = (lobby(store.as_ref(), &ada).await, lobby(store.as_ref(), &bob).await);
    let first = store.change(&of_ada, post("same", "first")).await.unwrap();
    store.change(&of_ada, post("other", "in between")).await.unwrap();
    let again = store.change(&of_ada, post("same", "changed my mind")).await.unwrap();
    assert!(!first.repeat && again.repeat);
    assert_eq!(again.message, first.message);
    let of_bob = store.change(&of_bob, post("same", "mine")).await.unwrap();
    assert_eq!((of_bob.repeat, of_bob.message.id.seq), (false, 3));
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 3, "a repeat takes no rev");
}

pub async fn concurrent_repeats_post_one_message(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let access = lobby(store.as_ref(), &ada).await;
    // mixed with other posts, so that repeats are in the middle of batches too
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let (store, access) = (Arc::clone(&store), access.clone());
            let client = if n % 2 == 0 { format!("same{}", n % 3) } else { format!("own{n}") };
            tokio::spawn(async move { store.change(&access, post(&client, "hello")).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += u64::from(!task.await.unwrap().repeat);
    }
    let log = whole_log(store.as_ref()).await;
    assert_eq!((new, revs(&log)), (33, (1..=33).collect::<Vec<_>>()));
}

pub async fn a_deleted_author_cannot_post(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    store.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    let unknown = User { key: UserKey::generate(), ..bob.clone() };
    for user in [bob, unknown] {
        let access = lobby(store.as_ref(), &user).await;
        let gone = store.change(&access, post("c1", "hello")).await.unwrap_err();
        assert!(matches!(gone, Error::NotFound), "{gone:?}");
    }
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), 0);
}

pub async fn changes_come_in_order_of_rev(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    post_many(store.as_ref(), &ada, 5).await;
    for (after, limit, expected, more) in [
        (0, 2, vec![1, 2], true),
        (2, 100, vec![3, 4, 5], false),
        (2, 3, vec![3, 4, 5], false),
        (5, 100, vec![], false),
        (u64::MAX, 100, vec![], false),
        (0, 0, vec![], true),
    ] {
        let chunk = store.changes(&RoomId::lobby(), after, limit).await.unwrap();
        assert_eq!((revs(&chunk.messages), chunk.has_more), (expected, more), "{after} {limit}");
    }
    let changes = UserChanges { name: Some(name("Ada L.")), ..UserChanges::default() };
    store.update_user(ada.key, changes).await.unwrap();
    let authors = store.changes(&RoomId::lobby(), 0, 1).await.unwrap().messages;
    assert_eq!(authors[0].author.as_ref().unwrap().name, "Ada L.", "with the author's present name");
}

pub async fn kept_messages_lose_their_author(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    let posted = post_many(store.as_ref(), &bob, 2).await;
    store.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    let page = store.before(&lobby(store.as_ref(), &bob).await, None, 5, Some(bob.key)).await.unwrap();
    let expected: Vec<_> = posted.into_iter().map(|message| Message { author: None, ..message }).collect();
    assert_eq!((page.messages, page.head), (expected, 2));
}

pub async fn deleted_messages_are_changes(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let bob = add(store.as_ref(), "bob").await;
    post_many(store.as_ref(), &bob, 2).await;
    post_many(store.as_ref(), &ada, 1).await;
    store.change(&lobby(store.as_ref(), &bob).await, post("last", "bye")).await.unwrap();
    store.delete_user(bob.key, MessageRetention::Delete).await.unwrap();
    let log = whole_log(store.as_ref()).await;
    assert_eq!((seqs(&log), revs(&log)), (vec![3, 1, 2, 4], vec![3, 5, 6, 7]));
    assert!(log[1..].iter().all(Message::is_deleted));
    let access = lobby(store.as_ref(), &ada).await;
    let page = store.before(&access, None, 10, None).await.unwrap();
    assert_eq!((seqs(&page.messages), page.head), (vec![3], 7));
    assert!(store.before(&access, None, 10, Some(bob.key)).await.unwrap().messages.is_empty());
    let next = store.change(&access, post("next", "hello")).await.unwrap().message;
    assert_eq!((next.id.seq, next.rev), (5, 8));
}

pub async fn concurrent_posts_and_deletions_leave_no_gap(database: &TestDatabase) {
    let store = database.open().await;
    add(store.as_ref(), "ada").await;
    let ada = store.create_user(new_user("writer", Some(Role::Member))).await.unwrap();
    let bob = add(store.as_ref(), "bob").await;
    post_many(store.as_ref(), &bob, 100).await;
    let of_ada = async { post_many(store.as_ref(), &ada, 100).await.len() };
    let access = lobby(store.as_ref(), &bob).await;
    let of_bob = async {
        for n in 0.. {
            if let Err(error) = store.change(&access, post(&format!("more{n}"), "still here")).await {
                assert!(matches!(error, Error::NotFound), "{error:?}");
                return n;
            }
        }
        0
    };
    let deleted = store.delete_user(bob.key, MessageRetention::Delete);
    let (posts, more, deleted) = tokio::join!(of_ada, of_bob, deleted);
    deleted.unwrap();
    let log = whole_log(store.as_ref()).await;
    assert!(
        log.iter().all(|message| message.text().is_some() == (message.author_key == ada.key)),
        "all messages of Bob are deleted"
    );
    let posted = log.len();
    assert!(posted >= 100 + posts + more);
    let mut all = seqs(&log);
    all.sort_unstable();
    assert_eq!(all, (1..=posted as u64).collect::<Vec<_>>());
    // each message of Bob took two revs: one for the post, one for the deletion
    let taken = (posts + 2 * (posted - posts)) as u64;
    assert_eq!(store.head(&RoomId::lobby()).await.unwrap(), taken);
}

pub async fn reopening_keeps_all_data(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let posted = post_many(store.as_ref(), &ada, 3).await;
    store.close().await;
    let store = database.open().await;
    assert_eq!(whole_log(store.as_ref()).await, posted);
    assert_eq!(store.users_after(None, 10).await.unwrap(), std::slice::from_ref(&ada));
    store.ping().await.unwrap();
    let access = lobby(store.as_ref(), &ada).await;
    let next = store.change(&access, post("next", "hello")).await.unwrap().message;
    assert_eq!((next.id.seq, next.rev), (4, 4));
    assert!(store.change(&access, post("c0", "again")).await.unwrap().repeat);
}

pub async fn an_unknown_room_is_refused(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, attic) = (add(store.as_ref(), "ada").await, RoomId::named("attic"));
    for refused in [
        store.access(&ada, &attic).await.map(drop),
        store.changes(&attic, 0, 5).await.map(drop),
        store.head(&attic).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::NoSuchRoom)), "{refused:?}");
    }
}

/// Each message has the number of texts up to it, in the room and of its author; deleted ones count.
pub async fn texts_are_counted(database: &TestDatabase) {
    let store = database.open().await;
    let (ada, bob) = (add(store.as_ref(), "ada").await, add(store.as_ref(), "bob").await);
    post_many(store.as_ref(), &ada, 2).await;
    post_many(store.as_ref(), &bob, 2).await;
    let of_ada = lobby(store.as_ref(), &ada).await;
    store.change(&of_ada, Command::new(Action::Delete { seq: 2 })).await.unwrap();
    let store = database.open().await;
    store.change(&of_ada, post("last", "hello")).await.unwrap();
    let mut log = whole_log(store.as_ref()).await;
    log.sort_by_key(|message| message.id.seq);
    let counts: Vec<_> = log.iter().map(|message| (message.room_texts, message.author_texts)).collect();
    assert_eq!(counts, [(1, 1), (2, 2), (3, 1), (4, 2), (5, 3)]);
    let last = store.message(&of_ada, 5).await.unwrap();
    assert_eq!(last.as_ref(), log.last());
    assert_eq!(store.message(&of_ada, 6).await.unwrap(), None);
}
