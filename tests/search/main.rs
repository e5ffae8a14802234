//! Search finds exactly what a naive scan of the log finds: users say random things in many scripts, edit and delete
//! them, lose rooms and come back, in one process on an embedded database, which is killed meanwhile, and in two on
//! MongoDB. natter is asked by its API only, and the scan knows nothing of how natter searches.
//!
//! - From the acknowledgement of a command on no answer has what is gone, or an older text.
//! - Soon after it, each answer has all that there is, newest first and once.
//!
//! `NATTER_SEED` repeats a run's choices (not its timing), `NATTER_ROUNDS` makes runs longer.
#![allow(clippy::unwrap_used)] // a test's way to fail

mod commands;
mod finding;
mod queries;
mod scan;
mod vocabulary;
mod world;

use std::{env, fs, net::SocketAddr, path::Path, time::Instant};

use finding::Compared;
use natter_test_support::{NatterCommand, ReplicaSet, TemporaryDirectory};
use world::World;

/// Rounds of commands and searches.
const ROUNDS: u64 = 8;
/// Commands of a round.
const COMMANDS: usize = 30;
/// Searches of each user in a round, at each server.
const QUERIES: usize = 10;

fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}

fn rounds() -> u64 {
    setting("NATTER_ROUNDS").unwrap_or(ROUNDS)
}

fn natter(directory: &Path) -> NatterCommand {
    NatterCommand::new(env!("CARGO_BIN_EXE_natter"), directory)
        .lowest_bcrypt_cost()
        .env("NATTER_LOG", "warn")
        .args(["--rate-limits", "off"])
}

async fn world(servers: &[SocketAddr]) -> World {
    let seed = setting("NATTER_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("NATTER_SEED={seed}");
    World::create(servers.to_vec(), seed).await
}

async fn give_commands(world: &mut World) {
    for _ in 0..COMMANDS {
        if let Some(gone) = world.step().await {
            world.nothing_is_found_that_is_gone(&gone).await;
        }
    }
}

/// Prints what was compared. It must not be nothing.
fn report(compared: &Compared) {
    println!("{compared:?}");
    assert!(compared.hits > compared.searches / 2, "hardly anything was to be found: {compared:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_finds_what_was_said_in_a_process_that_is_killed() {
    let directory = TemporaryDirectory::new();
    let data = directory.path().join("data");
    let (index, index_log) = (data.join("search.db"), data.join("search.db-wal"));
    let mut natter = natter(directory.path()).start();
    let mut world = world(&[natter.address]).await;
    let (mut compared, mut after_a_kill) = (Compared::default(), Compared::default());
    for round in 0..rounds() {
        give_commands(&mut world).await;
        if round % 2 == 0 {
            world.everything_is_found(QUERIES, &mut compared).await;
            continue;
        }
        // before all of the last commands are indexed
        natter.kill();
        let rubbish = "rubbish ".repeat(10_000);
        match round / 2 % 4 {
            0 => fs::remove_file(&index).unwrap(),
            // what is not in the file yet is in the log beside it, and that is whole
            1 => fs::write(&index, rubbish).unwrap(),
            2 => {
                fs::write(&index, rubbish).unwrap();
                fs::remove_file(&index_log).unwrap();
            }
            _ => {}
        }
        natter.start_again();
        world.reconnect();
        world.acknowledged = Instant::now();
        world.everything_is_found(QUERIES, &mut after_a_kill).await;
    }
    report(&compared);
    println!("after a kill:");
    report(&after_a_kill);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_finds_what_was_said_in_two_processes() {
    let set = ReplicaSet::of_one().await;
    let directories = [TemporaryDirectory::new(), TemporaryDirectory::new()];
    let [mut first, second] = directories
        .each_ref()
        .map(|directory| natter(directory.path()).args(["--database", &set.url("UsersData")]).start());
    let both = [first.address, second.address];
    let mut world = world(&both).await;
    let mut compared = Compared::default();
    // a request takes longer here
    for round in 0..rounds().div_ceil(2) {
        give_commands(&mut world).await;
        if round == 2 {
            // what happens meanwhile it finds when it is back
            first.kill();
            world.servers = vec![second.address];
            give_commands(&mut world).await;
            first.start_again();
            world.servers = both.to_vec();
            world.reconnect();
            world.acknowledged = Instant::now();
        }
        world.everything_is_found(QUERIES / 2, &mut compared).await;
    }
    report(&compared);
}
