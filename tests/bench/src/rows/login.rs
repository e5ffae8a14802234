//! Two hundred log in at once while a room talks.

use std::{
    net::SocketAddr,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    http::{self, Http},
    load::Load,
    natter::{Database, Natter, PASSWORD},
    place::{self, Dir},
    report::Finding,
    run::Run,
};

const LOGINS: usize = 200;
const MEMBERS: usize = 100;
const RATE: usize = 20;
/// The share of bare bcrypt that is to be let in.
const ENOUGH: f64 = 0.8;
const COST: &str = "12";
/// Of [`PASSWORD`] at [`COST`].
const HASH: &str = "$2b$12$n.cP5AzL4vsMNdTWSJfR9uasmQl817nRGRq6XX3zgXyoOAzpJaH2K";

pub async fn measure(run: &Run) -> Result<(), String> {
    let (dir, data) = (Dir::new(), Dir::new());
    let database = Database::Embedded(data.path().to_owned());
    let tokens = Natter::prepare(run, &database, LOGINS).await?;
    set_hashes(data.path()).map_err(|why| format!("the hashes cannot be set: {why}"))?;
    let natter = Natter::start_prepared(run, &database, tokens, &["--bcrypt-cost", COST])?;
    let urls = natter.urls(dir.path());
    let secs = if place::quick() { 8 } else { 20 };
    let bare = match run.beside {
        true => tokio::task::spawn_blocking(move || hashes_per_s(Duration::from_secs(secs as u64 / 4))).await,
        false => Ok(0.0),
    };
    let bare = bare.map_err(|why| why.to_string())?;
    let without = Load::natter(&natter, &urls, MEMBERS, RATE, secs / 2).run().await?;
    let talking = Load::natter(&natter, &urls, MEMBERS, RATE, secs).run();
    let storm = async {
        sleep(Duration::from_millis(1500)).await; // the generator connects, and settles for a second
        storm(natter.address, Duration::from_secs(secs as u64)).await
    };
    let (with, storm) = tokio::join!(talking, storm);
    let (with, storm) = (with?, storm?);
    let (p99, before, missing) = (with.get("p99_ms"), without.get("p99_ms"), with.get("missing"));
    let rate = storm.let_in as f64 / storm.secs;
    let share = if run.beside { format!(", {:.0}% of bare bcrypt", 100.0 * rate / bare) } else { String::new() };
    let text = format!(
        "messages' p99 {p99:.1} ms ({before:.1} ms before), max {:.0} ms, {missing} missing; {} of {LOGINS} let in within {:.0} s ({rate:.1}/s{share}), {} told to come back meanwhile",
        with.get("max_ms"),
        storm.let_in,
        storm.secs,
        storm.put_off
    );
    let figures = json!({ "p99_ms": p99, "before_ms": before, "let_in": storm.let_in, "per_s": rate, "put_off": storm.put_off, "secs": storm.secs });
    let met = p99 <= 100.0 && missing == 0.0 && (!run.beside || rate >= ENOUGH * bare);
    let target = format!("messages' p99 ≤ 100 ms, ≥ {:.0}% of bare bcrypt", 100.0 * ENOUGH);
    run.tell(Finding::new("login", "natter", text, figures).target(target, met));
    if run.beside {
        let text = format!("bare bcrypt: {bare:.1} passwords/s on {} of the cores", spare_cores());
        run.tell(Finding::new("login", "reference", text, json!({ "per_s": bare })));
    }
    Ok(())
}

/// Gives everybody a hash of [`COST`]. Two hundred sign-ups with such a one would take most of a minute.
fn set_hashes(data: &Path) -> rusqlite::Result<usize> {
    rusqlite::Connection::open(data.join("natter.db"))?.execute("UPDATE users SET password_hash = ?1", [HASH])
}

/// Cores that natter checks passwords on: one is left for the chat.
fn spare_cores() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get() - 1).max(1)
}

/// Passwords a second that bcrypt checks on as many cores as natter uses for it.
fn hashes_per_s(time: Duration) -> f64 {
    let started = Instant::now();
    let check = || {
        let mut count = 0;
        while started.elapsed() < time {
            assert!(bcrypt::verify(PASSWORD, HASH).unwrap());
            count += 1;
        }
        count
    };
    let checked: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..spare_cores()).map(|_| scope.spawn(check)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    f64::from(checked) / started.elapsed().as_secs_f64()
}

struct Storm {
    let_in: usize,
    /// Answers that asked to come back later.
    put_off: usize,
    secs: f64,
}

/// Everybody logs in, and comes back when asked to, for `time` at most.
async fn storm(address: SocketAddr, time: Duration) -> Result<Storm, String> {
    let started = Instant::now();
    let mut logins = JoinSet::new();
    for n in 0..LOGINS {
        logins.spawn(log_in(address, n, started + time));
    }
    let mut storm = Storm { let_in: 0, put_off: 0, secs: 0.0 };
    while let Some(done) = logins.join_next().await {
        let (let_in, put_off) = done.map_err(|why| why.to_string())??;
        storm.let_in += usize::from(let_in);
        storm.put_off += put_off;
        storm.secs = started.elapsed().as_secs_f64();
    }
    Ok(storm)
}

/// Whether `user{n}` was let in by `until`, and how often they were put off.
async fn log_in(address: SocketAddr, n: usize, until: Instant) -> Result<(bool, usize), String> {
    let request = http::post("/api/login", "", &format!(r#"{{"userID":"user{n}","password":"{PASSWORD}"}}"#));
    let mut put_off = 0;
    while Instant::now() < until {
        let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
        let answer = http.ask(&request).await.map_err(|why| format!("a login got no answer: {why}"))?;
        match answer.status {
            200 => return Ok((true, put_off)),
            503 => {
                put_off += 1;
                let wait = answer.header("retry-after").and_then(|secs| secs.parse().ok()).unwrap_or(1);
                sleep(Duration::from_secs(wait)).await;
            }
            status => return Err(format!("a login got {status}: {}", answer.body)),
        }
    }
    Ok((false, put_off))
}
