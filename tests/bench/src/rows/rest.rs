//! natter at rest: how soon it is ready, and what it takes while nobody is there.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::{Duration, Instant},
};

use natter::store::Location;
use serde_json::json;

use crate::{
    natter::{Natter, command},
    place::{self, Dir},
    process::free_address,
    report::{Finding, median},
};

const MIB: f64 = 1024.0 * 1024.0;

pub async fn measure() -> Result<(), String> {
    let ready = median((0..7).map(|_| start_to_ready()).collect::<Result<_, _>>()?);
    let again = start_again()?;
    let natter = Natter::start(1).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let memory = natter.memory() as f64 / 1024.0;
    let binary = std::fs::metadata(place::natter()).map_err(|why| why.to_string())?.len() as f64 / MIB;
    let text = format!(
        "ready in {ready:.0} ms ({again:.0} ms on data that is there); {memory:.1} MiB; binary {binary:.1} MiB"
    );
    let figures = json!({ "ready_ms": ready, "again_ms": again, "memory_mib": memory, "binary_mib": binary });
    let met = ready <= 100.0 && again <= 100.0 && memory <= 20.0 && binary <= 25.0;
    Finding::new("rest", "natter", text, figures).target("≤ 100 ms, ≤ 20 MiB, ≤ 25 MiB", met).tell();
    Ok(())
}

/// Milliseconds, with a directory that it makes.
fn start_to_ready() -> Result<f64, String> {
    start_in(&Dir::new())
}

/// The median with a directory in which natter has been before.
fn start_again() -> Result<f64, String> {
    let dir = Dir::new();
    start_in(&dir)?;
    Ok(median((0..7).map(|_| start_in(&dir)).collect::<Result<_, _>>()?))
}

/// Until it says that it is ready, which it does once it answers.
fn start_in(dir: &Dir) -> Result<f64, String> {
    let location = Location::Embedded(dir.path().to_owned());
    let mut command = command(&location, free_address());
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|why| format!("natter does not start: {why}"))?;
    let mut line = String::new();
    let read = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
    let took = started.elapsed().as_secs_f64() * 1000.0;
    let _ = child.kill();
    let _ = child.wait();
    match read {
        Ok(_) if line.starts_with("natter is ready") => Ok(took),
        _ => Err(format!("natter does not get ready: {line}")),
    }
}
