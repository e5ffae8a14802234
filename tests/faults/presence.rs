//! Who is here is one list, wherever the tabs are and however a process ends.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::support::{Natter, ReplicaSet, Socket};

/// Longest until a notice is there: somebody who left is waited for some seconds, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// In which whatever should not have followed would.
const MOMENT: Duration = Duration::from_secs(2);

/// What a socket is told of people coming and going until `enough`, at most for `patience`, and a moment after it.
async fn notices(socket: &mut Socket, patience: Duration, enough: impl Fn(&str) -> bool) -> Vec<String> {
    let (mut until, mut notices, mut found) = (Instant::now() + patience, Vec::new(), false);
    while let Ok(frame) = timeout_at(until, socket.next()).await {
        let frame = frame.expect("the socket stays open");
        let told = frame.split("<li ").filter(|part| part.contains("the chat"));
        notices.extend(told.map(|part| part.split(['>', '<']).nth(1).unwrap().trim().to_owned()));
        if !found && enough(&notices.join("; ")) {
            (until, found) = (Instant::now() + MOMENT, true);
        }
    }
    notices
}

/// Waits until the socket has been told of all of these, and a moment more.
async fn told(socket: &mut Socket, names: &[&str]) -> Vec<String> {
    notices(socket, PATIENCE, |told| names.iter().all(|name| told.contains(name))).await
}

/// What it is told within `time`.
async fn told_within(socket: &mut Socket, time: Duration) -> Vec<String> {
    notices(socket, time, |_| false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_enter_and_leave_once_wherever_they_are() {
    let set = ReplicaSet::of_one().await;
    let url = set.url("UsersData");
    let (here, mut there) = (Natter::start(&url), Natter::start(&url));
    let (ada, bob, cyd, eve) = (
        here.register("ada").await,
        here.register("bob").await,
        here.register("cyd").await,
        here.register("eve").await,
    );
    let mut watch_here = Socket::enter(here.address, &ada).await;
    let mut watch_there = Socket::enter(there.address, &bob).await;
    assert_eq!(told(&mut watch_here, &["bob"]).await, ["bob has entered the chat"]);
    told_within(&mut watch_there, MOMENT).await; // it may have been told of either

    // two tabs, one at each
    let mut tab_here = Socket::enter(here.address, &cyd).await;
    let tab_there = Socket::enter(there.address, &cyd).await;
    for watch in [&mut watch_here, &mut watch_there] {
        assert_eq!(told(watch, &["cyd"]).await, ["cyd has entered the chat"]);
    }
    // from one to the other, as behind a proxy
    drop(tab_here);
    assert_eq!(told_within(&mut watch_there, Duration::from_secs(7)).await, Vec::<String>::new());
    tab_here = Socket::enter(here.address, &cyd).await;
    tab_there.ends().await;
    assert_eq!(told_within(&mut watch_here, Duration::from_secs(8)).await, Vec::<String>::new());
    tab_here.ends().await;
    assert_eq!(told(&mut watch_here, &["cyd"]).await, ["cyd has left the chat"]);

    // killed with two people, of whom one comes back to the other natter
    let _stays_away = Socket::enter(there.address, &cyd).await;
    let _comes_back = Socket::enter(there.address, &eve).await;
    // no tab of theirs is here, and told of together or one after the other
    let news = told(&mut watch_here, &["cyd", "eve"]).await.join("; ");
    assert!(news.contains("cyd") && news.contains("eve") && !news.contains("left"), "{news}");
    there.kill();
    let killed = Instant::now();
    let _back = Socket::open(here.address, &eve, 0).await.unwrap();
    let news = notices(&mut watch_here, Duration::from_secs(30), |told| told.contains("bob")).await;
    println!("gone {:?} after the kill", killed.elapsed() - MOMENT);
    assert_eq!(news.len(), 1, "{news:?}");
    assert!(news[0].contains("bob") && news[0].contains("cyd") && !news[0].contains("eve"), "{news:?}");
    // nor later, when who left is no longer waited for
    assert_eq!(told_within(&mut watch_here, Duration::from_secs(5)).await, Vec::<String>::new());
}
