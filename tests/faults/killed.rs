//! Servers that end in the middle of things.

use std::time::{Duration, Instant};

use natter::{
    domain::{ClientId, Email, Name, Phone, Post, RoomId, Text, Timestamp, UserId},
    store::{self, Error, NewUser, PasswordHash},
};

use crate::support::{Crowd, Line, Natter, ReplicaSet, Verdict};

/// Messages let through before and after.
const ENOUGH: usize = 200;

fn check(what: &str, verdict: &Verdict, natter: &Natter) {
    let Verdict { acknowledged, readers, longest_pause, .. } = verdict;
    println!("{what}: {}; {acknowledged} acknowledged, {readers} readers, {longest_pause:?} without", verdict.line());
    assert!(verdict.is_clean(), "{}; {} clients never finished", verdict.line(), verdict.unfinished);
    // the change stream was resumed; who has to look for themselves asks for every socket's grant, too
    let log = natter.log();
    assert!(!log.contains("not resumable"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_of_three_is_killed_under_load() {
    let set = ReplicaSet::start(3, &[]).await;
    let natter = Natter::start(&set.url("UsersData"));
    let crowd = Crowd::start(&[&natter], 12, Duration::from_millis(50)).await;
    crowd.gets_through(ENOUGH, Duration::from_secs(30)).await;
    let killed = Instant::now();
    set.members[set.primary().await].signal("KILL");
    // what was on its way may still be acknowledged
    tokio::time::sleep(Duration::from_secs(1)).await;
    crowd.gets_through(1, Duration::from_secs(20)).await;
    assert!(killed.elapsed() < Duration::from_secs(20), "back after {:?}", killed.elapsed());
    crowd.gets_through(ENOUGH, Duration::from_secs(30)).await;
    check("primary killed", &crowd.finish(&natter).await, &natter);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongod_is_killed_and_started_again_under_load() {
    let mut set = ReplicaSet::of_one().await;
    let natter = Natter::start(&set.url("UsersData"));
    let other = Natter::start(&set.url("UsersData"));
    let crowd = Crowd::start(&[&natter, &other], 12, Duration::from_millis(50)).await;
    crowd.gets_through(ENOUGH, Duration::from_secs(30)).await;
    set.members[0].signal("KILL");
    tokio::time::sleep(Duration::from_secs(1)).await;
    set.members[0].start_again();
    crowd.gets_through(ENOUGH, Duration::from_secs(30)).await;
    // and in good order
    set.members[0].start_again();
    crowd.gets_through(ENOUGH, Duration::from_secs(30)).await;
    check("mongod restarted", &crowd.finish(&natter).await, &natter);
}

/// "Nothing was changed" would have a script post it twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_whose_outcome_is_lost_with_the_line_is_not_said_to_be_none() {
    let set = ReplicaSet::of_one().await;
    let line = Line::to(set.members[0].port).await;
    let far =
        format!("mongodb://127.0.0.1:{}/UsersData?directConnection=true&serverSelectionTimeoutMS=1000", line.port);
    let near = store::open_mongo(&set.url("UsersData")).await.unwrap();
    let far = store::open_mongo(&far).await.unwrap();
    let user = NewUser {
        user_id: UserId::parse("ada").unwrap(),
        name: Name::parse("Ada").unwrap(),
        email: Email::parse("ada@example.org").unwrap(),
        phone: Phone::parse("112").unwrap(),
        password: PasswordHash("none".into()),
        role: None,
    };
    let ada = near.create_user(user).await.unwrap();
    let post = |text: &str| Post {
        room: RoomId::lobby(),
        author: ada.key,
        client: ClientId::generate(),
        text: Text::parse(text).unwrap(),
        at: Timestamp::now(),
    };
    far.post(post("before")).await.unwrap();
    line.break_at_insert();
    let lost = far.post(post("lost")).await.unwrap_err();
    let log = near.changes(&RoomId::lobby(), 1, 10).await.unwrap().messages;
    assert_eq!(log.iter().map(|message| message.text.as_deref()).collect::<Vec<_>>(), [Some("lost")], "it is there");
    assert!(matches!(lost, Error::Failed(_)), "{lost:?}");
}
