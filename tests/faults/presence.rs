//! Who is here is one list, wherever the tabs are and however a process ends.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::support::{Natter, ReplicaSet, Socket};

/// What a socket is told of people coming and going.
async fn notices(socket: &mut Socket, wait: Duration) -> Vec<String> {
    let until = Instant::now() + wait;
    let mut notices = Vec::new();
    while let Ok(frame) = timeout_at(until, socket.next()).await {
        let frame = frame.expect("the socket stays open");
        let told = frame.split("<li ").filter(|part| part.contains("the chat"));
        notices.extend(told.map(|part| part.split(['>', '<']).nth(1).unwrap().trim().to_owned()));
    }
    notices
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
    notices(&mut watch_there, Duration::from_secs(3)).await;
    assert_eq!(notices(&mut watch_here, Duration::from_secs(3)).await, ["bob has entered the chat"]);

    // two tabs, one at each
    let mut tab_here = Socket::enter(here.address, &cyd).await;
    let tab_there = Socket::enter(there.address, &cyd).await;
    for watch in [&mut watch_here, &mut watch_there] {
        assert_eq!(notices(watch, Duration::from_secs(3)).await, ["cyd has entered the chat"]);
    }
    // from one to the other, as behind a proxy
    drop(tab_here);
    assert_eq!(notices(&mut watch_there, Duration::from_secs(7)).await, Vec::<String>::new());
    tab_here = Socket::enter(here.address, &cyd).await;
    tab_there.ends().await;
    assert_eq!(notices(&mut watch_here, Duration::from_secs(8)).await, Vec::<String>::new());
    tab_here.ends().await;
    assert_eq!(notices(&mut watch_here, Duration::from_secs(8)).await, ["cyd has left the chat"]);

    // killed with two people, of whom one comes back to the other natter
    let _stays_away = Socket::enter(there.address, &cyd).await;
    let _comes_back = Socket::enter(there.address, &eve).await;
    // no tab of theirs is here, and told of together or one after the other
    let told = notices(&mut watch_here, Duration::from_secs(4)).await.join("; ");
    assert!(told.contains("cyd") && told.contains("eve") && !told.contains("left"), "{told}");
    there.kill();
    let killed = Instant::now();
    let _back = Socket::open(here.address, &eve, 0).await.unwrap();
    let mut told = Vec::new();
    while told.is_empty() && killed.elapsed() < Duration::from_secs(60) {
        told = notices(&mut watch_here, Duration::from_secs(1)).await;
    }
    println!("gone {:?} after the kill", killed.elapsed());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("bob") && told[0].contains("cyd") && !told[0].contains("eve"), "{told:?}");
    assert!(killed.elapsed() < Duration::from_secs(30), "{:?}", killed.elapsed());
    assert_eq!(notices(&mut watch_here, Duration::from_secs(5)).await, Vec::<String>::new());
}
