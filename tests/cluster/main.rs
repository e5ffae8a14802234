//! A whole cluster on this machine: three mongods and three natters. People write and read at all of them; one
//! natter and the primary are killed on the way. [`tests/cluster/run`] is how it is started.
#![allow(clippy::unwrap_used)] // a test's way to fail

#[path = "../faults/support/mod.rs"]
#[allow(dead_code, unused_imports)] // a part of it: the fault tests use it all, and are told what is not used
mod support;

use std::{process::ExitCode, time::Duration};

use clap::{Parser, value_parser};
use support::{Crowd, Natter, ReplicaSet, Verdict, until};
use tokio::time::sleep;

#[derive(Parser)]
struct Args {
    /// People, each of whom writes and reads.
    #[arg(long, default_value_t = 50, value_parser = value_parser!(u32).range(1..))]
    clients: u32,
    /// Messages a second, of all together; 0: each sends the next as soon as one is acknowledged.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// How long they go on.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Kill nobody.
    #[arg(long)]
    calm: bool,
    /// Stop the primary (SIGSTOP) instead of killing it: it neither answers nor hangs up.
    #[arg(long)]
    silent: bool,
    /// How many mongods.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..))]
    mongods: u16,
    /// How many natters.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..))]
    natters: u16,
    /// Cargo says so to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mut set = ReplicaSet::start(args.mongods.into(), &[]).await;
    let mut natters: Vec<Natter> = (0..args.natters).map(|_| Natter::start(&set.url("UsersData"))).collect();
    println!("{} natters on a replica set of {}", args.natters, args.mongods);

    // one writer, and a reader at each of the others
    let quiet = Crowd::of(&all(&natters), natters.len(), 1, Duration::from_millis(50)).await;
    sleep(Duration::from_secs(5)).await;
    let quiet = quiet.finish(&natters[0]).await;

    let pace = match args.rate {
        0 => Duration::ZERO,
        rate => Duration::from_secs(1) * args.clients / rate,
    };
    let crowd = Crowd::start(&all(&natters), args.clients as usize, pace).await;
    let part = Duration::from_secs(1) * args.seconds / 6;
    if args.calm {
        sleep(6 * part).await;
    } else {
        sleep(part).await;
        let victim = natters.len() - 1;
        natters[victim].kill();
        println!("a natter was killed");
        sleep(part).await;
        natters[victim].start_again();
        let primary = set.primary().await;
        set.members[primary].signal(if args.silent { "STOP" } else { "KILL" });
        println!("it is back; the primary was {}", if args.silent { "stopped" } else { "killed" });
        sleep(Duration::from_secs(1)).await;
        let back = crowd.gets_through(1, Duration::from_secs(60)).await + Duration::from_secs(1);
        println!("messages are acknowledged again after {back:.1?}");
        sleep((2 * part).saturating_sub(back)).await;
        set.members[primary].start_again();
        println!("the former primary is back");
        sleep(2 * part).await;
    }
    let verdict = crowd.finish(&natters[0]).await;
    for natter in &natters {
        until("every natter is ready", Duration::from_secs(20), async || natter.status("/readyz").await == 200).await;
    }
    report(&quiet, &verdict)
}

fn all(natters: &[Natter]) -> Vec<&Natter> {
    natters.iter().collect()
}

fn report(quiet: &Verdict, verdict: &Verdict) -> ExitCode {
    let Verdict { acknowledged, readers, broken, longest_pause, took, unfinished, .. } = verdict;
    println!(
        "{acknowledged} acknowledged in {took:.1?}: {:.0}/s; {readers} readers, {broken} connections broke",
        *acknowledged as f64 / took.as_secs_f64()
    );
    println!("longest time without an acknowledgement {longest_pause:.1?}");
    let pairs = [("a quiet chat", quiet), ("under load, faults and all", verdict)];
    for (what, Verdict { across, across_from_commit, .. }) in
        pairs.into_iter().filter(|(_, verdict)| !verdict.across.is_empty())
    {
        for (since, times) in [("sent", across), ("acknowledged", across_from_commit)] {
            let (median, p99, longest) = spread(times);
            println!(
                "from {since} at one natter to shown by another, {what}: median {median:.1?}, p99 {p99:.1?}, longest {longest:.1?}"
            );
        }
    }
    if *unfinished > 0 {
        println!("{unfinished} clients never came to an end");
    }
    println!("{}", verdict.line());
    if verdict.is_clean() && quiet.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The median, the 99th percentile and the longest of sorted times.
fn spread(times: &[Duration]) -> (Duration, Duration, Duration) {
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    (at(50).copied().unwrap_or_default(), at(99).copied().unwrap_or_default(), at(100).copied().unwrap_or_default())
}
