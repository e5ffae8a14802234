//! Two hundred log in at once while a room talks.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    http::{self, Http},
    load::Load,
    natter::{Natter, PASSWORD},
    place::{self, Dir},
    report::Finding,
};

const LOGINS: usize = 200;
const MEMBERS: usize = 100;
const RATE: usize = 20;

pub async fn measure() -> Result<(), String> {
    let dir = Dir::new();
    let natter = Natter::start_with(LOGINS, &["--bcrypt-cost", "12"]).await?;
    let urls = natter.urls(dir.path());
    let secs = if place::quick() { 8 } else { 20 };
    let without = Load::natter(&natter, &urls, MEMBERS, RATE, secs / 2).run().await?;
    let talking = Load::natter(&natter, &urls, MEMBERS, RATE, secs).run();
    let storm = async {
        sleep(Duration::from_millis(1500)).await; // the generator connects, and settles for a second
        storm(natter.address, Duration::from_secs(secs as u64)).await
    };
    let (with, storm) = tokio::join!(talking, storm);
    let (with, storm) = (with?, storm?);
    let (p99, before, missing) = (with.get("p99_ms"), without.get("p99_ms"), with.get("missing"));
    let text = format!(
        "messages' p99 {p99:.0} ms ({before:.0} ms before), max {:.0} ms, {missing} missing; {} of {LOGINS} let in within {:.0} s, {} told to come back meanwhile",
        with.get("max_ms"),
        storm.let_in,
        storm.secs,
        storm.put_off
    );
    let figures = json!({ "p99_ms": p99, "before_ms": before, "let_in": storm.let_in, "put_off": storm.put_off, "secs": storm.secs });
    let met = p99 <= 100.0 && missing == 0.0;
    Finding::new("login", "natter", text, figures).target("messages' p99 ≤ 100 ms", met).tell();
    Ok(())
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
