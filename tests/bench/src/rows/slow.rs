//! Some sockets stop reading in a busy room and continue after a while.

use std::time::{Duration, Instant};

use natter_test_support::ServerProcess;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    listeners::MessageCounter,
    load::{Load, LoadResult},
    natter::Natter,
    paths,
    report::{Finding, thousands},
    run::Run,
    servers,
    socket::Socket,
};

const SLOW: usize = 100;
const OTHERS: usize = 900;
const RATE: usize = 200;
/// Messages of several lines, so that they exceed what the kernel buffers for a socket.
const PAD: &str = "400";
const USERS: usize = 200;

pub async fn measure(run: &Run) -> Result<(), String> {
    let stop = Duration::from_secs(if paths::quick() { 15 } else { 60 });
    let dir = paths::temporary();
    let natter = Natter::start(run, USERS).await?;
    let urls = natter.write_urls(dir.path());
    let secs = stop.as_secs() as usize;
    let others = |secs| Load::natter(&natter, &urls, OTHERS, RATE, secs).with_flag("--pad", PAD).run();

    // the same room before and after, with the slow sockets reading
    let with_all = async || all_read(&natter, |n| natter.socket_path(n), others(secs / 3)).await;
    let before = with_all().await?;
    let memory_without = natter.memory();

    // they stop reading while the others send, except in the last seconds
    let sockets = open(&natter, |n| natter.socket_path(n)).await?;
    let (send_secs, total) = (secs + 5, (RATE * (secs + 5)) as u64);
    let slow = async {
        sleep(stop).await;
        let (stopped, resumed) = (natter.memory(), Instant::now());
        let mut reading = JoinSet::new();
        sockets.into_iter().for_each(|socket| drop(reading.spawn(read_up_to(socket, Some(total)))));
        let got = reading.join_all().await;
        (stopped, resumed.elapsed().as_secs_f64(), got)
    };
    let (with, (stopped, took, got)) = tokio::join!(others(send_secs), slow);
    let with = with?;
    sleep(Duration::from_secs(2)).await;
    let after = natter.memory();
    let afterwards = with_all().await?;
    let from_store = natter.counter("natter_caught_up_total").await;
    let whole = got.iter().filter(|count| **count == total).count();
    let (p99, p99_without) = (with.get("p99_ms"), (before.get("p99_ms") + afterwards.get("p99_ms")) / 2.0);
    let ratio = p99 / p99_without;
    let missing = |counted: &LoadResult| counted.get("missing");
    let mib = |kib: u64| kib as f64 / 1024.0;
    let text = format!(
        "at {RATE}/s, stopped for {secs} s: the others' p99 {p99:.1} ms ({ratio:.2} × {p99_without:.1} ms), {} missing; memory {:.0} MiB (without {:.0}, after {:.0}); {whole} of {SLOW} received all {}, {:.0}% of it from the store, {took:.1} s after they resumed",
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
    let target = "p99 within 1.2 ×, memory flat (≤ 1.2 ×), the 100 receive everything";
    run.report(Finding::new("slow", "natter", text, figures).target(target, met));
    drop(natter);
    if run.with_references {
        // without the slow sockets: the floor would buffer without a limit for a socket that does not read
        let floor = servers::start_floor(0)?;
        let urls = servers::write_urls(&floor, dir.path());
        let load = Load::natter(&floor, &urls, OTHERS, RATE, secs / 3).with_flag("--pad", PAD).run();
        let p99 = all_read(&floor, |_| "/".into(), load).await?.get("p99_ms");
        let text = format!("floor, all sockets reading: p99 {p99:.1} ms");
        run.report(Finding::new("slow", "reference", text, json!({ "p99_ms": p99 })));
    }
    Ok(())
}

/// Runs `load` while the slow sockets read too.
async fn all_read(
    server: &ServerProcess,
    path: impl Fn(usize) -> String,
    load: impl Future<Output = Result<LoadResult, String>>,
) -> Result<LoadResult, String> {
    let mut reading = JoinSet::new();
    open(server, path).await?.into_iter().for_each(|socket| drop(reading.spawn(read_up_to(socket, None))));
    let counted = load.await;
    reading.shutdown().await;
    sleep(Duration::from_secs(2)).await;
    counted
}

async fn open(server: &ServerProcess, path: impl Fn(usize) -> String) -> Result<Vec<Socket>, String> {
    let mut sockets = Vec::with_capacity(SLOW);
    for n in 0..SLOW {
        // a small kernel buffer, as for browsers with a slow connection
        let opened = Socket::open_with_small_buffer(server.address, &path(n), n).await;
        sockets.push(opened.map_err(|why| why.to_string())?);
    }
    Ok(sockets)
}

/// Reads until `total` messages have arrived, or none for 20 s; returns how many arrived.
async fn read_up_to(mut socket: Socket, total: Option<u64>) -> u64 {
    let mut counter = MessageCounter::default();
    while total.is_none_or(|total| counter.count < total) {
        let read = socket.read(|frame| _ = counter.count_frame(frame));
        match tokio::time::timeout(Duration::from_secs(20), read).await {
            Ok(Ok(())) => {}
            _ => break,
        }
    }
    counter.count
}
