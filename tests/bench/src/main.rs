//! The benches: each row of the README's table, measured from outside, on the binary that people run.
//! `tests/bench/run` builds what is needed and calls this; it tells the arguments.
//!
//! A figure counts only what came whole: whatever was sent is counted at every socket that had to get it, and
//! a run in which this process, and not the server, was at its limit says so.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

mod chart;
mod crowd;
mod http;
mod load;
mod natter;
mod others;
mod place;
mod process;
mod report;
mod rows;
mod socket;
mod table;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

const ROWS: [&str; 11] =
    ["fanout", "ceiling", "idle", "ingest", "history", "joining", "reconnect", "slow", "page", "login", "rest"];
const SCENES: [&str; 3] = ["1000x20", "200x500", "1000x200"];

// One thread, so that the server has the other cores, and so that it is plain when this one is full.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    // ending by a signal drops what runs, and with it the servers
    let done = tokio::select! {
        done = run(std::env::args().skip(1).collect()) => done,
        _ = terminate.recv() => Err("ended".into()),
        _ = interrupt.recv() => Err("ended".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Vec<String>) -> Result<(), String> {
    match arguments.first().map(String::as_str) {
        Some("chart") => return chart::draw(),
        Some("table") => {
            print!("{}", table::markdown()?);
            return Ok(());
        }
        _ => {}
    }
    let (scenes, mut rows): (Vec<String>, Vec<String>) = arguments.into_iter().partition(|word| scene(word).is_some());
    if let Some(word) = rows.iter().find(|word| !ROWS.contains(&word.as_str())) {
        return Err(format!("there is no row {word}; use {}, or a scene like 1000x20", ROWS.join(" ")));
    }
    if rows.is_empty() && scenes.is_empty() {
        rows = ROWS.map(str::to_owned).to_vec();
    } else if !scenes.is_empty() && !rows.iter().any(|row| row == "fanout") {
        rows.insert(0, "fanout".into());
    }
    let scenes = if scenes.is_empty() { SCENES.map(str::to_owned).to_vec() } else { scenes };
    let _ = std::fs::remove_file(place::log());
    let mut failed = Vec::new();
    for row in rows {
        if let Err(why) = measure(&row, &scenes).await {
            eprintln!("bench: {row}: {why}");
            failed.push(row);
        }
    }
    let said = std::fs::read_to_string(place::log()).unwrap_or_default().lines().count();
    if said > 0 {
        eprintln!("natter wrote {said} warnings and errors, see {}", place::log().display());
    }
    if !place::quick() {
        let table = place::kept().join("table.md");
        std::fs::write(&table, table::markdown()?).map_err(|why| format!("{}: {why}", table.display()))?;
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("without figures: {}", failed.join(" "))) }
}

async fn measure(row: &str, scenes: &[String]) -> Result<(), String> {
    match row {
        "fanout" => rows::fanout::measure(&scenes.iter().filter_map(|word| scene(word)).collect::<Vec<_>>()).await,
        "ceiling" => rows::ceiling::measure().await,
        "idle" => rows::idle::measure().await,
        "ingest" => rows::ingest::measure().await,
        "history" => rows::history::measure().await,
        "joining" => rows::joining::measure().await,
        "reconnect" => rows::reconnect::measure().await,
        "slow" => rows::slow::measure().await,
        "page" => rows::page::measure().await,
        "login" => rows::login::measure().await,
        _ => rows::rest::measure().await,
    }
}

/// `1000x20`: members and messages a second.
fn scene(word: &str) -> Option<(usize, usize)> {
    let (members, rate) = word.split_once('x')?;
    Some((members.parse().ok()?, rate.parse().ok()?))
}
