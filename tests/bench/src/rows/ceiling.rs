//! The most messages a second at which a room of a thousand still gets everything in time.

use serde_json::json;

use crate::{
    load::{Counted, Load},
    natter::Natter,
    node::Node,
    place::{self, Dir},
    report::{Finding, thousands},
    run::Run,
    servers,
};

const MEMBERS: usize = 1000;
/// One message of a client is on its way at a time, so that few senders would be a limit of their own.
const SENDERS: &str = "100";
const P99_MS: f64 = 250.0;
const PEOPLE: usize = 200;

#[derive(Default)]
struct Ceiling {
    rate: usize,
    p99: f64,
    /// Whether the load generator was full at the first rate that was too high.
    client_was_full: bool,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let dir = Dir::new();
    let secs = if place::quick() { 3 } else { 6 };
    let natter = Natter::start(run, PEOPLE).await?;
    let urls = natter.urls(dir.path());
    let ours = find(400, |rate| Load::natter(&natter, &urls, MEMBERS, rate, secs)).await?;
    drop(natter);
    let tell = |subject, ceiling: &Ceiling, name: &str, times: Option<f64>| {
        let least = if ceiling.client_was_full { "at least " } else { "" };
        let full = if ceiling.client_was_full { " (then the load generator is full)" } else { "" };
        let shown = times.map_or(String::new(), |times| format!(" ({times:.0} ×)"));
        let rate = thousands(ceiling.rate as f64);
        let text = format!("{name}{least}{rate}/s{shown}, p99 {:.0} ms{full}", ceiling.p99);
        let figures = json!({ "rate": ceiling.rate, "p99_ms": ceiling.p99, "at_least": ceiling.client_was_full });
        let finding = Finding::new("ceiling", subject, text, figures);
        run.tell(match times {
            Some(times) => finding.target("≥ 10 × the Node application's", times >= 10.0),
            None => finding,
        });
    };
    // what natter does is told without the others, too
    let beside = if run.beside { others(run, &dir, secs).await } else { Ok((None, None)) };
    let (floor, node) = match &beside {
        Ok((floor, node)) => (floor.as_ref(), node.as_ref()),
        Err(_) => (None, None),
    };
    tell("natter", &ours, "", node.map(|node| ours.rate as f64 / node.rate.max(1) as f64));
    if let Some(floor) = floor {
        tell("reference", floor, "floor: ", None);
    }
    if let Some(node) = node {
        tell("node", node, "", None);
    }
    beside.map(drop)
}

/// The ceilings of the floor, which says how far the load generator reaches, and of the Node application.
async fn others(run: &Run, dir: &Dir, secs: usize) -> Result<(Option<Ceiling>, Option<Ceiling>), String> {
    let floor = servers::start_floor(0)?;
    let urls = servers::urls(&floor, dir.path());
    let of_floor = find(400, |rate| Load::natter(&floor, &urls, MEMBERS, rate, secs)).await?;
    drop(floor);
    let Some(node) = Node::start(run, PEOPLE).await? else { return Ok((Some(of_floor), None)) };
    let urls = node.urls_file(dir.path());
    let of_node = find(50, |rate| Load::node(&node.server, &urls, MEMBERS, rate, secs)).await?;
    Ok((Some(of_floor), Some(of_node)))
}

/// Doubles (or halves) `rate` until it is too high (or fits), and closes in on what lies between.
async fn find(start: usize, load: impl Fn(usize) -> Load) -> Result<Ceiling, String> {
    let (mut best, mut too_high, mut rate) = (Ceiling::default(), None, start);
    loop {
        let run = || load(rate).and("--senders", SENDERS).and("--drain", "3").run();
        let mut counted = run().await?;
        if !fits(&counted) {
            counted = run().await?; // what else the machine does may have been in the way
        }
        let fits = fits(&counted);
        eprintln!(
            "ceiling: {rate}/s: p99 {:.0} ms, {} missing, load {:.0}% busy{}",
            counted.get("p99_ms"),
            counted.get("missing"),
            100.0 * counted.get("client_cpu_s") / counted.get("secs"),
            if fits { "" } else { ": too high" }
        );
        if fits {
            best = Ceiling { rate, p99: counted.get("p99_ms"), ..best };
        } else {
            best.client_was_full = counted.client_was_full();
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

fn fits(counted: &Counted) -> bool {
    counted.get("missing") == 0.0 && counted.get("p99_ms") <= P99_MS && counted.was_on_time()
}
