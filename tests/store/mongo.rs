//! What only a shared database has to keep: several processes at once, and clear words at start.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use mongodb::bson::{Document, doc};
use natter::{
    app::Server,
    cli::Cli,
    domain::{Role, Timestamp, TokenId},
    store::{self, Error, Event, MessageRetention, Store, UserChanges, UserSearch},
};
use serde_json::json;

use crate::{
    events::wait_for,
    follower::Follower,
    support::{Mongod, Place, add, email, hash, id, name, new_user, next, post, whole_log},
};

async fn open_all(place: &Place, count: usize) -> Vec<Arc<dyn Store>> {
    let mut stores = Vec::new();
    for _ in 0..count {
        stores.push(place.open().await);
    }
    stores
}

/// What one store takes from 64 writers, through the port.
async fn measure(place: &Place) {
    let store = place.open().await;
    let ada = add(store.as_ref(), "ada").await;
    let started = Instant::now();
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..100 {
                    store.post(post(ada.key, &format!("{writer}-{n}"), "hello")).await.unwrap();
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
async fn sixty_four_writers_on_mongodb() {
    measure(&Place::mongodb().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_on_the_embedded_database() {
    measure(&Place::embedded()).await;
}

/// Posts from every store at once; every store's reader must see 1, 2, 3 …
async fn post_from_all(place: &Place, stores: usize, writers: usize, each: usize) {
    let stores = open_all(place, stores).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let total = stores.len() * writers * each;
    let mut readers = Vec::new();
    for store in &stores {
        let mut follower = Follower::start(store).await;
        readers.push(tokio::spawn(async move { follower.reads(total as u64).await }));
    }
    let started = Instant::now();
    let mut tasks = Vec::new();
    for (s, store) in stores.iter().enumerate() {
        for w in 0..writers {
            let store = Arc::clone(store);
            tasks.push(tokio::spawn(async move {
                for n in 0..each {
                    // as a client does: on an overloaded machine an outcome may be unknown, and is asked for
                    let client = format!("{s}-{w}-{n}");
                    let mut tries = 0;
                    while let Err(error) = store.post(post(ada.key, &client, "hello")).await {
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
    assert!(log.iter().all(|message| message.seq == message.rev));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_gap_free_log() {
    post_from_all(&Place::mongodb().await, 2, 4, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_processes_post_ten_thousand_messages_without_a_gap() {
    post_from_all(&Place::mongodb().await, 4, 4, 625).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_at_another_process_is_known_for_one() {
    let stores = open_all(&Place::mongodb().await, 3).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    for n in 0..50 {
        let client = format!("c{n}");
        let posts = stores.iter().map(|store| store.post(post(ada.key, &client, "hello")));
        let done = futures_util::future::join_all(posts).await;
        let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|posted| !posted.repeat).count(), 1);
        assert!(done.iter().all(|posted| posted.message.seq == n + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_and_posts_of_several_processes_leave_no_gap() {
    let stores = open_all(&Place::mongodb().await, 3).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let mut leaving = Vec::new();
    for (n, store) in stores.iter().enumerate() {
        let user = add(store.as_ref(), &format!("leaving{n}")).await;
        for m in 0..40 {
            store.post(post(user.key, &format!("c{m}"), "soon gone")).await.unwrap();
        }
        leaving.push(user.key);
    }
    let mut follower = Follower::start(&stores[0]).await;
    let reading = tokio::spawn(async move { follower.reads(120 + 120 + 120).await });
    let mut tasks = Vec::new();
    for (n, (store, user)) in stores.iter().zip(leaving).enumerate() {
        let posting = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            for m in 0..40 {
                posting.post(post(ada.key, &format!("{n}-{m}"), "hello")).await.unwrap();
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
    assert!(log.iter().all(|message| message.text.is_some() == (message.author_key == ada.key)));
    let seen = reading.await.unwrap();
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_hear_of_account_changes() {
    let stores = open_all(&Place::mongodb().await, 2).await;
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
async fn a_post_at_one_process_is_told_of_by_the_other() {
    let stores = open_all(&Place::mongodb().await, 2).await;
    let ada = add(stores[0].as_ref(), "ada").await;
    let mut events = stores[1].events().unwrap();
    wait_for(&mut events, |event| matches!(event, Event::ExternalWrite).then_some(())).await;
    // each with its message, and not by being sent to look: that is what makes it quick. How quick, tests/bench says
    for n in 0..50_u64 {
        stores[0].post(post(ada.key, &format!("c{n}"), "hello")).await.unwrap();
        let told = next(&mut events).await;
        assert!(matches!(&told[..], [Event::Changed(_, message)] if message.seq == n + 1), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_of_two_processes_cannot_remove_each_other() {
    let stores = open_all(&Place::mongodb().await, 2).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn first_users_of_two_processes_bring_one_admin() {
    let place = Place::mongodb().await;
    let (one, two) = tokio::join!(place.open(), place.open());
    let (ada, bob) = tokio::join!(add(one.as_ref(), "ada"), add(two.as_ref(), "bob"));
    assert!(ada.is_admin() != bob.is_admin());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let place = Place::mongodb().await;
    place.open().await.close().await;
    let migrations = place.raw().await.collection("migrations");
    migrations.insert_one(doc! { "_id": 99, "name": "from the future" }).await.unwrap();
    let refused = store::open_mongo(place.url()).await.err().unwrap().to_string();
    assert!(refused.contains("newer natter") && refused.contains("99"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_an_earlier_natter_are_folded_anew() {
    let place = Place::mongodb().await;
    let store = place.open().await;
    let mut user = new_user("ada", None);
    (user.name, user.email) = (name("ÄDA"), email("Ö@example.org"));
    store.create_user(user).await.unwrap();
    let database = place.raw().await;
    let before = doc! { "$set": { "folded.name": "Äda" }, "$unset": { "folded.emailSearch": "" } };
    database.collection::<Document>("users").update_one(doc! {}, before).await.unwrap();
    database.collection::<Document>("migrations").delete_one(doc! { "_id": 3 }).await.unwrap();
    let found = async |store: &dyn Store, text: &str| {
        let search = UserSearch { text: text.to_owned(), limit: 10, ..UserSearch::default() };
        store.search_users(&search).await.unwrap().1
    };
    assert_eq!((found(store.as_ref(), "äda").await, found(store.as_ref(), "ö@").await), (0, 0));
    let store = place.open().await;
    assert_eq!((found(store.as_ref(), "äda").await, found(store.as_ref(), "ö@").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_another_application_are_not_mixed_with() {
    let place = Place::mongodb().await;
    place.raw().await.collection("users").insert_one(doc! { "userID": "ada", "messages": [] }).await.unwrap();
    let refused = store::open_mongo(place.url()).await.err().unwrap().to_string();
    assert!(refused.contains("did not write") && refused.contains("another database"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_what_has_not_the_shape() {
    let place = Place::mongodb().await;
    let store = place.open().await;
    add(store.as_ref(), "ada").await;
    let users = place.raw().await.collection::<Document>("users");
    assert!(users.insert_one(doc! { "userID": "bob" }).await.is_err());
    assert!(users.update_one(doc! { "userID": "ada" }, doc! { "$set": { "role": "king" } }).await.is_err());
    assert!(store.user(&id("ada")).await.unwrap().unwrap().is_admin());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_replica_set_is_told_how_to_become_one() {
    let (alone, without_members) = (Mongod::start(&[]), Mongod::start(&["--replSet", "rs0"]));
    for (server, expected) in [(&alone, "--replSet rs0"), (&without_members, "was not initiated yet")] {
        server.direct().await;
        let refused = store::open_mongo(&server.url("UsersData")).await.err().unwrap().to_string();
        assert!(refused.contains(expected) && refused.contains("rs.initiate()"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_not_waited_for_long() {
    let started = Instant::now();
    let refused = store::open_mongo("mongodb://127.0.0.1:1/UsersData").await.err().unwrap();
    assert!(matches!(refused, Error::Busy), "{refused:?}");
    // the driver's own limit is 30 s
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

/// Two whole natters on one database.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_at_one_natter_is_good_at_the_other() {
    let place = Place::mongodb().await;
    let start = || async {
        let line = ["natter", "--listen", "127.0.0.1:0", "--bcrypt-cost", "4", "--database", place.url()];
        let config = Cli::try_parse_from(line).ok().unwrap().config;
        Server::start(config).await.unwrap()
    };
    let (one, two) = tokio::join!(start(), start());
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
