//! The benches: each row of the README's table, measured from outside, on the binary that users run. `tests/bench/run`
//! builds what is needed, runs this, and documents the arguments.
//!
//! Every message is counted at every socket that has to receive it. A run that was limited by this process, and not by
//! the server, says so.
#![allow(clippy::unwrap_used, reason = "a bench that cannot continue ends")]

mod bare_databases;
mod chart;
mod comparison;
mod fragments;
mod frames;
mod generator;
mod histories;
mod http;
mod latency;
mod listeners;
mod load;
mod natter;
mod nginx;
mod node;
mod paths;
mod process;
mod report;
mod rows;
mod run;
mod servers;
mod socket;
mod table;
mod uploads;
mod writer;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::{comparison::Comparison, run::Run};

const ROWS: [&str; 28] = [
    "fanout",
    "authors",
    "ceiling",
    "idle",
    "idle-rooms",
    "ingest",
    "edits",
    "delivered",
    "rooms",
    "hot",
    "reactions",
    "history",
    "joining",
    "reconnect",
    "restart",
    "slow",
    "page",
    "room-page",
    "sidebar",
    "counts",
    "many-rooms",
    "search",
    "login",
    "download",
    "upload",
    "thumbnails",
    "transfers",
    "rest",
];
const SCENES: [&str; 3] = ["1000x20", "200x500", "1000x200"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        // the processes that a bench starts
        Some(name @ ("floor" | "bare-page" | "bare-sockets")) => servers::run(name, &arguments[1..]),
        Some("load") => generator::run(&generator::Args::parse_from(&arguments)).map_err(|why| format!("load: {why}")),
        Some("chart") => chart::draw(),
        Some("table") => table::write(),
        _ => benches(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Runs on one thread, so that the server has the other cores, and so that the limit of this process can be noticed.
fn benches(arguments: Vec<String>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|why| why.to_string())?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(|why| why.to_string())?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|why| why.to_string())?;
        // a signal drops the future of the run, and with it the servers
        tokio::select! {
            done = run(arguments) => done,
            _ = terminate.recv() => Err("ended by a signal".into()),
            _ = interrupt.recv() => Err("ended by a signal".into()),
        }
    })
}

async fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let mut other = std::env::var_os("AGAINST").map(PathBuf::from);
    if let Some(at) = arguments.iter().position(|word| word == "--against") {
        let named = arguments.drain(at..(at + 2).min(arguments.len())).nth(1);
        other = Some(named.ok_or("--against takes a binary")?.into());
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
    let scenes: Vec<_> = scenes.iter().filter_map(|word| scene(word)).collect();
    let _ = std::fs::remove_file(paths::log());
    let mut failed = Vec::new();
    if let Some(other) = other {
        let mut comparison = Comparison::new(paths::binary(), other)?;
        for row in rows {
            note_failure(comparison.measure(&row, &scenes).await, row, &mut failed);
        }
        comparison.finish()?;
    } else {
        let run = Run::new(paths::binary(), true)?;
        for row in rows {
            note_failure(measure(&run, &row, &scenes).await, row, &mut failed);
        }
    }
    let warnings = std::fs::read_to_string(paths::log()).unwrap_or_default().lines().count();
    if warnings > 0 {
        eprintln!("natter logged {warnings} warnings and errors, see {}", paths::log().display());
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("without figures: {}", failed.join(" "))) }
}

fn note_failure(done: Result<(), String>, row: String, failed: &mut Vec<String>) {
    if let Err(why) = done {
        eprintln!("bench: {row}: {why}");
        failed.push(row);
    }
}

async fn measure(run: &Run, row: &str, scenes: &[(usize, usize)]) -> Result<(), String> {
    match row {
        "fanout" => rows::fanout::measure(run, scenes).await,
        "authors" => rows::authors::measure(run).await,
        "ceiling" => rows::ceiling::measure(run).await,
        "idle" => rows::idle::measure(run).await,
        "idle-rooms" => rows::idle_rooms::measure(run).await,
        "ingest" => rows::ingest::measure(run).await,
        "edits" => rows::edits::measure(run).await,
        "delivered" => rows::delivered::measure(run).await,
        "rooms" => rows::rooms::measure(run).await,
        "hot" => rows::hot::measure(run).await,
        "reactions" => rows::reactions::measure(run).await,
        "history" => rows::history::measure(run).await,
        "joining" => rows::joining::measure(run).await,
        "reconnect" => rows::reconnect::measure(run).await,
        "restart" => rows::restart::measure(run).await,
        "slow" => rows::slow::measure(run).await,
        "page" => rows::page::measure(run).await,
        "room-page" => rows::room_page::measure(run).await,
        "sidebar" => rows::sidebar::measure(run).await,
        "counts" => rows::counts::measure(run).await,
        "many-rooms" => rows::many_rooms::measure(run).await,
        "search" => rows::search::measure(run).await,
        "login" => rows::login::measure(run).await,
        "download" => rows::download::measure(run).await,
        "upload" => rows::upload::measure(run).await,
        "thumbnails" => rows::thumbnails::measure(run).await,
        "transfers" => rows::transfers::measure(run).await,
        _ => rows::rest::measure(run).await,
    }
}

/// Parses a scene: `1000x20` is 1,000 members and 20 messages a second.
fn scene(word: &str) -> Option<(usize, usize)> {
    let (members, rate) = word.split_once('x')?;
    Some((members.parse().ok()?, rate.parse().ok()?))
}
