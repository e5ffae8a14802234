//! What a delivery costs if each of a thousand members writes in turn, compared with one author who writes everything.
//!
//! Both have as many sockets and the same rate. They take turns, because the machine's speed drifts.

use serde_json::json;

use crate::{
    load::{Load, LoadResult},
    natter::Natter,
    paths,
    report::{Finding, median, thousands},
    run::Run,
};

/// Sockets. Each is another user's, except those of the one author.
const MEMBERS: usize = 1000;
/// Sockets of the one author. natter takes one message of a socket at a time: with one socket, fewer messages would
/// share a frame than with many authors.
const SOCKETS_OF_ONE: usize = 50;
/// Messages a second.
const RATE: usize = 200;
/// Long enough for one message of each member.
const SECS: usize = MEMBERS / RATE;
/// Seconds before the first message, in which it is announced who entered and who left.
const SETTLE: &str = "6";
/// Highest cost with many authors, as a multiple of the cost with one.
const ENOUGH: f64 = 1.03;

pub async fn measure(run: &Run) -> Result<(), String> {
    let dir = paths::temporary();
    let natter = Natter::start(run, MEMBERS).await?;
    let many_urls = natter.write_urls(dir.path());
    let users = (0..MEMBERS).map(|n| if n < SOCKETS_OF_ONE { 0 } else { n });
    let one_urls = natter.write_urls_of(users, &dir.path().join("one-author.urls"));
    let load = async |urls, senders: usize| {
        let load = Load::natter(&natter, urls, MEMBERS, RATE, SECS).with_flag("--settle", SETTLE);
        load.with_flag("--senders", &senders.to_string()).run().await
    };
    let one = async || load(&one_urls, SOCKETS_OF_ONE).await;
    let many = async || load(&many_urls, MEMBERS).await;
    let (mut by_one, mut by_many) = (Vec::new(), Vec::new());
    // `--against` repeats the row itself
    for _ in 0..if paths::quick() || !run.with_references { 1 } else { 4 } {
        // one, many, many, one: a steady drift affects both
        by_one.push(one().await?);
        by_many.extend([many().await?, many().await?]);
        by_one.push(one().await?);
    }
    let ratio = cpu_us(&by_many) / cpu_us(&by_one);
    let missing: f64 = by_one.iter().chain(&by_many).map(|load| load.get("missing")).sum();
    let finding = |subject, name, loads: &[LoadResult]| {
        let middle = |figure| median(loads.iter().map(|load| load.get(figure)).collect());
        let (cpu_us, a_frame) = (cpu_us(loads), middle("msgs_per_frame"));
        let mut text =
            format!("{name}{cpu_us:.2} µs of CPU a delivery, p99 {:.0} ms, {a_frame:.1} a frame", middle("p99_ms"));
        if subject == "natter" {
            text += &format!(", {ratio:.3} × one author's, {} missing", thousands(missing));
        }
        Finding::new("authors", subject, text, json!({ "cpu_us": cpu_us, "ratio": ratio, "a_frame": a_frame }))
    };
    let found = finding("natter", "", &by_many);
    run.report(found.target(format!("≤ {ENOUGH} × one author's, nothing missing"), ratio <= ENOUGH && missing == 0.0));
    if run.with_references {
        run.report(finding("reference", "one author: ", &by_one));
    }
    Ok(())
}

/// Microseconds of the server's CPU time for each delivery of all these runs.
fn cpu_us(loads: &[LoadResult]) -> f64 {
    let sum = |figure| loads.iter().map(|load| load.get(figure)).sum::<f64>();
    1e6 * sum("server_cpu_s") / sum("delivered")
}
