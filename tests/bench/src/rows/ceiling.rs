//! The highest rate of messages at which every member of a room of 1,000 receives all of them in time.

use natter_test_support::TemporaryDirectory;
use serde_json::json;

use crate::{
    load::{Load, LoadResult},
    natter::Natter,
    node::Node,
    paths,
    report::{Finding, thousands},
    run::Run,
    servers,
};

const MEMBERS: usize = 1000;
/// A client waits for each acknowledgement, so few senders would limit the rate.
const SENDERS: &str = "100";
const P99_MS: f64 = 250.0;
const USERS: usize = 200;

#[derive(Default)]
struct Ceiling {
    rate: usize,
    p99: f64,
    /// Whether the load generator was the limit at the first rate that was too high.
    client_was_limit: bool,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let dir = paths::temporary();
    let secs = if paths::quick() { 3 } else { 6 };
    let natter = Natter::start(run, USERS).await?;
    let urls = natter.write_urls(dir.path());
    let ours = find(400, |rate| Load::natter(&natter, &urls, MEMBERS, rate, secs)).await?;
    drop(natter);
    let report = |subject, ceiling: &Ceiling, name: &str, times: Option<f64>| {
        let at_least = if ceiling.client_was_limit { "at least " } else { "" };
        let limited = if ceiling.client_was_limit { " (limited by the load generator)" } else { "" };
        let ratio = times.map_or(String::new(), |times| format!(" ({times:.0} ×)"));
        let rate = thousands(ceiling.rate as f64);
        let text = format!("{name}{at_least}{rate}/s{ratio}, p99 {:.0} ms{limited}", ceiling.p99);
        let figures = json!({ "rate": ceiling.rate, "p99_ms": ceiling.p99, "at_least": ceiling.client_was_limit });
        let finding = Finding::new("ceiling", subject, text, figures);
        run.report(match times {
            Some(times) => finding.target("≥ 10 × the Node application's", times >= 10.0),
            None => finding,
        });
    };
    // natter is reported even if the references fail
    let references = if run.with_references { references(run, &dir, secs).await } else { Ok((None, None)) };
    let (floor, node) = match &references {
        Ok((floor, node)) => (floor.as_ref(), node.as_ref()),
        Err(_) => (None, None),
    };
    report("natter", &ours, "", node.map(|node| ours.rate as f64 / node.rate.max(1) as f64));
    if let Some(floor) = floor {
        report("reference", floor, "floor: ", None);
    }
    if let Some(node) = node {
        report("node", node, "", None);
    }
    references.map(drop)
}

/// The ceilings of the floor, which shows the limit of the load generator, and of the Node application.
async fn references(
    run: &Run,
    dir: &TemporaryDirectory,
    secs: usize,
) -> Result<(Option<Ceiling>, Option<Ceiling>), String> {
    let floor = servers::start_floor(0)?;
    let urls = servers::write_urls(&floor, dir.path());
    let of_floor = find(400, |rate| Load::natter(&floor, &urls, MEMBERS, rate, secs)).await?;
    drop(floor);
    let Some(node) = Node::start(run, USERS).await? else { return Ok((Some(of_floor), None)) };
    let urls = node.write_urls(dir.path());
    let of_node = find(50, |rate| Load::node(&node.server, &urls, MEMBERS, rate, secs)).await?;
    Ok((Some(of_floor), Some(of_node)))
}

/// Doubles the rate until it is too high, or halves it until it fits, and narrows down the range between.
async fn find(start: usize, load: impl Fn(usize) -> Load) -> Result<Ceiling, String> {
    let (mut best, mut too_high, mut rate) = (Ceiling::default(), None, start);
    loop {
        let run = || load(rate).with_flag("--senders", SENDERS).with_flag("--drain", "3").run();
        let mut result = run().await?;
        if !fits(&result) {
            result = run().await?; // once more: another process may have taken the CPU
        }
        let fits = fits(&result);
        eprintln!(
            "ceiling: {rate}/s: p99 {:.0} ms, {} missing, load {:.0}% busy{}",
            result.get("p99_ms"),
            result.get("missing"),
            100.0 * result.get("client_cpu_s") / result.get("secs"),
            if fits { "" } else { ": too high" }
        );
        if fits {
            best = Ceiling { rate, p99: result.get("p99_ms"), ..best };
        } else {
            best.client_was_limit = result.client_was_limit();
            too_high = Some(rate);
        }
        rate = match too_high {
            None => rate * 2,
            Some(high) if best.rate == 0 && high > 1 => high / 2,
            Some(high) if best.rate > 0 && high as f64 > 1.15 * best.rate as f64 => (best.rate + high) / 2,
            Some(_) => return Ok(best),
        };
    }
}

fn fits(result: &LoadResult) -> bool {
    result.get("missing") == 0.0 && result.get("p99_ms") <= P99_MS && result.was_on_time()
}
