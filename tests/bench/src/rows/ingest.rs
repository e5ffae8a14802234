//! Durable ingest: sixty-four writers, each with one message on its way, beside the bare database.
//!
//! Every writer reads what all write too, as people do. The bare database gets the same rows in groups of the same
//! size, in one thread; a round of natter is followed by one of it.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::port::through_the_port;
use crate::{
    bare,
    crowd::{Crowd, Pace},
    mongod::Mongod,
    natter::{Database, Natter},
    place::{self, Dir},
    process::Used,
    report::{Finding, median, thousands},
    run::Run,
    socket::Socket,
    writer,
};

const WRITERS: usize = 64;
const READERS: usize = 4;
/// Targets: the share of the bare database, and messages a second.
pub const EMBEDDED: [f64; 2] = [0.5, 20_000.0];
pub const MONGO: [f64; 2] = [0.4, 6000.0];

struct Taken {
    used: Used,
    acknowledged: u64,
    /// Writes in a commit, on average.
    group: f64,
}

impl Taken {
    fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.used.secs
    }
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let (mut rounds, port) = (Vec::new(), Dir::new());
    for _ in 0..rounds_of(run) {
        let (dir, other) = (Dir::new(), Dir::new());
        let taken = over_sockets(run, &Database::Embedded(dir.path().to_owned())).await?;
        let group = taken.group.round() as usize;
        let bare = match run.beside {
            true => tokio::task::spawn_blocking(move || bare::sqlite(dir.path(), other.path(), group)).await,
            false => Ok(Ok(0.0)),
        };
        rounds.push((taken, bare.map_err(|why| why.to_string())?.map_err(|why| format!("bare SQLite: {why}"))?));
    }
    tell(run, "embedded", "SQLite", &rounds, &Database::Embedded(port.path().to_owned()), EMBEDDED).await?;
    drop(port);

    let (mongod, mut rounds) = (Mongod::start().await?, Vec::new());
    for round in 0..rounds_of(run) {
        let (from, to) = (format!("natter{round}"), format!("bare{round}"));
        let taken = over_sockets(run, &Database::Mongo(mongod.url(&from))).await?;
        let bare = match run.beside {
            true => bare::mongo(&mongod.url("admin"), &from, &to, taken.group.round() as usize).await,
            false => Ok(0.0),
        };
        rounds.push((taken, bare.map_err(|why| format!("bare insert_many: {why}"))?));
    }
    tell(run, "MongoDB", "insert_many", &rounds, &Database::Mongo(mongod.url("port")), MONGO).await
}

fn rounds_of(run: &Run) -> usize {
    if place::quick() || !run.beside { 1 } else { 3 }
}

fn time() -> Duration {
    Duration::from_secs(if place::quick() { 2 } else { 4 })
}

async fn tell(
    run: &Run,
    scene: &str,
    bare: &str,
    rounds: &[(Taken, f64)],
    port: &Database,
    [enough, target]: [f64; 2],
) -> Result<(), String> {
    let middle = |of: fn(&(Taken, f64)) -> f64| median(rounds.iter().map(of).collect());
    let (rate, reference) = (middle(|(taken, _)| taken.rate()), middle(|(_, bare)| *bare));
    let a_core = middle(|(taken, _)| taken.acknowledged as f64 / taken.used.server.max(0.01));
    let (ours, theirs) =
        (middle(|(taken, _)| taken.used.share()), middle(|(taken, _)| taken.used.client / taken.used.secs));
    let (share, group) = (middle(|(taken, bare)| taken.rate() / bare), middle(|(taken, _)| taken.group));
    let full = rounds.iter().any(|(taken, _)| taken.used.client_was_full());
    let mut figures = json!({ "per_s": rate, "per_cpu_s": a_core, "group": group, "client_was_full": full });
    let mut text = format!("{}/s over sockets", thousands(rate));
    if run.beside {
        text += &format!(", {:.0}% of bare {bare}", 100.0 * share);
        figures["share"] = share.into();
    }
    text += &format!(
        "{} ({} per CPU s; natter takes {:.0}%, its clients {:.0}% of a core)",
        if full { ", whose clients were full" } else { "" },
        thousands(a_core),
        100.0 * ours,
        100.0 * theirs,
    );
    if run.beside {
        let through = through_the_port(port, WRITERS, time()).await?;
        text += &format!("; {}/s through the store's port", thousands(through));
        figures["port_per_s"] = through.into();
    }
    let relative = format!("≥ {:.0}% of bare {bare}, acknowledged after the commit", 100.0 * enough);
    let found = Finding::new("ingest", "natter", text, figures).scene(scene).target(relative, share >= enough);
    run.tell(found.absolute(&format!("≥ {}/s", thousands(target)), rate >= target));
    if run.beside {
        let text = format!("bare {bare}: {}/s in groups of {group:.0}", thousands(reference));
        let figures = json!({ "per_s": reference, "group": group });
        run.tell(Finding::new("ingest", "reference", text, figures).scene(scene));
    }
    Ok(())
}

async fn over_sockets(run: &Run, database: &Database) -> Result<Taken, String> {
    let natter = Natter::start_on(run, database, WRITERS + READERS).await?;
    let path = |n| natter.socket(WRITERS + n);
    let readers = Crowd::open(natter.address, READERS, Pace::AtOnce, path).await?;
    let mut sockets = Vec::new();
    for n in 0..WRITERS {
        sockets.push(Socket::open(natter.address, &natter.socket(n), n).await.map_err(|why| why.to_string())?);
    }
    readers.got.are_quiet().await;
    let commits =
        async || (natter.counter("natter_commit_writes_sum").await, natter.counter("natter_commit_writes_count").await);
    let before = commits().await;
    let (mut writers, meter, until) = (JoinSet::new(), natter.meter(), Instant::now() + time());
    for (n, socket) in sockets.into_iter().enumerate() {
        writers.spawn(writer::write(socket, n, u64::MAX, until));
    }
    let (mut acknowledged, mut open) = (0, Vec::new());
    while let Some(done) = writers.join_next().await {
        let (socket, count, seen) = done.map_err(|why| why.to_string())??;
        acknowledged += count;
        open.push((socket, seen));
    }
    let (used, after) = (meter.read(), commits().await);
    // nothing that was acknowledged may be missing from the log, nor from anybody's socket
    let logged = natter.head().await;
    let want = acknowledged * READERS as u64;
    let waited = Instant::now();
    while readers.got.messages() < want && waited.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(20)).await;
    }
    let mut rest = JoinSet::new();
    for (mut socket, mut seen) in open {
        rest.spawn(async move {
            let quiet = Duration::from_millis(500);
            while let Ok(Ok(())) = timeout(quiet, socket.read(|frame| _ = seen.take(frame))).await {}
            seen.count
        });
    }
    let seen: u64 = rest.join_all().await.iter().sum();
    let (read, to_see) = (readers.got.messages(), acknowledged * WRITERS as u64);
    if (logged, read, seen) != (acknowledged, want, to_see) {
        return Err(format!(
            "{acknowledged} acknowledged, {logged} in the log; readers got {read} of {want}, writers {seen} of {to_see}"
        ));
    }
    Ok(Taken { used, acknowledged, group: (after.0 - before.0) / (after.1 - before.1).max(1.0) })
}
