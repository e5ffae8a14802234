//! Findings: each is printed as a line of text and kept as a line of JSON for the chart and the table.

use std::{env, fs::File, io::Write, path::PathBuf};

use serde_json::{Value, json};

use crate::paths;

/// The result of a row for one subject: natter, the reference of the same run, or the Node application.
#[derive(Debug, Clone)]
pub struct Finding {
    pub row: &'static str,
    /// Which of the row's measurements this is, if there are several.
    pub scene: String,
    pub subject: String,
    /// The figures in words, short enough for a table.
    pub text: String,
    pub target: Option<Target>,
    pub figures: Value,
}

#[derive(Debug, Clone)]
pub struct Target {
    pub text: String,
    pub met: bool,
}

impl Finding {
    pub fn new(row: &'static str, subject: &str, text: String, figures: Value) -> Self {
        Self { row, scene: String::new(), subject: subject.into(), text, target: None, figures }
    }

    pub fn scene(self, scene: impl Into<String>) -> Self {
        Self { scene: scene.into(), ..self }
    }

    pub fn target(self, text: impl Into<String>, met: bool) -> Self {
        Self { target: Some(Target { text: text.into(), met }), ..self }
    }

    /// Adds an absolute target. It does not decide: it suits one machine, and others differ by a factor of four.
    pub fn absolute(mut self, text: &str, met: bool) -> Self {
        if let Some(target) = &mut self.target {
            target.text += &format!("; absolute: {text}, {}", if met { "met" } else { "missed" });
        }
        self
    }
}

/// Prints a finding and, unless the run is short, adds it to the results.
pub fn publish(finding: &Finding) {
    let Finding { row, scene, subject, text, target, figures } = finding;
    let verdict = target
        .as_ref()
        .map_or(String::new(), |target| format!("  [{}: {}]", target.text, if target.met { "met" } else { "MISSED" }));
    println!("{row:<10} {scene:<18} {subject:<9} {text}{verdict}");
    if paths::quick() {
        return;
    }
    let line = json!({
        "at": natter::domain::Timestamp::now().rfc3339(), "row": row, "scene": scene, "subject": subject, "text": text,
        "figures": figures, "target": target.as_ref().map(|target| &target.text),
        "met": target.as_ref().map(|target| target.met),
    });
    let path = results();
    let file = File::options().create(true).append(true).open(&path);
    if let Err(why) = file.and_then(|mut file| writeln!(file, "{line}")) {
        eprintln!("{} cannot be written ({why}); RESULTS names another", path.display());
    }
}

/// The results file; `RESULTS` names another.
pub fn results() -> PathBuf {
    env::var_os("RESULTS").map_or_else(|| paths::kept().join("results.jsonl"), Into::into)
}

/// The latest finding of each row, scene and subject, in the order in which they were found first.
pub fn latest() -> Result<Vec<Value>, String> {
    let path = results();
    let text = std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}; run a row first", path.display()))?;
    let mut findings: Vec<Value> = Vec::new();
    for line in text.lines() {
        let new: Value = serde_json::from_str(line).map_err(|why| format!("{}: {why}", path.display()))?;
        let same = |old: &&mut Value| ["row", "scene", "subject"].iter().all(|key| old[*key] == new[*key]);
        match findings.iter_mut().find(same) {
            Some(old) => *old = new,
            None => findings.push(new),
        }
    }
    Ok(findings)
}

/// `12345` as `12,345`.
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number);
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 && digits.as_bytes()[n - 1] != b'-' {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    if of.is_empty() { 0.0 } else { (of[(of.len() - 1) / 2] + of[of.len() / 2]) / 2.0 }
}

/// The 99th percentile.
pub fn p99(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(((of.len() * 99) / 100).min(of.len().saturating_sub(1))).copied().unwrap_or_default()
}
