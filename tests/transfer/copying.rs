//! `natter copy` from one store to another.

use std::{sync::Arc, time::Duration};

use mongodb::bson::doc;
use natter::{
    domain::{Action, Command, Level, ReadMark, Role, RoomAction, RoomKind, RoomName, Theme, TokenId},
    store::{self, Database, Location, MessageRetention, MongoUrl, NewRoom, Row, Table},
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    filling::{IN_LOBBY, IN_ROOMS, TOKEN, contents, fill, reply},
    store::{TestDatabase, add, lobby, post},
    support::{CommandOutput, Natter, NodeDatabase, address, log_of, natter, user},
};

pub async fn copy(from: &TestDatabase, to: &TestDatabase) -> CommandOutput {
    natter(&["copy", "--from", &address(from), "--to", &address(to)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_mongodb_and_back_is_identical() {
    let (first, second, third) = (TestDatabase::embedded(), TestDatabase::mongodb().await, TestDatabase::embedded());
    let changes = fill(&first).await;
    let there = copy(&first, &second).await.ok();
    let back = copy(&second, &third).await.ok();
    assert_eq!(there.digest(), back.digest());
    for copied in [there, back] {
        assert_copied(&copied);
    }
    let original = contents(&first).await;
    assert_eq!(contents(&second).await, original);
    assert_eq!(contents(&third).await, original);
    for database in [&second, &third] {
        assert_continues(database, changes).await;
    }
    assert_eq!(contents(&first).await, original, "the source is unchanged");
}

/// The part of the test above that needs no MongoDB.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_to_another_directory_is_identical() {
    let (first, second) = (TestDatabase::embedded(), TestDatabase::embedded());
    let changes = fill(&first).await;
    assert_copied(&copy(&first, &second).await.ok());
    let original = contents(&first).await;
    assert_eq!(original.log.len() as u64, IN_LOBBY + IN_ROOMS);
    assert_eq!((&original.users[0].version, original.users[0].role), (&2, Role::Admin));
    assert!(original.session.is_some());
    assert_eq!(original.mentions.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0], "of dan");
    assert_eq!((original.users[1].settings.theme, original.users[0].settings.theme), (Theme::Dark, Theme::Auto));
    assert_eq!(original.saved.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0]);
    assert_eq!(original.linked.as_ref().map(|user| user.key), Some(original.users[1].key));
    assert!(original.users[2].disabled && original.audit.len() == 2);
    assert_eq!(contents(&second).await, original);
    assert_continues(&second, changes).await;
}

/// A direct room is found by all that it was created for, also by those whose account is deleted. And a room can have the
/// name that the lobby of every new database has.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_keeps_who_a_direct_room_is_of_and_names_that_the_lobby_gave_up() {
    let (first, second, third) = (TestDatabase::embedded(), TestDatabase::mongodb().await, TestDatabase::embedded());
    let store = first.open().await;
    let s = store.as_ref();
    let (ada, bob) = (add(s, "ada").await, add(s, "bob").await);
    let new = |kind, name: &str, members| NewRoom {
        kind,
        name: name.to_owned(),
        topic: String::new(),
        owner: ada.key,
        members,
    };
    let of_both = s.create_room(new(RoomKind::Direct, "", vec![bob.key])).await.unwrap().id;
    let own = s.create_room(new(RoomKind::Direct, "", Vec::new())).await.unwrap().id;
    s.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    let rename = RoomAction::Rename(RoomName::parse("Hall").unwrap());
    s.change(&lobby(s, &ada).await, Command::new(Action::Room(rename))).await.unwrap();
    s.create_room(new(RoomKind::Open, "Lobby", Vec::new())).await.unwrap();
    s.close().await;

    copy(&first, &second).await.ok();
    copy(&second, &third).await.ok();
    for database in [&second, &third] {
        let store = database.open().await;
        assert_eq!(store.direct_room(&[ada.key, bob.key]).await.unwrap().unwrap().id, of_both);
        assert_eq!(store.direct_room(&[ada.key]).await.unwrap().unwrap().id, own);
        let taken = store.create_room(new(RoomKind::Open, "lobby", Vec::new())).await.unwrap_err();
        assert!(matches!(taken, store::Error::Conflict(store::Conflict::RoomNameTaken)), "{taken:?}");
        store.close().await;
    }
}

fn assert_copied(copied: &CommandOutput) {
    let messages = format!("messages       {}\n", IN_LOBBY + IN_ROOMS);
    for expected in [
        "accounts       3\n",
        "rooms          3\n",
        "memberships    4\n",
        messages.as_str(),
        "saved messages 3\n",
        "sessions       1\n",
        "voided tokens  1\n",
        "audit entries  2\n",
        "the same on both sides",
    ] {
        copied.says(expected);
    }
}

/// Asserts that a copy of [`fill`] is used as the original would be: its log ends at the number `changes`.
async fn assert_continues(database: &TestDatabase, changes: u64) {
    let store = database.open().await;
    let ada = user(store.as_ref(), "ada").await;
    assert!(store.authenticate(ada.key, 2, TokenId(Uuid::nil())).await.unwrap().is_some());
    assert!(store.authenticate(ada.key, 2, TOKEN).await.unwrap().is_none(), "a revoked token stays revoked");
    let access = lobby(store.as_ref(), &ada).await;
    let repeat = store.change(&access, post("a0-7", "sent once more")).await.unwrap();
    assert!(repeat.repeat && repeat.message.text() == Some("a0 7"), "client ids are copied");
    let next = store.change(&access, post("next", "goes on")).await.unwrap().message;
    assert_eq!((next.seq(), next.rev), (IN_LOBBY + 1, changes + 1));
    let expected = (IN_LOBBY + 1, 750 + 1 + 5 + 1); // every message is a text
    assert_eq!((next.room_texts, next.author_texts), expected);
    let root = store.change(&access, reply("r", 1)).await.unwrap().message.root;
    assert_eq!(store.message(&access, root.unwrap()).await.unwrap().unwrap().replies, 3);
    let dan = user(store.as_ref(), "dan").await;
    let rooms = store.rooms_of(&dan, None, 10).await.unwrap();
    let own = rooms[0].own.unwrap();
    assert_eq!((own.level, own.starred, own.mark), (Level::Hidden, true, ReadMark { seq: 7, version: 1 }));
    store.delete_user(dan.key, MessageRetention::Delete).await.unwrap();
    store.close().await;
    Natter::start(database).await.stop().await;
}

/// A copied message has its text once: a deletion leaves none.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_text_can_be_deleted_on_mongodb() {
    let (first, second) = (TestDatabase::embedded(), TestDatabase::mongodb().await);
    let changes = fill(&first).await;
    copy(&first, &second).await.ok();
    let store = second.open().await;
    let access = lobby(store.as_ref(), &user(store.as_ref(), "ada").await).await;
    let log = second.mongo().await.collection::<mongodb::bson::Document>("log");
    let edited = doc! { "message": "edited for @cyd and @room", "_id.room": "lobby" };
    assert!(log.count_documents(edited.clone()).await.unwrap() > 0);
    let deleted = store.change(&access, Command::new(Action::Delete { seq: 1 })).await.unwrap();
    assert_eq!(deleted.message.rev, changes + 1);
    assert_eq!(log.count_documents(edited).await.unwrap(), 0);
    store.close().await;
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

async fn target(database: &TestDatabase) -> Arc<dyn Database> {
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
        for table in [Table::Accounts, Table::Rooms, Table::Members, Table::Messages] {
            let rows: Vec<Row> = from.rows(table, None, 500).await.unwrap();
            half.insert_rows(rows).await.unwrap();
        }
        from.close().await;
        half.close().await;

        let (flag, value) = crate::support::setting(&to);
        let refused = "a natter copy or restore into it was not finished; run the same command again to start over";
        for args in [&["--listen", "127.0.0.1:0"][..], &["user", "list"]] {
            let line = natter(&[args, &[flag, &value]].concat()).await.refusal();
            assert!(line.ends_with(refused), "{line}");
        }
        assert!(
            copy(&to, &TestDatabase::embedded()).await.refusal().ends_with(refused),
            "it cannot be copied from either"
        );
        copy(&source, &to).await.ok().says(&format!("messages       {}\n", IN_LOBBY + IN_ROOMS));
        assert_eq!(contents(&to).await, contents(&source).await);
    }
}

/// If the source is written to during a copy, the copy must not look complete.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_changes_during_a_copy_is_reported() {
    let (source, target) = (TestDatabase::embedded(), TestDatabase::embedded());
    fill(&source).await;
    let store = source.open().await;
    let access = lobby(store.as_ref(), &user(store.as_ref(), "ada").await).await;
    let writing = tokio::spawn(async move {
        for n in 0.. {
            store.change(&access, post(&format!("on-{n}"), "on and on")).await.unwrap();
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
