//! The most messages a second at which a room of a thousand still gets everything in time.

use serde_json::json;

use crate::{
    load::{Counted, Load},
    natter::Natter,
    others::Node,
    place::{self, Dir},
    report::{Finding, thousands},
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

pub async fn measure() -> Result<(), String> {
    let dir = Dir::new();
    let secs = if place::quick() { 3 } else { 6 };
    let natter = Natter::start(PEOPLE).await?;
    let urls = natter.urls(dir.path());
    let ours = find(400, |rate| Load::natter(&natter, &urls, MEMBERS, rate, secs)).await?;
    drop(natter);
    let theirs = async {
        let Some(node) = Node::start(PEOPLE).await? else { return Ok(None) };
        let urls = node.urls_file(dir.path());
        find(50, |rate| Load::node(&node.server, &urls, MEMBERS, rate, secs)).await.map(Some)
    };
    let theirs: Result<Option<Ceiling>, String> = theirs.await;
    let find = |subject, ceiling: &Ceiling, times: String| {
        let least = if ceiling.client_was_full { "at least " } else { "" };
        let full = if ceiling.client_was_full { " (then the load generator is full)" } else { "" };
        let text = format!("{least}{}/s{times}, p99 {:.0} ms{full}", thousands(ceiling.rate as f64), ceiling.p99);
        let figures = json!({ "rate": ceiling.rate, "p99_ms": ceiling.p99, "at_least": ceiling.client_was_full });
        Finding::new("ceiling", subject, text, figures)
    };
    // what natter does is told without the other, too
    let Ok(Some(beside)) = &theirs else {
        find("natter", &ours, String::new()).tell();
        return theirs.map(drop);
    };
    let times = ours.rate as f64 / beside.rate.max(1) as f64;
    let ours = find("natter", &ours, format!(" ({times:.0} ×)"));
    ours.target("≥ 10 × the Node application's", times >= 10.0).tell();
    find("node", beside, String::new()).tell();
    Ok(())
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
