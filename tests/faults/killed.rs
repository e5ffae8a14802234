//! Servers that are killed under load.

use std::time::{Duration, Instant};

use natter::{
    domain::{ClientId, Command, Email, Name, Phone, RoomId, Text, UserId},
    store::{self, Error, NewUser, PasswordHash},
};
use natter_test_support::ReplicaSet;

use crate::support::{Clients, Natter, TcpProxy, Verdict, fold, read_log};

/// Messages that are acknowledged before a fault, and after it.
const MESSAGES: usize = 200;

async fn assert_clean(fault: &str, verdict: &Verdict, natter: &Natter, set: &ReplicaSet) {
    let Verdict { readers, longest_pause, .. } = verdict;
    println!("{fault}: {}; {readers} readers, pause {longest_pause:?}", verdict.summary());
    assert!(
        verdict.is_clean(),
        "{}; {} clients did not stop; {:#?}",
        verdict.summary(),
        verdict.unfinished,
        verdict.examples
    );
    let fold = fold(&read_log(&set.url("UsersData")).await);
    assert!(fold.errors.is_empty(), "{fold:#?}");
    // the change stream was resumed: a process that lost its position reads every room and checks every grant again
    let log = natter.log();
    assert!(!log.contains("not resumable"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_if_the_primary_of_three_is_killed() {
    let set = ReplicaSet::start(3, &[]).await;
    let natter = Natter::start(&set.url("UsersData"));
    let clients = Clients::start(&[&natter], 12, Duration::from_millis(50)).await;
    clients.wait_for_acknowledgements(MESSAGES, Duration::from_secs(30)).await;
    let killed = Instant::now();
    set.members[set.primary().await].signal("KILL");
    // messages that the primary had committed may still be acknowledged
    tokio::time::sleep(Duration::from_secs(1)).await;
    clients.wait_for_acknowledgements(1, Duration::from_secs(20)).await;
    assert!(killed.elapsed() < Duration::from_secs(20), "acknowledged again after {:?}", killed.elapsed());
    clients.wait_for_acknowledgements(MESSAGES, Duration::from_secs(30)).await;
    assert_clean("primary killed", &clients.finish(&natter).await, &natter, &set).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_if_mongod_is_killed_and_started_again() {
    let mut set = ReplicaSet::of_one().await;
    let natter = Natter::start(&set.url("UsersData"));
    let other = Natter::start(&set.url("UsersData"));
    let clients = Clients::start(&[&natter, &other], 12, Duration::from_millis(50)).await;
    clients.wait_for_acknowledgements(MESSAGES, Duration::from_secs(30)).await;
    set.members[0].signal("KILL");
    tokio::time::sleep(Duration::from_secs(1)).await;
    set.members[0].start_again();
    clients.wait_for_acknowledgements(MESSAGES, Duration::from_secs(30)).await;
    // and once more with a regular stop
    set.members[0].start_again();
    clients.wait_for_acknowledgements(MESSAGES, Duration::from_secs(30)).await;
    assert_clean("mongod restarted", &clients.finish(&natter).await, &natter, &set).await;
}

/// A script would post again after "Nothing was changed", and the message would be there twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_whose_response_is_lost_is_not_reported_as_not_done() {
    let set = ReplicaSet::of_one().await;
    let proxy = TcpProxy::start(set.members[0].port).await;
    let proxied =
        format!("mongodb://127.0.0.1:{}/UsersData?directConnection=true&serverSelectionTimeoutMS=1000", proxy.port);
    let direct = store::open_mongo(&set.url("UsersData")).await.unwrap();
    let proxied = store::open_mongo(&proxied).await.unwrap();
    let user = NewUser {
        user_id: UserId::parse("ada").unwrap(),
        name: Name::parse("Ada").unwrap(),
        email: Email::parse("ada@example.org").unwrap(),
        phone: Phone::parse("112").unwrap(),
        password: PasswordHash("none".into()),
        role: None,
        entry: None,
    };
    let ada = direct.create_user(user).await.unwrap();
    let post = |text: &str| Command::post(ClientId::generate(), Text::parse(text).unwrap());
    let ada = proxied.access(&ada, &RoomId::lobby()).await.unwrap();
    proxied.change(&ada, post("before")).await.unwrap();
    proxy.break_after_insert();
    let lost = proxied.change(&ada, post("lost")).await.unwrap_err();
    let log = direct.changes(&RoomId::lobby(), 1, 10).await.unwrap().messages;
    let texts: Vec<_> = log.iter().map(|message| message.text()).collect();
    assert_eq!(texts, [Some("lost")], "MongoDB has the message");
    assert!(matches!(lost, Error::Failed(_)), "{lost:?}");
}
