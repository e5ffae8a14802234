//! The README's chart: bars with a tick at the target, for GitHub's light and dark pages.

use std::fmt::Write;

use serde_json::Value;

use crate::{
    paths,
    report::{self, thousands},
    rows::{
        fanout::target_share,
        ingest::{EMBEDDED, MONGO},
    },
};

const COLUMN: f64 = 420.0;
const GAP: f64 = 40.0;
/// Where bars begin.
const BAR: f64 = 132.0;
/// The length of the longest bar.
const LONGEST: f64 = 210.0;
/// The height of a bar with its gap.
const LINE: f64 = 22.0;

const STYLE: &str = "
  text { font: 12px -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 13px }
  .label { text-anchor: end }
  .natter { fill: #1f6feb } .node { fill: #bc8c4b } .reference { fill: #8b949e }
  .target { stroke: #1f2328; stroke-width: 1.5 } .legend { fill: #59636e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .target { stroke: #e6edf3 } .natter { fill: #4493f8 } .legend { fill: #9198a1 }
  }";

struct Bar {
    subject: &'static str,
    label: String,
    value: f64,
    shown: String,
    target: Option<f64>,
}

struct Panel {
    title: &'static str,
    bars: Vec<Bar>,
}

/// Draws `.github/bench.svg` from the latest results.
pub fn draw() -> Result<(), String> {
    let found = report::latest()?;
    let panels: Vec<Panel> = panels(&found).into_iter().filter(|panel| !panel.bars.is_empty()).collect();
    let path = paths::root().join(".github/bench.svg");
    std::fs::write(&path, svg(&panels)).map_err(|why| format!("{}: {why}", path.display()))
}

/// A figure of the latest results.
fn figure(found: &[Value], row: &str, scene: Option<&str>, subject: &str, name: &str) -> Option<f64> {
    let same = |finding: &&Value| {
        finding["row"] == row && finding["subject"] == subject && scene.is_none_or(|scene| finding["scene"] == scene)
    };
    found.iter().find(same)?["figures"][name].as_f64()
}

fn panels(found: &[Value]) -> Vec<Panel> {
    let bar = |subject, label: &str, value: Option<f64>, unit: &str, target| {
        let exact = value.is_some_and(|value| value < 20.0) && unit != "%";
        let shown = |value: f64| if exact { format!("{value:.1}") } else { thousands(value) };
        value.map(|value| Bar { subject, label: label.into(), value, shown: shown(value) + unit, target })
    };
    let get = |row, subject, name| figure(found, row, None, subject, name);
    let mut fanout = vec![];
    for scene in found.iter().filter(|finding| finding["row"] == "fanout" && finding["subject"] == "natter") {
        let scene = scene["scene"].as_str().unwrap_or_default();
        let rate = scene.rsplit(' ').next().and_then(|rate| rate.strip_suffix("/s")?.parse().ok());
        for (subject, target) in [("natter", rate.map(|rate| 100.0 * target_share(rate))), ("node", None)] {
            let share = figure(found, "fanout", Some(scene), subject, "share").map(|share| 100.0 * share);
            fanout.push(bar(subject, if subject == "natter" { scene } else { "" }, share, "%", target));
        }
    }
    let ingest = [("embedded", "bare SQLite", EMBEDDED[0]), ("MongoDB", "bare insert_many", MONGO[0])].map(
        |(scene, bare, enough)| {
            let rate = |subject| figure(found, "ingest", Some(scene), subject, "per_s");
            let target = rate("reference").map(|rate| enough * rate);
            [bar("natter", scene, rate("natter"), "/s", target), bar("reference", bare, rate("reference"), "/s", None)]
        },
    );
    let node_ceiling = get("ceiling", "node", "rate");
    let node_joining = get("joining", "node", "cpu_s");
    let panel = |title, bars: Vec<Option<Bar>>| Panel { title, bars: bars.into_iter().flatten().collect() };
    vec![
        panel("Deliveries per CPU second, of the floor's", fanout),
        panel(
            "Most messages/s for 1,000 members, p99 ≤ 250 ms",
            vec![
                bar("natter", "natter", get("ceiling", "natter", "rate"), "/s", node_ceiling.map(|rate| 10.0 * rate)),
                bar("node", "Node application", node_ceiling, "/s", None),
            ],
        ),
        panel(
            "CPU while 1,000 people join (less is better)",
            vec![
                bar("natter", "natter", get("joining", "natter", "cpu_s"), " s", node_joining.map(|secs| secs / 10.0)),
                bar("node", "Node application", node_joining, " s", None),
            ],
        ),
        panel(
            "Memory an idle socket (less is better)",
            vec![
                bar("natter", "natter, of 15,000", get("idle", "natter", "kib"), " KiB", Some(5.0)),
                bar("reference", "bare tokio task", get("idle", "reference", "kib"), " KiB", None),
                bar(
                    "node",
                    "Node, of 1,000",
                    figure(found, "fanout", Some("1,000 × 20/s"), "node", "kib_a_socket"),
                    " KiB",
                    None,
                ),
            ],
        ),
        panel("Durable messages/s from 64 sockets", ingest.into_iter().flatten().collect()),
        panel(
            "Chat pages per CPU second",
            vec![bar("natter", "natter", get("page", "natter", "per_cpu_s"), "", Some(5000.0))],
        ),
    ]
}

fn svg(panels: &[Panel]) -> String {
    let height = |panel: &Panel| 30.0 + LINE * panel.bars.len() as f64 + 14.0;
    let (mut body, mut ends) = (String::new(), [34.0_f64; 2]);
    for panel in panels {
        // into the shorter column
        let column = usize::from(ends[1] < ends[0]);
        draw_panel(&mut body, panel, column as f64 * (COLUMN + GAP), ends[column]);
        ends[column] += height(panel);
    }
    let (width, whole) = (2.0 * COLUMN + GAP, ends[0].max(ends[1]));
    let mut legend = String::new();
    let mut x = 0.0;
    for (subject, name, room) in [
        ("natter", "natter", 70.0),
        ("node", "the Node application it replaces", 216.0),
        ("reference", "reference of the same run", 176.0),
    ] {
        let _ = write!(legend, r#"<rect class="{subject}" x="{x}" y="4" width="12" height="12" rx="2"/>"#);
        let _ = writeln!(legend, r#"<text class="legend" x="{}" y="14">{name}</text>"#, x + 18.0);
        x += room;
    }
    let _ = write!(legend, r#"<path class="target" d="M{} 2v16"/>"#, x + 4.0);
    let _ = writeln!(legend, r#"<text class="legend" x="{}" y="14">target</text>"#, x + 14.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {whole}\" width=\"{width}\" height=\"{whole}\" \
         role=\"img\" aria-label=\"natter's figures beside the Node application's\">\n<style>{STYLE}\n</style>\n{legend}{body}</svg>\n"
    )
}

fn draw_panel(out: &mut String, panel: &Panel, x: f64, y: f64) {
    let most = panel.bars.iter().flat_map(|bar| [bar.value, bar.target.unwrap_or_default()]).fold(0.0, f64::max);
    let _ = writeln!(out, r#"<text class="title" x="{x}" y="{}">{}</text>"#, y + 18.0, panel.title);
    for (n, bar) in panel.bars.iter().enumerate() {
        let (top, left) = (y + 28.0 + LINE * n as f64, x + BAR);
        let length = (LONGEST * bar.value / most).max(1.0);
        let _ = write!(out, r#"<text class="label" x="{}" y="{}">{}</text>"#, left - 8.0, top + 12.0, bar.label);
        let _ = write!(
            out,
            r#"<rect class="{}" x="{left}" y="{top}" width="{length:.1}" height="16" rx="2"/>"#,
            bar.subject
        );
        let mut after = length;
        if let Some(target) = bar.target {
            let at = LONGEST * target / most;
            let _ = write!(out, r#"<path class="target" d="M{:.1} {}v20"/>"#, left + at, top - 2.0);
            // the value must not overlap the tick
            if at > length - 2.0 && at < length + 60.0 {
                after = at;
            }
        }
        let _ = writeln!(out, r#"<text x="{:.1}" y="{}">{}</text>"#, left + after + 6.0, top + 12.0, bar.shown);
    }
}
