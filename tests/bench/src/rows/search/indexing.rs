//! How fast an index is made, beside durable ingest.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    super::ingest,
    filling::{Filled, SEARCHER},
    queries::{Sort, path},
};
use crate::{
    http::{self, Http},
    natter::Natter,
    process::Meter,
    report::{Finding, median, thousands},
    run::Run,
};

/// Target: of the rate of durable ingest.
const ENOUGH: f64 = 2.0;
const INDEXING_LIMIT: Duration = Duration::from_secs(1200);
/// Longest wait until the index is merged.
const MERGING_LIMIT: Duration = Duration::from_secs(120);
/// The share of a core that a natter without work takes at most.
const QUIET: f64 = 0.02;

/// A natter whose index is complete.
pub struct Indexed {
    pub natter: Natter,
    messages: f64,
    /// From the start until all is found.
    secs: f64,
    cpu_secs: f64,
    /// CPU seconds from then on, until there is nothing more to do.
    merging_cpu_secs: f64,
    /// In KiB, before the first search.
    pub memory_before: u64,
}

/// Starts natter without an index and waits until it has one.
pub async fn measure(run: &Run, filled: &Filled) -> Result<Indexed, String> {
    let tokens = filled.sign_up(run).await?;
    let natter = Natter::start_with_users(run, &filled.database(), tokens, &[])?;
    let meter = Meter::of_new(natter.pid());
    wait_until_complete(&natter).await?;
    let used = meter.read();
    let meter = Meter::start(natter.pid());
    wait_until_quiet(natter.pid()).await;
    Ok(Indexed {
        messages: filled.size.messages as f64,
        secs: used.secs,
        cpu_secs: used.server,
        merging_cpu_secs: meter.read().server,
        memory_before: natter.memory(),
        natter,
    })
}

async fn wait_until_complete(natter: &Natter) -> Result<(), String> {
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let request = http::get(&path("", Sort::Newest), &natter.bearer(SEARCHER));
    let started = Instant::now();
    while started.elapsed() < INDEXING_LIMIT {
        let response = http.send(&request).await.map_err(|why| why.to_string())?;
        let answer: Value = serde_json::from_str(response.is(200).body).map_err(|why| why.to_string())?;
        if answer["indexed"] == 100 {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(format!("not all is indexed after {} s", INDEXING_LIMIT.as_secs()))
}

/// Waits until natter does nothing for two seconds.
async fn wait_until_quiet(pid: u32) {
    let (started, mut quiet) = (Instant::now(), 0);
    while quiet < 4 && started.elapsed() < MERGING_LIMIT {
        let meter = Meter::start(pid);
        sleep(Duration::from_millis(500)).await;
        quiet = if meter.read().share() < QUIET { quiet + 1 } else { 0 };
    }
}

pub async fn report_rate(run: &Run, indexed: &Indexed) -> Result<(), String> {
    let Indexed { messages, secs, cpu_secs, merging_cpu_secs, .. } = indexed;
    let (per_s, cpu_us) = (messages / secs, 1e6 * cpu_secs / messages);
    let merging_us = 1e6 * merging_cpu_secs / messages;
    let mut figures = json!({ "per_s": per_s, "cpu_us": cpu_us, "merging_us": merging_us });
    let mut text = format!(
        "{}/s, {cpu_us:.1} µs of CPU a message, and {merging_us:.1} µs for merging afterwards",
        thousands(per_s)
    );
    if !run.with_references {
        run.report(Finding::new("search", "natter", text, figures).scene("indexing"));
        return Ok(());
    }
    let mut rates = Vec::new();
    for _ in 0..ingest::round_count(run) {
        rates.push(ingest::embedded_rate(run).await?);
    }
    let rate = median(rates);
    let ratio = per_s / rate;
    text = format!("{ratio:.1} × durable ingest: {text}");
    figures["ratio"] = ratio.into();
    let found = Finding::new("search", "natter", text, figures).scene("indexing");
    run.report(found.target(format!("≥ {ENOUGH} × durable ingest"), ratio >= ENOUGH));
    let text = format!("durable ingest by 64 writers, with the index running: {}/s", thousands(rate));
    run.report(Finding::new("search", "reference", text, json!({ "per_s": rate })).scene("indexing"));
    Ok(())
}
