//! A stop with `--shutdown-delay`.

use std::time::Duration;

use natter_test_support::until;
use tempfile::tempdir;
use tokio::task::spawn_blocking;

use crate::support::{Process, Socket, new_user, password_of};

#[tokio::test]
async fn a_stop_is_announced_before_the_listener_closes() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &["--shutdown-delay", "600"]);
    let script = natter.script();
    script.post("/api/users", new_user("ada")).await.is(201);
    let ada = script.log_in("ada", &password_of("ada")).await;
    let mut socket = Socket::open(&ada, "").await;
    assert_eq!(script.get("/readyz").await.is(200).text, "ready\n");

    natter.signal("TERM");
    until("/readyz announces the stop", Duration::from_secs(20), async || script.get("/readyz").await.status != 200)
        .await;
    assert_eq!(script.get("/readyz").await.is(503).text, "stopping\n");
    // everything else works as before, for open and for new connections
    socket.says("still here").await;
    assert_eq!(natter.script().get("/healthz").await.is(200).text, "ok\n");
    Socket::open(&ada, "").await.says("and so am I").await;

    // a second signal ends the delay
    let ending = spawn_blocking(move || natter.terminate());
    assert_eq!(socket.close_frame().await, (1012, "restarting".to_owned()));
    let (status, _) = ending.await.unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn natter_stops_after_the_shutdown_delay() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &["--shutdown-delay", "1"]);
    let (status, took) = spawn_blocking(move || natter.terminate()).await.unwrap();
    assert!(status.success() && took >= Duration::from_secs(1), "{status} {took:?}");
}
