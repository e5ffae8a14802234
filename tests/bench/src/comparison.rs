//! Compares two natter binaries. They are measured in turn, so that both see the same state of the machine.

use std::{collections::HashMap, path::PathBuf};

use crate::{
    paths,
    report::{Finding, median, thousands},
    run::Run,
};

/// The figures that are compared, by row. A minus sign marks those in which less is better.
const FIGURES: [(&str, &[&str]); 25] = [
    ("fanout", &["per_cpu_s", "-p99_ms"]),
    ("authors", &["-cpu_us", "-ratio"]),
    ("ceiling", &["rate"]),
    ("idle", &["-kib", "-kib_whole", "-percent"]),
    ("idle-rooms", &["-bytes_a_room", "-kib"]),
    ("ingest", &["per_s", "per_cpu_s"]),
    ("edits", &["-post_ms", "-edit_ms", "-reaction_ms"]),
    ("hot", &["-post_ms", "-page_ms", "-post_growth", "-page_growth"]),
    ("reactions", &["-bytes", "-alone", "-ratio", "-frames", "-secs"]),
    ("history", &["-page: cpu_us", "-newest: cpu_us", "-oldest: cpu_us", "-catch-up: cpu_us", "-post: cpu_us"]),
    ("joining", &["-cpu_s", "-secs"]),
    ("reconnect", &["-secs", "-cpu_s", "-peak_kib"]),
    ("restart", &["-cpu_s", "-secs"]),
    ("slow", &["-p99_ms", "-stopped_kib"]),
    ("page", &["per_cpu_s", "-p99_ms"]),
    ("room-page", &["per_cpu_s", "-p99_ms", "-kib"]),
    ("sidebar", &["-write_us", "-ratio", "-missing"]),
    ("many-rooms", &["-start_ms", "-ratio", "-after_mib", "-during_mib"]),
    ("search", &["-p50_ms", "-p99_ms", "-ratio", "per_s", "-cpu_us", "-english_ratio", "-memory_mib"]),
    ("login", &["-p99_ms", "per_s"]),
    ("download", &["mib_per_cpu_s"]),
    ("upload", &["mib_per_s", "mib_per_cpu_s"]),
    ("thumbnails", &["-p99_ms", "-ratio", "-secs", "-peak_mib"]),
    ("transfers", &["-grown_mib"]),
    ("rest", &["-ready_ms", "-again_ms", "-memory_mib", "-binary_mib"]),
];
/// Rounds of each binary.
const ROUNDS: usize = 4;
/// Rounds of the [`LONG`] rows, of which one takes minutes.
const FEWER: usize = 3;
const LONG: [&str; 10] =
    ["ceiling", "history", "idle", "idle-rooms", "login", "many-rooms", "reconnect", "search", "sidebar", "slow"];

/// The figures of one binary: by scene and name, a value for each round.
type Figures = HashMap<(String, &'static str), Vec<f64>>;

pub struct Comparison {
    runs: [Run; 2],
    table: String,
}

impl Comparison {
    /// Compares the binary `ours` with another.
    pub fn new(ours: PathBuf, other: PathBuf) -> Result<Self, String> {
        let table = format!("This is {}, against {}.\n\n", ours.display(), other.display())
            + "| row | figure | this | against | this / against (rounds) | |\n|---|---|---|---|---|---|\n";
        Ok(Self { runs: [Run::new(ours, false)?, Run::new(other, false)?], table })
    }

    /// Measures a row with both binaries in turn: A B, B A, and so on.
    pub async fn measure(&mut self, row: &str, scenes: &[(usize, usize)]) -> Result<(), String> {
        let rounds = match LONG.contains(&row) {
            _ if paths::quick() => 1,
            true => FEWER,
            false => ROUNDS,
        };
        let mut found = [Figures::new(), Figures::new()];
        for round in 0..rounds {
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for which in order {
                eprintln!("bench: {row}, round {} of {rounds}, {}", round + 1, ["this", "against"][which]);
                super::measure(&self.runs[which], row, scenes).await?;
                for finding in self.runs[which].take_findings() {
                    keep(&mut found[which], row, &finding);
                }
            }
        }
        let lines = compare(row, &found);
        print!("{lines}");
        self.table += &lines;
        Ok(())
    }

    /// Prints the table and, unless the rounds were short, keeps it.
    pub fn finish(&self) -> Result<(), String> {
        println!("\n{}", self.table);
        if paths::quick() {
            return Ok(());
        }
        let path = paths::kept().join("against.md");
        std::fs::write(&path, &self.table).map_err(|why| format!("{}: {why}", path.display()))
    }
}

fn keep(found: &mut Figures, row: &str, finding: &Finding) {
    for figure in figures(row) {
        if let Some(value) = finding.figures[figure.trim_start_matches('-')].as_f64() {
            found.entry((finding.scene.clone(), figure)).or_default().push(value);
        }
    }
}

fn figures(row: &str) -> impl Iterator<Item = &'static str> {
    let of_row = FIGURES.into_iter().find(|(name, _)| *name == row);
    of_row.into_iter().flat_map(|(_, figures)| figures.iter().copied())
}

/// A table row for each figure: the medians, their ratio, and the range of the ratios of the single rounds. What the
/// other binary cannot do is in the table without a ratio.
fn compare(row: &str, [ours, other]: &[Figures; 2]) -> String {
    let mut keys: Vec<_> = ours.keys().collect();
    keys.sort();
    let mut lines = String::new();
    for key @ (scene, figure) in keys {
        let name = figure.trim_start_matches('-');
        let what = if scene.is_empty() { row.to_owned() } else { format!("{row}, {scene}") };
        let a = &ours[key];
        let Some(b) = other.get(key) else {
            lines += &format!("| {what} | {name} | {} | – | – | |\n", shown(median(a.clone())));
            continue;
        };
        let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        let verdict = verdict(a, b, name.len() < figure.len());
        let (a, b) = (median(a.clone()), median(b.clone()));
        let ratio = format!("{:.3} ({least:.3}–{most:.3})", a / b);
        lines += &format!("| {what} | {name} | {} | {} | {ratio} | {verdict} |\n", shown(a), shown(b));
    }
    lines
}

/// One binary is better than the other if each of its rounds was better than all of the other's. For two equal binaries,
/// four rounds each find a difference by chance once in 35 comparisons, three rounds once in 10.
fn verdict(ours: &[f64], other: &[f64], less_is_better: bool) -> &'static str {
    let range = |of: &[f64]| of.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), n| (low.min(*n), high.max(*n)));
    let ((our_low, our_high), (low, high)) = (range(ours), range(other));
    let (more, less) = (our_low > high, our_high < low);
    match (more, less) {
        _ if ours.len().min(other.len()) < FEWER => "too few rounds",
        (false, false) => "within the spread",
        _ if more != less_is_better => "better",
        _ => "worse",
    }
}

fn shown(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { thousands(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures_of(values: &[f64], figure: &'static str) -> Figures {
        Figures::from([((String::new(), figure), values.to_vec())])
    }

    #[test]
    fn a_figure_that_the_other_binary_does_not_have_is_kept() {
        let line = compare("idle-rooms", &[figures_of(&[3.0, 1.0, 2.0], "-kib"), Figures::new()]);
        assert_eq!(line, "| idle-rooms | kib | 2.00 | – | – | |\n");
    }

    #[test]
    fn a_verdict_uses_all_rounds_and_the_direction_of_the_figure() {
        for (figure, ours, verdict) in [
            ("per_cpu_s", &[110.0, 104.0, 109.0][..], "better"),
            ("per_cpu_s", &[90.0, 96.0, 91.0], "worse"),
            ("per_cpu_s", &[90.0, 110.0, 91.0], "within the spread"),
            ("per_cpu_s", &[90.0, 91.0], "too few rounds"),
            ("-cpu_s", &[90.0, 96.0, 91.0], "better"),
            ("-cpu_s", &[110.0, 104.0, 109.0], "worse"),
            ("-cpu_s", &[100.0, 100.0, 100.0], "within the spread"),
        ] {
            let line = compare("joining", &[figures_of(ours, figure), figures_of(&[99.0, 100.0, 101.0], figure)]);
            assert!(line.contains(&format!("| {verdict} |")), "{figure}: {line}");
        }
    }
}
