//! From the acknowledgement of a message until a search finds it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    corpus::Random,
    filling::{Filled, SEARCHER},
    queries::{Sort, path},
};
use crate::{
    http::{self, Http},
    natter::Natter,
    paths,
    report::{Finding, median, p99},
    run::Run,
};

/// Target, in milliseconds.
const ENOUGH: f64 = 1000.0;
const POLL: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(30);

/// Posts messages one after the other, each once the one before was found.
pub async fn measure(run: &Run, natter: &Natter, filled: &Filled) -> Result<(), String> {
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let (rooms, mut random, mut times) = (filled.readable().collect::<Vec<_>>(), Random::new(7), Vec::new());
    for n in 0..if paths::quick() { 30 } else { 100 } {
        // so that the posts do not keep step with natter's batches
        sleep(Duration::from_millis(random.below(300) as u64)).await;
        let (room, word) = (&rooms[n % rooms.len()].id, format!("found{}", Uuid::now_v7().simple()));
        times.push(time(&mut http, &natter.bearer(SEARCHER), room, &word).await?);
    }
    let (p50, most) = (median(times.clone()), times.iter().copied().fold(0.0, f64::max));
    let count = times.len();
    let text = format!("p50 {p50:.0} ms, longest {most:.0} ms of {count} messages, one after the other");
    let figures = json!({ "p50_ms": p50, "p99_ms": p99(times), "max_ms": most });
    let found = Finding::new("search", "natter", text, figures).scene("from acknowledged to found");
    run.report(found.target("≤ 1 s", most <= ENOUGH));
    Ok(())
}

/// The milliseconds that a message with this word takes to be found.
async fn time(http: &mut Http, bearer: &str, room: &str, word: &str) -> Result<f64, String> {
    let post = json!({ "message": format!("It says {word} here"), "clientID": Uuid::now_v7() }).to_string();
    let request = http::post(&format!("/api/rooms/{room}/messages"), bearer, &post);
    http.send(&request).await.map_err(|why| why.to_string())?.is(201);
    let (posted, search) = (Instant::now(), http::get(&path(word, Sort::Newest), bearer));
    while posted.elapsed() < LIMIT {
        let response = http.send(&search).await.map_err(|why| why.to_string())?;
        let answer: Value = serde_json::from_str(response.is(200).body).map_err(|why| why.to_string())?;
        if answer["hits"].as_array().is_some_and(|hits| !hits.is_empty()) {
            return Ok(posted.elapsed().as_secs_f64() * 1000.0);
        }
        sleep(POLL).await;
    }
    Err(format!("a message was not found within {} s", LIMIT.as_secs()))
}
