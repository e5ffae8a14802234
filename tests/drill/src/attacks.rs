//! How long messages take while others attack: from the first time that a client sends one to its acknowledgement.
//!
//! The attackers have a processor of their own, as on another machine. natter and the users share the other.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use natter_check::{
    client::{Api, now},
    frame::Frame,
    history::{History, Millis, What},
    team::{Kind, Plan, Room, Team},
};
use natter_test_support::{NatterCommand, TemporaryDirectory};
use tokio::{runtime::Handle, time::sleep};

use crate::{attack::Attack, plan, tally::Tally};

/// How long each attack lasts, and the times without one.
const TIME: Duration = Duration::from_secs(15);
/// From then on after an attack all has to be as before.
const RECOVERY: Duration = Duration::from_secs(10);
/// The most that messages take during an attack, as a multiple of what they take without one.
const MOST_RATIO: u64 = 2;
/// Waits below this are the scheduler's, in milliseconds.
const NOISE: Millis = 25;
/// The most that an attack adds to natter's memory, in KiB.
const MOST_MEMORY: u64 = 128 * 1024;
/// The processors of natter with its users, and of the attackers.
const VICTIMS: u32 = 0;
const ATTACKERS: u32 = 1;
/// The attacker's userID.
const ATTACKER: &str = "attacker";

pub struct Drill {
    pub natter: PathBuf,
    pub seed: u64,
}

/// A time in which something was measured.
struct Window {
    name: String,
    from: Millis,
    to: Millis,
    /// The most memory of natter in KiB.
    memory: u64,
    /// The connections that attackers have made since the start.
    connections: usize,
}

impl Drill {
    /// Prints a line for each attack. Returns the tally, and whether all stayed within the limits.
    ///
    /// # Errors
    /// natter does not answer as expected.
    pub async fn run(&self, attacks: &[Attack]) -> Result<(Tally, bool), String> {
        pin("-acp", VICTIMS, std::process::id())?; // natter inherits it
        let attackers = attackers()?;
        let directory = TemporaryDirectory::new_in(&std::env::temp_dir());
        let command = NatterCommand::new(&self.natter, directory.path()).lowest_bcrypt_cost();
        let natter = command.args(["--upload-rate", "1000", "--join-rate", "1000"]).try_start()?;
        // within the limit of messages a user
        let plan = Plan { pace: Duration::from_millis(150), deleted_rooms: 0, deleted_users: 0, ..plan(self.seed) };
        let servers = [natter.address];
        let mut team = Team::gather(&servers, &plan).await?;
        let attacker = Api::sign_in(&servers.into(), ATTACKER).await?;
        let room = Room::create(&attacker, Kind::Closed, "Attack", &[]).await?.id;
        team.begin(&plan);
        sleep(Duration::from_secs(2)).await;
        let mut windows = Vec::new();
        let connected = Arc::new(AtomicUsize::new(0));
        let measure = async |name: String| {
            let (from, started, mut memory) = (now(), Instant::now(), 0);
            while started.elapsed() < TIME {
                memory = memory.max(natter.memory());
                sleep(Duration::from_millis(100)).await;
            }
            Window { name, from, to: now(), memory, connections: connected.load(Relaxed) }
        };
        windows.push(measure("without".into()).await);
        for &attack in attacks {
            let before = connected.load(Relaxed);
            let clients = attack.start(&attackers, natter.address, &attacker.token(), &room, &connected);
            windows.push(measure(format!("{attack:?}")).await);
            drop(clients);
            let made = connected.load(Relaxed) - before;
            if made < attack.connections() {
                return Err(format!("{attack:?}: only {made} connections"));
            }
            sleep(RECOVERY).await;
            windows.push(measure(format!("{attack:?}, over")).await);
        }
        let finished = team.finish().await?;
        let mut tally = Tally::new();
        tally.add(&finished.report, 0);
        Ok((tally, report(&windows, &finished.histories)))
    }
}

/// A runtime on a processor of its own, until the process ends.
fn attackers() -> Result<Handle, String> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let start = || {
        let thread = std::fs::read_link("/proc/thread-self").expect("Linux");
        let thread = thread.file_name().and_then(|id| id.to_str()?.parse().ok()).expect("the id of the thread");
        pin("-cp", ATTACKERS, thread).expect("a second processor");
    };
    let runtime = runtime.worker_threads(1).enable_all().on_thread_start(start).build();
    let runtime = runtime.map_err(|why| why.to_string())?;
    let handle = runtime.handle().clone();
    std::mem::forget(runtime); // it must not be dropped in a task
    Ok(handle)
}

/// Lets a process (`how`: `-acp`) or a thread (`-cp`) run on one processor only.
fn pin(how: &str, processor: u32, id: u32) -> Result<(), String> {
    let output = Command::new("taskset").args([how, &processor.to_string(), &id.to_string()]).output();
    let output = output.map_err(|why| format!("taskset: {why}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("taskset: {}", String::from_utf8_lossy(&output.stderr))) }
}

/// Prints what was measured. Returns whether it is within the limits.
fn report(windows: &[Window], histories: &[History]) -> bool {
    let waits: Vec<(Millis, Millis)> = histories.iter().flat_map(waits).collect();
    let (mut is_within, mut calm) = (true, None);
    let mut before = 0;
    for Window { name, from, to, memory, connections } in windows {
        let mut of_window: Vec<Millis> =
            waits.iter().filter(|(at, _)| (*from..*to).contains(at)).map(|(_, wait)| *wait).collect();
        of_window.sort_unstable();
        let at = |share: usize| of_window.get(of_window.len() * share / 100).copied().unwrap_or(Millis::MAX);
        let (calm_p99, calm_memory) = *calm.get_or_insert((at(99).max(NOISE), *memory));
        let is_ok = at(99) <= calm_p99 * MOST_RATIO && memory.saturating_sub(calm_memory) <= MOST_MEMORY;
        is_within &= is_ok;
        println!(
            "{name}: {} messages, p50 {} ms, p99 {} ms, memory {} MiB, {} connections made{}",
            of_window.len(),
            at(50),
            at(99),
            memory / 1024,
            connections - std::mem::replace(&mut before, *connections),
            if is_ok { "" } else { " TOO MUCH" }
        );
    }
    is_within
}

/// When each message was first sent, and how long its acknowledgement took.
fn waits(history: &History) -> Vec<(Millis, Millis)> {
    let (mut sent, mut waits) = (HashMap::new(), Vec::new());
    for event in &history.events {
        match &event.what {
            What::Sent { client_id, .. } => drop(sent.entry(client_id).or_insert(event.at)),
            What::Received(Frame::Acknowledged { client_id, .. }) => {
                waits.extend(sent.remove(client_id).map(|at| (at, event.at - at)));
            }
            _ => {}
        }
    }
    waits
}
