//! A cluster on this machine: three MongoDB servers and three natter processes. Clients write to, change and read the lobby
//! at all of them, and members come to and go from other rooms (tests/check), while one natter process and the primary
//! are killed. `tests/cluster/run` starts it.
#![allow(clippy::unwrap_used)] // a test's way to fail

#[path = "../faults/support/mod.rs"]
#[allow(dead_code, unused_imports)] // the fault tests use all of it, and warn about what is not used
mod support;

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::{Parser, value_parser};
use mongodb::bson::Document;
use natter_check::{
    Report,
    client::Api,
    team::{FOUNDER, Plan, Team},
};
use natter_test_support::{ReplicaSet, until};
use support::{Clients, Natter, Verdict, fold, read_log};
use tokio::time::sleep;

/// Time between two steps of a tab of the rooms, on average.
const PACE: Duration = Duration::from_millis(400);

#[derive(Parser)]
struct Args {
    /// Clients, each of which writes and reads
    #[arg(long, default_value_t = 50, value_parser = value_parser!(u32).range(1..))]
    clients: u32,
    /// Messages a second of all clients together; 0: each sends the next once the last is acknowledged
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Rooms with members who come and go, with the lobby
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u16).range(4..))]
    rooms: u16,
    /// Users who come and go, with two tabs each
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u16).range(2..))]
    members: u16,
    /// What the users do at random; not when
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds under load
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Kill nothing
    #[arg(long)]
    calm: bool,
    /// Stop the primary (SIGSTOP) instead of killing it: it neither answers nor closes connections
    #[arg(long)]
    silent: bool,
    /// MongoDB servers
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..))]
    mongods: u16,
    /// natter processes
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..))]
    natters: u16,
    /// Cargo passes this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mut set = ReplicaSet::start(args.mongods.into(), &[]).await;
    let mut natters: Vec<Natter> = (0..args.natters).map(|_| Natter::start(&set.url("UsersData"))).collect();
    println!("{} natter processes on a replica set of {}", args.natters, args.mongods);

    let addresses: Vec<SocketAddr> = natters.iter().map(|natter| natter.address).collect();
    Api::sign_in(&addresses.as_slice().into(), FOUNDER).await.unwrap(); // before anybody else

    // an idle chat: one writer, and a reader at each of the other processes
    let idle = Clients::start_with_writers(&all(&natters), natters.len(), 1, Duration::from_millis(50)).await;
    sleep(Duration::from_secs(5)).await;
    let idle = idle.finish(&natters[0]).await;

    let plan = Plan {
        users: args.members.into(),
        rooms: args.rooms.into(),
        deleted_rooms: 4,
        deleted_users: 2,
        uses_lobby: false,
        tabs: 2,
        pace: PACE,
        seed: args.seed,
    };
    let mut team = Team::gather(&addresses, &plan).await.unwrap();
    let pace = match args.rate {
        0 => Duration::ZERO,
        rate => Duration::from_secs(1) * args.clients / rate,
    };
    let clients = Clients::start(&all(&natters), args.clients as usize, pace).await;
    team.begin(&plan);
    let part = Duration::from_secs(1) * args.seconds / 6;
    if args.calm {
        sleep(6 * part).await;
    } else {
        sleep(part).await;
        let victim = natters.len() - 1;
        natters[victim].kill();
        println!("a natter process was killed");
        sleep(part).await;
        natters[victim].start_again();
        let primary = set.primary().await;
        set.members[primary].signal(if args.silent { "STOP" } else { "KILL" });
        println!("it runs again; the primary was {}", if args.silent { "stopped" } else { "killed" });
        sleep(Duration::from_secs(1)).await;
        let paused = clients.wait_for_acknowledgements(1, Duration::from_secs(60)).await + Duration::from_secs(1);
        println!("messages are acknowledged again after {paused:.1?}");
        sleep((2 * part).saturating_sub(paused)).await;
        set.members[primary].start_again();
        println!("the former primary runs again");
        sleep(2 * part).await;
    }
    let verdict = clients.finish(&natters[0]).await;
    let rooms = team.finish().await.unwrap();
    println!("every sidebar was right {:.1?} after the last change", rooms.settling);
    for natter in &natters {
        until("every natter process is ready", Duration::from_secs(20), async || natter.status("/readyz").await == 200)
            .await;
    }
    let rooms_of = format!("{} rooms, {} members, seed {}", args.rooms, args.members, args.seed);
    report(&idle, &verdict, (&rooms_of, &rooms.report), &read_log(&set.url("UsersData")).await)
}

fn all(natters: &[Natter]) -> Vec<&Natter> {
    natters.iter().collect()
}

fn report(idle: &Verdict, verdict: &Verdict, (rooms_of, rooms): (&str, &Report), log: &[Document]) -> ExitCode {
    let Verdict { acknowledged, readers, disconnects, longest_pause, took, unfinished, .. } = verdict;
    println!(
        "{acknowledged} acknowledged in {took:.1?}: {:.0}/s; {readers} readers, {disconnects} connections lost",
        *acknowledged as f64 / took.as_secs_f64()
    );
    println!("longest time without an acknowledgement {longest_pause:.1?}");
    let pairs = [("idle chat", idle), ("under load, with faults", verdict)];
    for (what, Verdict { across, across_from_commit, .. }) in
        pairs.into_iter().filter(|(_, verdict)| !verdict.across.is_empty())
    {
        for (since, times) in [("sent", across), ("acknowledged", across_from_commit)] {
            let (median, p99, longest) = spread(times);
            println!(
                "from {since} at one process to received from another, {what}: median {median:.1?}, p99 {p99:.1?}, longest {longest:.1?}"
            );
        }
    }
    if *unfinished > 0 {
        println!("{unfinished} clients did not stop");
    }
    println!("idle chat: {}", idle.summary());
    println!("the lobby: {}", verdict.summary());
    print!("{rooms_of}: {rooms}");
    let support::Fold { messages, changes, floor, head, errors } = fold(log);
    println!(
        "the log: {messages} messages, {changes} changes, {floor} of {head} trimmed; {} differences from its fold",
        errors.len()
    );
    idle.examples.iter().chain(&verdict.examples).for_each(|example| println!("  {example}"));
    errors.iter().take(20).for_each(|error| println!("  {error}"));
    let is_clean = errors.is_empty() && verdict.is_clean() && idle.is_clean() && rooms.is_clean();
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The median, the 99th percentile and the maximum of sorted times.
fn spread(times: &[Duration]) -> (Duration, Duration, Duration) {
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    (at(50).copied().unwrap_or_default(), at(99).copied().unwrap_or_default(), at(100).copied().unwrap_or_default())
}
