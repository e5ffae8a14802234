//! 200 logins at once, beside a busy room.

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
    paths,
    report::Finding,
    run::Run,
};

const LOGINS: usize = 200;
const MEMBERS: usize = 100;
const RATE: usize = 20;
/// The target: a share of the rate of bare bcrypt.
const TARGET_SHARE: f64 = 0.8;
const COST: &str = "12";
/// The hash of [`PASSWORD`] at [`COST`].
const HASH: &str = "$2b$12$n.cP5AzL4vsMNdTWSJfR9uasmQl817nRGRq6XX3zgXyoOAzpJaH2K";

pub async fn measure(run: &Run) -> Result<(), String> {
    let (dir, data) = (paths::temporary(), paths::temporary());
    let database = Database::Embedded(data.path().to_owned());
    let tokens = Natter::sign_up_users(run, &database, LOGINS).await?;
    set_hashes(data.path()).map_err(|why| format!("the hashes cannot be set: {why}"))?;
    let natter = Natter::start_with_users(run, &database, tokens, &["--bcrypt-cost", COST])?;
    let urls = natter.write_urls(dir.path());
    let secs = if paths::quick() { 8 } else { 20 };
    let bare = match run.with_references {
        true => tokio::task::spawn_blocking(move || hashes_per_s(Duration::from_secs(secs as u64 / 4))).await,
        false => Ok(0.0),
    };
    let bare = bare.map_err(|why| why.to_string())?;
    let without = Load::natter(&natter, &urls, MEMBERS, RATE, secs / 2).run().await?;
    let load = Load::natter(&natter, &urls, MEMBERS, RATE, secs).run();
    let storm = async {
        sleep(Duration::from_millis(1500)).await; // the load generator connects, and then waits for a second
        storm(natter.address, Duration::from_secs(secs as u64)).await
    };
    let (with, storm) = tokio::join!(load, storm);
    let (with, storm) = (with?, storm?);
    let (p99, before, missing) = (with.get("p99_ms"), without.get("p99_ms"), with.get("missing"));
    let rate = storm.logged_in as f64 / storm.secs;
    let share =
        if run.with_references { format!(", {:.0}% of bare bcrypt", 100.0 * rate / bare) } else { String::new() };
    let text = format!(
        "messages' p99 {p99:.1} ms ({before:.1} ms before), max {:.0} ms, {missing} missing; {} of {LOGINS} logged in within {:.0} s ({rate:.1}/s{share}), {} responses with Retry-After meanwhile",
        with.get("max_ms"),
        storm.logged_in,
        storm.secs,
        storm.retries
    );
    let figures = json!({ "p99_ms": p99, "before_ms": before, "logged_in": storm.logged_in, "per_s": rate, "retries": storm.retries, "secs": storm.secs });
    let met = p99 <= 100.0 && missing == 0.0 && (!run.with_references || rate >= TARGET_SHARE * bare);
    let target = format!("messages' p99 ≤ 100 ms, ≥ {:.0}% of bare bcrypt", 100.0 * TARGET_SHARE);
    run.report(Finding::new("login", "natter", text, figures).target(target, met));
    if run.with_references {
        let text = format!("bare bcrypt: {bare:.1} passwords/s on {} of the cores", spare_cores());
        run.report(Finding::new("login", "reference", text, json!({ "per_s": bare })));
    }
    Ok(())
}

/// Replaces all hashes by one of [`COST`]: 200 sign-ups at that cost would take most of a minute.
fn set_hashes(data: &Path) -> rusqlite::Result<usize> {
    rusqlite::Connection::open(data.join("natter.db"))?.execute("UPDATE users SET password_hash = ?1", [HASH])
}

/// The number of cores on which natter checks passwords: all but one, which is for the chat.
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
    logged_in: usize,
    /// Responses with Retry-After.
    retries: usize,
    secs: f64,
}

/// All users log in and retry as the responses say, for `time` at most.
async fn storm(address: SocketAddr, time: Duration) -> Result<Storm, String> {
    let started = Instant::now();
    let mut logins = JoinSet::new();
    for n in 0..LOGINS {
        logins.spawn(log_in(address, n, started + time));
    }
    let mut storm = Storm { logged_in: 0, retries: 0, secs: 0.0 };
    while let Some(done) = logins.join_next().await {
        let (logged_in, retries) = done.map_err(|why| why.to_string())??;
        storm.logged_in += usize::from(logged_in);
        storm.retries += retries;
        storm.secs = started.elapsed().as_secs_f64();
    }
    Ok(storm)
}

/// Logs in `user{n}` until `until`. Returns whether that succeeded and how often it was retried.
async fn log_in(address: SocketAddr, n: usize, until: Instant) -> Result<(bool, usize), String> {
    let request = http::post("/api/login", "", &format!(r#"{{"userID":"user{n}","password":"{PASSWORD}"}}"#));
    let mut retries = 0;
    while Instant::now() < until {
        let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
        let response = http.send(&request).await.map_err(|why| format!("a login got no response: {why}"))?;
        match response.status {
            200 => return Ok((true, retries)),
            503 => {
                retries += 1;
                let wait = response.header("retry-after").and_then(|secs| secs.parse().ok()).unwrap_or(1);
                sleep(Duration::from_secs(wait)).await;
            }
            status => return Err(format!("a login got {status}: {}", response.body)),
        }
    }
    Ok((false, retries))
}
