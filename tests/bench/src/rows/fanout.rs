//! Fan-out: deliveries per second of the server's CPU time.
//!
//! The subjects take turns in several short runs, because the machine's speed drifts.

use serde_json::json;

use crate::{
    load::{Load, LoadResult},
    natter::Natter,
    node::Node,
    paths,
    report::{Finding, median, thousands},
    run::Run,
    servers,
};

const SECS: usize = 4;
const USERS: usize = 50;
/// Below this rate of messages a second, a room is quiet and has a lower target.
const QUIET: usize = 100;

pub async fn measure(run: &Run, scenes: &[(usize, usize)]) -> Result<(), String> {
    let dir = paths::temporary();
    let natter = Natter::start(run, USERS).await?;
    let natter_urls = natter.write_urls(dir.path());
    let floor = servers::start_floor(0)?;
    let floor_urls = servers::write_urls(&floor, dir.path());
    let node = Node::start(run, USERS).await?;
    let node_urls = node.as_ref().map(|node| node.write_urls(dir.path()));
    // `--against` repeats the row itself
    let rounds = if paths::quick() || !run.with_references { 1 } else { 5 };
    for (members, rate) in scenes.iter().copied() {
        let (mut by_floor, mut by_natter, mut by_node) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            if run.with_references {
                by_floor.push(Load::natter(&floor, &floor_urls, members, rate, SECS).run().await?);
            }
            by_natter.push(Load::natter(&natter, &natter_urls, members, rate, SECS).run().await?);
            // one run is enough: the Node application is far slower
            if let (0, Some(node), Some(urls)) = (round, &node, &node_urls) {
                by_node
                    .push(Load::node(&node.server, urls, members, rate, SECS).with_flag("--drain", "3").run().await?);
            }
        }
        report(run, members, rate, &by_floor, &by_natter, &by_node);
    }
    Ok(())
}

/// The figures of several runs: medians, and the sum of what is missing.
struct Summary {
    /// Deliveries a second of CPU time.
    efficiency: f64,
    p99_ms: f64,
    missing: f64,
    kib_per_socket: f64,
    messages_per_frame: f64,
    client_was_limit: bool,
}

impl Summary {
    fn of(runs: &[LoadResult]) -> Self {
        let middle = |name: &str| median(runs.iter().map(|run| run.get(name)).collect());
        Self {
            efficiency: median(runs.iter().map(efficiency).collect()),
            p99_ms: middle("p99_ms"),
            missing: runs.iter().map(|run| run.get("missing")).sum(),
            kib_per_socket: runs.first().map_or(0.0, |run| run.get("kib_per_conn")),
            messages_per_frame: middle("msgs_per_frame"),
            client_was_limit: runs.iter().any(LoadResult::client_was_limit),
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}/CPU s, p99 {:.0} ms, {:.1} a frame",
            thousands(self.efficiency),
            self.p99_ms,
            self.messages_per_frame
        );
        if self.missing != 0.0 {
            text += &format!(", {} missing", thousands(self.missing));
        }
        if self.client_was_limit {
            text += " (limited by the load generator)";
        }
        text
    }
}

/// The target at this rate of messages a second, as a share of the floor.
pub fn target_share(rate: usize) -> f64 {
    if rate < QUIET { 0.8 } else { 1.0 }
}

/// Deliveries a second of the server's CPU.
fn efficiency(run: &LoadResult) -> f64 {
    run.get("delivered") / run.get("server_cpu_s").max(0.01)
}

fn report(run: &Run, members: usize, rate: usize, floor: &[LoadResult], natter: &[LoadResult], node: &[LoadResult]) {
    let scene = format!("{} × {rate}/s", thousands(members as f64));
    // the median of the ratios of adjacent runs: other load on the machine affects both
    let share = |runs: &[LoadResult]| {
        median(runs.iter().zip(floor).map(|(run, floor)| efficiency(run) / efficiency(floor)).collect())
    };
    let finding = |subject: &str, runs: &[LoadResult]| {
        let (summary, share) = (Summary::of(runs), share(runs));
        let text = match subject {
            "reference" => format!("floor: {}", summary.text()),
            _ => format!("{:.0}% of the floor: {}", 100.0 * share, summary.text()),
        };
        let figures = json!({ "per_cpu_s": summary.efficiency, "share": share, "p99_ms": summary.p99_ms, "missing": summary.missing,
            "kib_a_socket": summary.kib_per_socket, "a_frame": summary.messages_per_frame });
        Finding::new("fanout", subject, text, figures).scene(&scene)
    };
    let (ours, enough) = (Summary::of(natter), target_share(rate));
    let (p99, in_time) = if rate < QUIET { ("", true) } else { (", p99 ≤ 100 ms", ours.p99_ms <= 100.0) };
    let target = format!("≥ {:.0}% of the floor{p99}, nothing missing", 100.0 * enough);
    let met = share(natter) >= enough && ours.missing == 0.0 && in_time;
    run.report(finding("natter", natter).target(target, met));
    for (subject, runs) in [("reference", floor), ("node", node)] {
        if !runs.is_empty() {
            run.report(finding(subject, runs));
        }
    }
}
