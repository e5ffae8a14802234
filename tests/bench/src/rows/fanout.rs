//! Fan-out: what a second of the server's CPU delivers.
//!
//! The subjects take turns, several short runs each, as the machine's speed drifts.

use serde_json::json;

use crate::{
    load::{Counted, Load},
    natter::Natter,
    node::Node,
    place::{self, Dir},
    report::{Finding, median, thousands},
    run::Run,
    servers,
};

const SECS: usize = 4;
/// As natter's, for whom fifty people send from ten sockets.
const PEOPLE: usize = 50;
/// Messages a second under which a room is quiet.
const QUIET: usize = 100;

pub async fn measure(run: &Run, scenes: &[(usize, usize)]) -> Result<(), String> {
    let dir = Dir::new();
    let natter = Natter::start(run, PEOPLE).await?;
    let natter_urls = natter.urls(dir.path());
    let floor = servers::start_floor(0)?;
    let floor_urls = servers::urls(&floor, dir.path());
    let node = Node::start(run, PEOPLE).await?;
    let node_urls = node.as_ref().map(|node| node.urls_file(dir.path()));
    // `--against` has rounds of its own
    let rounds = if place::quick() || !run.beside { 1 } else { 5 };
    for (members, rate) in scenes.iter().copied() {
        let (mut by_floor, mut by_natter, mut by_node) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            if run.beside {
                by_floor.push(Load::natter(&floor, &floor_urls, members, rate, SECS).run().await?);
            }
            by_natter.push(Load::natter(&natter, &natter_urls, members, rate, SECS).run().await?);
            // the Node application is far away: one run will do
            if let (0, Some(node), Some(urls)) = (round, &node, &node_urls) {
                by_node.push(Load::node(&node.server, urls, members, rate, SECS).and("--drain", "3").run().await?);
            }
        }
        tell(run, members, rate, &by_floor, &by_natter, &by_node);
    }
    Ok(())
}

/// Deliveries a second of CPU, the p99 in milliseconds, deliveries missing, KiB a socket.
struct Sum {
    efficiency: f64,
    p99: f64,
    missing: f64,
    kib: f64,
    a_frame: f64,
    client_was_full: bool,
}

impl Sum {
    fn of(runs: &[Counted]) -> Self {
        let middle = |name: &str| median(runs.iter().map(|run| run.get(name)).collect());
        Self {
            efficiency: median(runs.iter().map(efficiency).collect()),
            p99: middle("p99_ms"),
            missing: runs.iter().map(|run| run.get("missing")).sum(),
            kib: runs.first().map_or(0.0, |run| run.get("kib_per_conn")),
            a_frame: middle("msgs_per_frame"),
            client_was_full: runs.iter().any(Counted::client_was_full),
        }
    }

    fn text(&self) -> String {
        let mut text =
            format!("{}/CPU s, p99 {:.0} ms, {:.1} a frame", thousands(self.efficiency), self.p99, self.a_frame);
        if self.missing != 0.0 {
            text += &format!(", {} missing", thousands(self.missing));
        }
        if self.client_was_full {
            text += " (the load generator was full)";
        }
        text
    }
}

/// The target at this many messages a second, as a share of the floor.
pub fn enough(rate: usize) -> f64 {
    if rate < QUIET { 0.8 } else { 1.0 }
}

/// Deliveries a second of the server's CPU.
fn efficiency(run: &Counted) -> f64 {
    run.get("delivered") / run.get("server_cpu_s").max(0.01)
}

fn tell(run: &Run, members: usize, rate: usize, floor: &[Counted], natter: &[Counted], node: &[Counted]) {
    let scene = format!("{} × {rate}/s", thousands(members as f64));
    // of runs side by side, not of the whole: then what else the machine does falls on both
    let share = |runs: &[Counted]| {
        median(runs.iter().zip(floor).map(|(run, floor)| efficiency(run) / efficiency(floor)).collect())
    };
    let find = |subject: &str, runs: &[Counted]| {
        let (sum, share) = (Sum::of(runs), share(runs));
        let text = match subject {
            "reference" => format!("floor: {}", sum.text()),
            _ => format!("{:.0}% of the floor: {}", 100.0 * share, sum.text()),
        };
        let figures = json!({ "per_cpu_s": sum.efficiency, "share": share, "p99_ms": sum.p99, "missing": sum.missing,
            "kib_a_socket": sum.kib, "a_frame": sum.a_frame });
        Finding::new("fanout", subject, text, figures).scene(&scene)
    };
    let (ours, enough) = (Sum::of(natter), enough(rate));
    let (p99, in_time) = if rate < QUIET { ("", true) } else { (", p99 ≤ 100 ms", ours.p99 <= 100.0) };
    let target = format!("≥ {:.0}% of the floor{p99}, nothing missing", 100.0 * enough);
    let met = share(natter) >= enough && ours.missing == 0.0 && in_time;
    run.tell(find("natter", natter).target(target, met));
    for (subject, runs) in [("reference", floor), ("node", node)] {
        if !runs.is_empty() {
            run.tell(find(subject, runs));
        }
    }
}
