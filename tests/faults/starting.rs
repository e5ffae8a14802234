//! What the operator reads where the database is not there, or not as it has to be.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tempfile::tempdir;

use crate::support::{Mongod, Natter, ReplicaSet, free_port, spawn, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn natter_waits_for_a_mongod_that_is_not_there_yet() {
    let mut set = ReplicaSet::of_one().await;
    Natter::start(&set.url("UsersData")).kill();
    set.members[0].end();
    let directory = tempdir().unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut natter = spawn(directory.path(), &set.url("UsersData"), listen, &[]);
    let log = || std::fs::read_to_string(directory.path().join("log")).unwrap();
    until("it says so", Duration::from_secs(15), async || log().contains("trying again")).await;
    // it goes on trying, and does not say so again
    tokio::time::sleep(Duration::from_secs(6)).await;
    let said = log();
    let lines: Vec<&str> = said.lines().collect();
    assert!(matches!(lines[..], [line] if line.starts_with("natter: mongodb://127.0.0.1")), "{said}");
    assert_eq!(natter.try_wait().unwrap(), None);

    let started = Instant::now();
    set.members[0].start_again();
    let ready = async || reqwest::get(format!("http://{listen}/readyz")).await.is_ok_and(|r| r.status() == 200);
    until("it is ready", Duration::from_secs(30), ready).await;
    println!("ready {:?} after mongod was started; it said: {said}", started.elapsed());
    natter.kill().unwrap();
    natter.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mongod_that_is_no_replica_set_is_refused_with_the_command_that_makes_it_one() {
    let home = tempdir().unwrap();
    let alone = Mongod::start(free_port(), home.path(), &[]);
    alone.direct().await;
    let directory = tempdir().unwrap();
    let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let url = format!("mongodb://127.0.0.1:{}/UsersData", alone.port);
    let mut natter = spawn(directory.path(), &url, listen, &[]);
    until("it ends", Duration::from_secs(20), async || natter.try_wait().unwrap().is_some()).await;
    assert_eq!(natter.wait().unwrap().code(), Some(1));
    let said = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in ["is not a replica set", "mongod with --replSet rs0", "mongosh --eval 'rs.initiate()'"] {
        assert!(said.contains(part), "{said}");
    }
}
