//! Several processes on one MongoDB database.

use std::{sync::Arc, time::Instant};

use clap::Parser;
use natter::{
    app::Server,
    cli::Cli,
    domain::{Role, Timestamp, TokenId},
    store::{Database, Event, MessageRetention, UserChanges},
};
use serde_json::json;

use crate::{
    events::wait_for,
    subscriber::Subscriber,
    support::{TestDatabase, add, hash, lobby, name, new_user, next, post, post_many, whole_log},
};

async fn open_all(database: &TestDatabase, count: usize) -> Vec<Arc<dyn Database>> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(database.open().await);
    }
    stores
}

/// Posts from 64 writers and prints the rate.
async fn post_from_64_writers(database: &TestDatabase) {
    let store = database.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let ada = lobby(store.as_ref(), &ada).await;
    let started = Instant::now();
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let (store, ada) = (Arc::clone(&store), ada.clone());
            tokio::spawn(async move {
                for n in 0..100 {
                    store.change(&ada, post(&format!("{writer}-{n}"), "hello")).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    println!("64 writers: {:.0} posts/s", 6400.0 / started.elapsed().as_secs_f64());
    assert_eq!(store.head(&natter::domain::RoomId::lobby()).await.unwrap(), 6400);
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_accepts_posts_of_64_writers() {
    post_from_64_writers(&TestDatabase::mongodb().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_database_accepts_posts_of_64_writers() {
    post_from_64_writers(&TestDatabase::embedded()).await;
}

/// Posts from every store at once; a subscriber of each store must receive 1, 2, 3 …
async fn post_from_all(database: &TestDatabase, stores: usize, writers: usize, each: usize) {
    let stores = open_all(database, stores).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let ada = lobby(stores[0].as_ref(), &ada).await;
    let total = stores.len() * writers * each;
    let mut readers = Vec::new();
    for store in &stores {
        let mut subscriber = Subscriber::start(store, &ada).await;
        readers.push(tokio::spawn(async move { subscriber.read_up_to(total as u64).await }));
    }
    let started = Instant::now();
    let mut tasks = Vec::new();
    for (s, store) in stores.iter().enumerate() {
        for w in 0..writers {
            let (store, ada) = (Arc::clone(store), ada.clone());
            tasks.push(tokio::spawn(async move {
                for n in 0..each {
                    // retries like a client: on an overloaded machine the outcome of a post may be unknown
                    let client = format!("{s}-{w}-{n}");
                    let mut tries = 0;
                    while let Err(error) = store.change(&ada, post(&client, "hello")).await {
                        tries += 1;
                        assert!(tries < 5, "{error}");
                    }
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    let took = started.elapsed();
    println!("{total} messages from {} stores: {:.0}/s", stores.len(), total as f64 / took.as_secs_f64());
    let expected: Vec<u64> = (1..=total as u64).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), expected);
    }
    let log = whole_log(stores[0].as_ref()).await;
    assert_eq!(log.iter().map(|message| message.rev).collect::<Vec<_>>(), expected);
    assert!(log.iter().all(|message| message.id.seq == message.rev));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_write_one_gap_free_log() {
    post_from_all(&TestDatabase::mongodb().await, 2, 4, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_post_ten_thousand_messages_without_a_gap() {
    post_from_all(&TestDatabase::mongodb().await, 4, 4, 625).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_at_another_process_is_recognized() {
    let stores = open_all(&TestDatabase::mongodb().await, 3).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let ada = lobby(stores[0].as_ref(), &ada).await;
    for n in 0..50 {
        let client = format!("c{n}");
        let posts = stores.iter().map(|store| store.change(&ada, post(&client, "hello")));
        let done = futures_util::future::join_all(posts).await;
        let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|posted| !posted.repeat).count(), 1);
        assert!(done.iter().all(|posted| posted.message.id.seq == n + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_and_deletions_of_several_processes_leave_no_gap() {
    let stores = open_all(&TestDatabase::mongodb().await, 3).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let mut leaving = Vec::new();
    for (n, store) in stores.iter().enumerate() {
        let user = add(store.as_ref(), &format!("leaving{n}")).await;
        post_many(store.as_ref(), &user, 40).await;
        leaving.push(user.key);
    }
    let mut subscriber = Subscriber::start(&stores[0], &lobby(stores[0].as_ref(), &ada).await).await;
    let reading = tokio::spawn(async move { subscriber.read_up_to(120 + 120 + 120).await });
    let mut tasks = Vec::new();
    for (n, (store, user)) in stores.iter().zip(leaving).enumerate() {
        let posting = Arc::clone(store);
        let access = lobby(store.as_ref(), &ada).await;
        tasks.push(tokio::spawn(async move {
            for m in 0..40 {
                posting.change(&access, post(&format!("{n}-{m}"), "hello")).await.unwrap();
            }
        }));
        let deleting = Arc::clone(store);
        tasks.push(tokio::spawn(async move { deleting.delete_user(user, MessageRetention::Delete).await.unwrap() }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let log = whole_log(stores[1].as_ref()).await;
    assert_eq!((log.len(), log.last().unwrap().rev), (240, 360));
    assert!(log.iter().all(|message| message.text().is_some() == (message.author_key == ada.key)));
    let seen = reading.await.unwrap();
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn account_changes_are_announced_to_other_processes() {
    let stores = open_all(&TestDatabase::mongodb().await, 2).await;
    let [here, there] = [&stores[0], &stores[1]];
    add(here.as_ref(), "ada").await;
    let bob = add(here.as_ref(), "bob").await;
    let mut events = there.events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    let token = TokenId::generate();

    let changes = UserChanges { name: Some(name("Bobby")), ..UserChanges::default() };
    here.update_user(bob.key, changes).await.unwrap();
    let renamed = |event: &Event| matches!(event, Event::UserChanged { name, .. } if name.as_str() == "Bobby");
    wait_for(&mut events, |event| renamed(event).then_some(())).await;
    here.revoke_token(token, Timestamp::now().plus_secs(60)).await.unwrap();
    wait_for(&mut events, |event| matches!(event, Event::TokenRevoked(id) if *id == token).then_some(())).await;
    let revoked = |event: &Event| matches!(event, Event::UserRevoked { key, .. } if *key == bob.key).then_some(());
    let changes = UserChanges { password: Some(hash("new")), ..UserChanges::default() };
    here.update_user(bob.key, changes).await.unwrap();
    wait_for(&mut events, revoked).await;
    here.delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    wait_for(&mut events, revoked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_announced_with_its_message_to_other_processes() {
    let stores = open_all(&TestDatabase::mongodb().await, 2).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let mut events = stores[1].events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    let ada = lobby(stores[0].as_ref(), &ada).await;
    // each event contains the message, so that the other process need not read it
    for n in 0..50_u64 {
        stores[0].change(&ada, post(&format!("c{n}"), "hello")).await.unwrap();
        let batch = loop {
            let mut batch = next(&mut events).await;
            // the author's mark moves, too
            batch.retain(|event| !matches!(event, Event::MembershipChanged { .. }));
            if !batch.is_empty() {
                break batch;
            }
        };
        assert!(matches!(&batch[..], [Event::Changed { message, .. }] if message.id.seq == n + 1), "{batch:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_that_is_changed_at_one_process_is_announced_at_the_other() {
    let stores = open_all(&TestDatabase::mongodb().await, 2).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let mut events = stores[1].events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    let access = lobby(stores[0].as_ref(), &ada).await;
    for n in 0..3_u64 {
        stores[0].set_starred(&access, n % 2 == 0).await.unwrap();
        wait_for(&mut events, |event| match event {
            Event::MembershipChanged { room, user } => (room == access.room() && *user == ada.key).then_some(()),
            _ => None,
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_of_two_processes_cannot_remove_each_other() {
    let stores = open_all(&TestDatabase::mongodb().await, 2).await;
    let ada = stores[0].create_user(new_user("ada", Some(Role::Admin))).await.unwrap();
    let member = || UserChanges { role: Some(Role::Member), ..UserChanges::default() };
    for round in 0..10 {
        let bob = stores[0].create_user(new_user(&format!("bob{round}"), Some(Role::Admin))).await.unwrap();
        let (one, two) =
            tokio::join!(stores[0].update_user(ada.key, member()), stores[1].update_user(bob.key, member()));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let admin = UserChanges { role: Some(Role::Admin), ..UserChanges::default() };
        stores[0].update_user(ada.key, admin).await.unwrap();
        stores[1].delete_user(bob.key, MessageRetention::Keep).await.unwrap();
    }
}

/// Each of them takes the steps to the latest schema, and reserves the name of the lobby.
#[tokio::test(flavor = "multi_thread")]
async fn many_processes_open_a_new_database_at_once() {
    for _ in 0..5 {
        let database = TestDatabase::mongodb().await;
        futures_util::future::join_all((0..8).map(|_| database.open())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_first_users_of_two_processes_is_an_admin() {
    let database = TestDatabase::mongodb().await;
    let (one, two) = tokio::join!(database.open(), database.open());
    let (ada, bob) = tokio::join!(add(one.as_ref(), "ada"), add(two.as_ref(), "bob"));
    assert!(ada.is_admin() != bob.is_admin());
}

/// Two natter servers on one database.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_one_process_is_valid_at_another() {
    let database = TestDatabase::mongodb().await;
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let start = async |dir: &tempfile::TempDir| {
        let arguments = ["natter", "--listen", "127.0.0.1:0", "--bcrypt-cost", "4", "--database", database.url()];
        let dir = ["--data-dir", dir.path().to_str().unwrap()];
        let config = Cli::try_parse_from(arguments.into_iter().chain(dir)).ok().unwrap().config;
        Server::start(config).await.unwrap()
    };
    let (one, two) = tokio::join!(start(&dirs[0]), start(&dirs[1]));
    let (here, there) = (format!("http://{}", one.address()), format!("http://{}", two.address()));
    let http = reqwest::Client::new();
    let account = json!({
        "userID": "ada", "name": "Ada", "email": "ada@example.org", "phone": "", "password": "correct horse battery",
    });
    let created = http.post(format!("{here}/api/users")).json(&account).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let login = json!({ "userID": "ada", "password": "correct horse battery" });
    let login = http.post(format!("{here}/api/login")).json(&login).send().await.unwrap();
    let login: serde_json::Value = login.json().await.unwrap();
    let token = login["jwtToken"].as_str().unwrap();
    let message = json!({ "message": "hello", "clientID": "c1" });
    let sent = http.post(format!("{there}/api/messages")).bearer_auth(token).json(&message).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    let read = http.get(format!("{here}/api/messages")).bearer_auth(token).send().await.unwrap();
    assert!(read.text().await.unwrap().contains("hello"));
    tokio::join!(one.stop(), two.stop());
}
