//! Durable ingest: 64 writers, each with one unacknowledged message, compared with the bare database.
//!
//! Every writer also receives all messages, as users do. One thread writes the same rows to the bare database in groups of
//! the same size; each round of natter is followed by one of the bare database.

use std::time::{Duration, Instant};

use natter_test_support::{ReplicaSet, poll};
use serde_json::json;
use tokio::{task::JoinSet, time::timeout};

use super::store_trait::{Place, post_for};
use crate::{
    bare_databases,
    listeners::{Listeners, Pace},
    natter::{Database, Natter},
    paths,
    process::{Meter, Usage},
    report::{Finding, median, thousands},
    run::Run,
    socket::Socket,
    writer,
};

const WRITERS: usize = 64;
const READERS: usize = 4;
/// Targets: the share of the bare database's rate, and messages a second.
pub const EMBEDDED: [f64; 2] = [0.5, 20_000.0];
pub const MONGO: [f64; 2] = [0.4, 6000.0];

struct Ingested {
    used: Usage,
    acknowledged: u64,
    /// Average number of writes in a commit.
    group: f64,
}

impl Ingested {
    fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.used.secs
    }
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let (mut rounds, store_directory) = (Vec::new(), paths::temporary());
    for _ in 0..round_count(run) {
        let (dir, other) = (paths::temporary(), paths::temporary());
        let ingested = over_sockets(run, &Database::Embedded(dir.path().to_owned())).await?;
        let group = ingested.group.round() as usize;
        let bare = match run.with_references {
            true => tokio::task::spawn_blocking(move || bare_databases::sqlite(dir.path(), other.path(), group)).await,
            false => Ok(Ok(0.0)),
        };
        rounds.push((ingested, bare.map_err(|why| why.to_string())?.map_err(|why| format!("bare SQLite: {why}"))?));
    }
    report(run, "embedded", "SQLite", &rounds, &Database::Embedded(store_directory.path().to_owned()), EMBEDDED)
        .await?;
    drop(store_directory);

    let (mongodb, mut rounds) = (ReplicaSet::try_start_in(paths::temporary(), 1, &[]).await?, Vec::new());
    for round in 0..round_count(run) {
        let (from, to) = (format!("natter{round}"), format!("bare{round}"));
        let ingested = over_sockets(run, &Database::Mongo(mongodb.url(&from))).await?;
        let bare = match run.with_references {
            true => bare_databases::mongo(&mongodb.url("admin"), &from, &to, ingested.group.round() as usize).await,
            false => Ok(0.0),
        };
        rounds.push((ingested, bare.map_err(|why| format!("bare insert_many: {why}"))?));
    }
    report(run, "MongoDB", "insert_many", &rounds, &Database::Mongo(mongodb.url("store")), MONGO).await
}

/// How often a rate is measured.
pub fn round_count(run: &Run) -> usize {
    if paths::quick() || !run.with_references { 1 } else { 3 }
}

fn time() -> Duration {
    Duration::from_secs(if paths::quick() { 2 } else { 4 })
}

async fn report(
    run: &Run,
    scene: &str,
    bare: &str,
    rounds: &[(Ingested, f64)],
    store_database: &Database,
    [enough, target]: [f64; 2],
) -> Result<(), String> {
    let middle = |of: fn(&(Ingested, f64)) -> f64| median(rounds.iter().map(of).collect());
    let (rate, reference) = (middle(|(ingested, _)| ingested.rate()), middle(|(_, bare)| *bare));
    let per_cpu_s = middle(|(ingested, _)| ingested.acknowledged as f64 / ingested.used.server.max(0.01));
    let (ours, theirs) = (
        middle(|(ingested, _)| ingested.used.share()),
        middle(|(ingested, _)| ingested.used.client / ingested.used.secs),
    );
    let (share, group) = (middle(|(ingested, bare)| ingested.rate() / bare), middle(|(ingested, _)| ingested.group));
    let limited = rounds.iter().any(|(ingested, _)| ingested.used.client_was_limit());
    let mut figures = json!({ "per_s": rate, "per_cpu_s": per_cpu_s, "group": group, "client_was_limit": limited });
    let mut text = format!("{}/s over sockets", thousands(rate));
    if run.with_references {
        text += &format!(", {:.0}% of bare {bare}", 100.0 * share);
        figures["share"] = share.into();
    }
    text += &format!(
        "{} ({} per CPU s; natter takes {:.0}%, its clients {:.0}% of a core)",
        if limited { ", limited by its clients" } else { "" },
        thousands(per_cpu_s),
        100.0 * ours,
        100.0 * theirs,
    );
    if run.with_references {
        let through_trait = post_for(store_database, WRITERS, Place::Lobby, time()).await?.per_second;
        text += &format!("; {}/s through the store trait", thousands(through_trait));
        figures["store_per_s"] = through_trait.into();
    }
    let relative = format!("≥ {:.0}% of bare {bare}, acknowledged after the commit", 100.0 * enough);
    let found = Finding::new("ingest", "natter", text, figures).scene(scene).target(relative, share >= enough);
    run.report(found.absolute(&format!("≥ {}/s", thousands(target)), rate >= target));
    if run.with_references {
        let text = format!("bare {bare}: {}/s in groups of {group:.0}", thousands(reference));
        let figures = json!({ "per_s": reference, "group": group });
        run.report(Finding::new("ingest", "reference", text, figures).scene(scene));
    }
    Ok(())
}

/// Messages a second into an empty embedded database.
pub async fn embedded_rate(run: &Run) -> Result<f64, String> {
    let directory = paths::temporary();
    Ok(over_sockets(run, &Database::Embedded(directory.path().to_owned())).await?.rate())
}

async fn over_sockets(run: &Run, database: &Database) -> Result<Ingested, String> {
    let natter = Natter::start_on(run, database, WRITERS + READERS).await?;
    let path = |n| natter.socket_path(WRITERS + n);
    let readers = Listeners::open(natter.address, READERS, Pace::AtOnce, path).await?;
    let mut sockets = Vec::new();
    for n in 0..WRITERS {
        sockets.push(Socket::open(natter.address, &natter.socket_path(n), n).await.map_err(|why| why.to_string())?);
    }
    readers.received.wait_for_silence().await;
    let commits =
        async || (natter.counter("natter_commit_writes_sum").await, natter.counter("natter_commit_writes_count").await);
    let before = commits().await;
    let (mut writers, meter, until) = (JoinSet::new(), Meter::start(natter.pid()), Instant::now() + time());
    for socket in sockets {
        writers.spawn(writer::write(socket, u64::MAX, until));
    }
    let (mut acknowledged, mut open) = (0, Vec::new());
    while let Some(done) = writers.join_next().await {
        let (socket, count, counter) = done.map_err(|why| why.to_string())??;
        acknowledged += count;
        open.push((socket, counter));
    }
    let (used, after) = (meter.read(), commits().await);
    // every acknowledged message has to be in the log and at every socket
    let logged = natter.head().await;
    let to_read = acknowledged * READERS as u64;
    let all_received = async || (readers.received.messages() >= to_read).then_some(());
    poll(Duration::from_millis(20), Duration::from_secs(20), all_received).await;
    let mut reading = JoinSet::new();
    for (mut socket, mut counter) in open {
        reading.spawn(async move {
            let quiet = Duration::from_millis(500);
            while let Ok(Ok(())) = timeout(quiet, socket.read(|frame| _ = counter.count_frame(frame))).await {}
            counter.count
        });
    }
    let received: u64 = reading.join_all().await.iter().sum();
    let (read, to_receive) = (readers.received.messages(), acknowledged * WRITERS as u64);
    if (logged, read, received) != (acknowledged, to_read, to_receive) {
        return Err(format!(
            "{acknowledged} acknowledged, {logged} in the log; readers received {read} of {to_read}, writers {received} of {to_receive}"
        ));
    }
    Ok(Ingested { used, acknowledged, group: (after.0 - before.0) / (after.1 - before.1).max(1.0) })
}
