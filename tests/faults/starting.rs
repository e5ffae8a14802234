//! What an operator reads if MongoDB does not answer or is not a replica set.

use std::time::{Duration, Instant};

use natter_test_support::{Mongod, ReplicaSet, until};
use tempfile::tempdir;

use crate::support::Natter;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn natter_waits_for_a_mongod_that_is_not_running_yet() {
    let mut set = ReplicaSet::of_one().await;
    Natter::start(&set.url("UsersData")).kill();
    set.members[0].stop();
    let mut natter = Natter::spawn(&set.url("UsersData"));
    until("natter reports it", Duration::from_secs(15), async || natter.log().contains("trying again")).await;
    // it retries, and does not report that again
    tokio::time::sleep(Duration::from_secs(6)).await;
    let log = natter.log();
    let lines: Vec<&str> = log.lines().collect();
    assert!(matches!(lines[..], [line] if line.starts_with("natter: mongodb://127.0.0.1")), "{log}");
    assert_eq!(natter.exit_status(), None);

    let started = Instant::now();
    set.members[0].start_again();
    let is_ready = async || reqwest::get(natter.url("/readyz")).await.is_ok_and(|response| response.status() == 200);
    until("natter is ready", Duration::from_secs(30), is_ready).await;
    println!("ready {:?} after mongod was started; log: {log}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mongod_that_is_no_replica_set_is_refused_with_the_command_that_makes_it_one() {
    let home = tempdir().unwrap();
    let standalone = Mongod::start_in(home.path(), &[]);
    standalone.connect().await;
    let mut natter = Natter::spawn(&standalone.url("UsersData"));
    let mut status = None;
    until("natter ends", Duration::from_secs(20), async || {
        status = natter.exit_status();
        status.is_some()
    })
    .await;
    assert_eq!(status.unwrap().code(), Some(1));
    let log = natter.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    for part in ["is not a replica set", "mongod with --replSet rs0", "mongosh --eval 'rs.initiate()'"] {
        assert!(log.contains(part), "{log}");
    }
}
