//! Unread counts that are never wrong: users do random things in rooms, at several processes, and every number that any
//! of their tabs showed at any time is compared with the arithmetic on the log (tests/check).
//!
//! `NATTER_SEED` repeats a run's choices (not its timing), `NATTER_SECONDS` makes runs longer.
#![allow(clippy::unwrap_used)] // a test's way to fail

use std::{env, net::SocketAddr, path::Path, time::Duration};

use natter_check::{
    Fault, Report, check,
    frame::Frame,
    history::{Event, What},
    team::{Finished, Plan, Team},
};
use natter_test_support::{NatterCommand, NatterProcess, ReplicaSet, TemporaryDirectory};
use tokio::time::sleep;

/// How long the users are at it.
const SECONDS: u64 = 12;

fn setting(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}

fn natter(directory: &Path) -> NatterCommand {
    NatterCommand::new(env!("CARGO_BIN_EXE_natter"), directory)
        .lowest_bcrypt_cost()
        .env("NATTER_LOG", "warn")
        .args(["--rate-limits", "off"])
}

/// Four users with two tabs each in five rooms, beside their founder, and two rooms and two users that are deleted
/// meanwhile. Returns the run, which was clean.
async fn run(natters: &[&NatterProcess]) -> Finished {
    let seed = setting("NATTER_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("NATTER_SEED={seed}");
    let servers: Vec<SocketAddr> = natters.iter().map(|natter| natter.address).collect();
    let plan = Plan {
        users: 4,
        rooms: 5,
        deleted_rooms: 2,
        deleted_users: 2,
        uses_lobby: true,
        tabs: 2,
        pace: Duration::from_millis(30),
        seed,
    };
    let mut team = Team::gather(&servers, &plan).await.unwrap();
    team.begin(&plan);
    sleep(Duration::from_secs(setting("NATTER_SECONDS").unwrap_or(SECONDS))).await;
    let finished = team.finish().await.unwrap();
    println!("settled in {:.1?}: {}", finished.settling, finished.report);
    assert!(finished.report.is_clean(), "{}", finished.report);
    finished
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_count_is_that_of_the_log_at_one_process() {
    let directory = TemporaryDirectory::new();
    let natter = natter(directory.path()).start();
    every_kind_of_fault_is_found(run(&[&natter]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_count_is_that_of_the_log_at_two_processes() {
    let set = ReplicaSet::of_one().await;
    let directories = [TemporaryDirectory::new(), TemporaryDirectory::new()];
    let [first, second] = directories
        .each_ref()
        .map(|directory| natter(directory.path()).args(["--database", &set.url("UsersData")]).start());
    run(&[&first, &second]).await;
}

/// The run that was clean is not so any more once it is changed: the check does see this run's counts, rows and rights.
fn every_kind_of_fault_is_found(run: Finished) {
    let Finished { histories, outcome, .. } = run;
    let with = |change: &mut dyn FnMut(&mut Frame)| -> Report {
        let mut histories = histories.clone();
        for Event { what, .. } in histories.iter_mut().flat_map(|history| &mut history.events) {
            if let What::Received(frame) = what {
                change(frame);
            }
        }
        check(&histories, &outcome)
    };
    let report = with(&mut |frame| {
        if let Frame::News(news) = frame {
            news.texts += 1;
        }
    });
    assert!(report.count(Fault::WrongCount) > 0, "news that count one too many: {report}");
    let report = with(&mut |frame| {
        if let Frame::News(news) = frame {
            news.mentions.clear();
        }
    });
    assert!(report.count(Fault::WrongCount) > 0, "news without whom texts mention: {report}");
    let mut number = 0;
    let report = with(&mut |frame| {
        number += 1;
        if let Frame::Rows(rows) = frame
            && number % 2 == 0
        {
            rows.clear();
        }
    });
    assert!(report.count(Fault::Lost) > 0, "rows that did not come: {report}");
    let mut closed = outcome.clone();
    for log in closed.rooms.values_mut() {
        (log.was_open, log.had_everyone) = (false, false);
        log.first_members.clear();
    }
    let report = check(&histories, &closed);
    assert!(report.count(Fault::Leaked) > 0, "rooms that nobody may read: {report}");
}
