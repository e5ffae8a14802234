//! Some sockets stop reading in a busy room, and go on after a while.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    crowd::Seen,
    load::{Counted, Load},
    natter::Natter,
    place::{self, Dir},
    process::Server,
    report::{Finding, thousands},
    run::Run,
    servers,
    socket::Socket,
};

const SLOW: usize = 100;
const OTHERS: usize = 900;
const RATE: usize = 200;
/// Messages of several lines: more than the kernel would hold for a socket.
const PAD: &str = "400";
const PEOPLE: usize = 200;

pub async fn measure(run: &Run) -> Result<(), String> {
    let stop = Duration::from_secs(if place::quick() { 15 } else { 60 });
    let dir = Dir::new();
    let natter = Natter::start(run, PEOPLE).await?;
    let urls = natter.urls(dir.path());
    let secs = stop.as_secs() as usize;
    let others = |secs| Load::natter(&natter, &urls, OTHERS, RATE, secs).and("--pad", PAD).run();

    // the same room before and after, with the hundred reading
    let with_all = async || all_read(&natter, |n| natter.socket(n), others(secs / 3)).await;
    let before = with_all().await?;
    let memory_without = natter.memory();

    // they stop for as long as the others talk, but for the last seconds
    let sockets = open(&natter, |n| natter.socket(n)).await?;
    let (talk, total) = (secs + 5, (RATE * (secs + 5)) as u64);
    let slow = async {
        sleep(stop).await;
        let (stopped, went_on) = (natter.memory(), Instant::now());
        let mut reading = JoinSet::new();
        sockets.into_iter().for_each(|socket| drop(reading.spawn(read_up_to(socket, Some(total)))));
        let got = reading.join_all().await;
        (stopped, went_on.elapsed().as_secs_f64(), got)
    };
    let (with, (stopped, took, got)) = tokio::join!(others(talk), slow);
    let with = with?;
    sleep(Duration::from_secs(2)).await;
    let after = natter.memory();
    let afterwards = with_all().await?;
    let from_store = natter.counter("natter_caught_up_total").await;
    let whole = got.iter().filter(|count| **count == total).count();
    let (p99, p99_without) = (with.get("p99_ms"), (before.get("p99_ms") + afterwards.get("p99_ms")) / 2.0);
    let ratio = p99 / p99_without;
    let missing = |counted: &Counted| counted.get("missing");
    let mib = |kib: u64| kib as f64 / 1024.0;
    let text = format!(
        "at {RATE}/s, stopped for {secs} s: the others' p99 {p99:.1} ms ({ratio:.2} × {p99_without:.1} ms), {} missing; memory {:.0} MiB (without {:.0}, after {:.0}); {whole} of {SLOW} got all {}, {:.0}% of it from the store, {took:.1} s after they read on",
        missing(&with) + missing(&before) + missing(&afterwards),
        mib(stopped),
        mib(memory_without),
        mib(after),
        thousands(total as f64),
        100.0 * from_store / (SLOW as f64 * total as f64)
    );
    let figures = json!({ "p99_ms": p99, "p99_without_ms": p99_without, "ratio": ratio, "stopped_kib": stopped,
        "without_kib": memory_without, "after_kib": after, "whole": whole, "secs": took, "from_store": from_store });
    let flat = stopped.max(after) as f64 <= 1.2 * memory_without as f64;
    let met = ratio <= 1.2 && flat && whole == SLOW && missing(&with) == 0.0;
    let target = "p99 within 1.2 ×, memory flat (≤ 1.2 ×), the 100 get everything";
    run.tell(Finding::new("slow", "natter", text, figures).target(target, met));
    drop(natter);
    if run.beside {
        // the floor keeps nothing for a socket that does not read, so that it is asked for the room alone
        let floor = servers::start_floor(0)?;
        let urls = servers::urls(&floor, dir.path());
        let load = Load::natter(&floor, &urls, OTHERS, RATE, secs / 3).and("--pad", PAD).run();
        let p99 = all_read(&floor, |_| "/".into(), load).await?.get("p99_ms");
        let text = format!("floor, the hundred reading: p99 {p99:.1} ms");
        run.tell(Finding::new("slow", "reference", text, json!({ "p99_ms": p99 })));
    }
    Ok(())
}

/// What is counted under `load` while the hundred read too.
async fn all_read(
    server: &Server,
    path: impl Fn(usize) -> String,
    load: impl Future<Output = Result<Counted, String>>,
) -> Result<Counted, String> {
    let mut reading = JoinSet::new();
    open(server, path).await?.into_iter().for_each(|socket| drop(reading.spawn(read_up_to(socket, None))));
    let counted = load.await;
    reading.shutdown().await;
    sleep(Duration::from_secs(2)).await;
    counted
}

async fn open(server: &Server, path: impl Fn(usize) -> String) -> Result<Vec<Socket>, String> {
    let mut sockets = Vec::with_capacity(SLOW);
    for n in 0..SLOW {
        // as browsers behind a slow line: what the kernel holds for them is small
        let opened = Socket::open_narrow(server.address, &path(n), n).await;
        sockets.push(opened.map_err(|why| why.to_string())?);
    }
    Ok(sockets)
}

/// Reads until `total` messages have come, or nothing has for twenty seconds; returns how many it was.
async fn read_up_to(mut socket: Socket, total: Option<u64>) -> u64 {
    let mut seen = Seen::default();
    while total.is_none_or(|total| seen.count < total) {
        let read = socket.read(|frame| _ = seen.take(frame));
        match tokio::time::timeout(Duration::from_secs(20), read).await {
            Ok(Ok(())) => {}
            _ => break,
        }
    }
    seen.count
}
