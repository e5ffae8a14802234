//! natter at rest: how soon it is ready, and how much memory it needs without users.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use natter_test_support::{TemporaryDirectory, free_address};
use serde_json::json;

use crate::{
    natter::{Database, Natter, command},
    paths,
    report::{Finding, median},
    run::Run,
    servers,
};

const MIB: f64 = 1024.0 * 1024.0;
const STARTS: usize = 7;
/// Wait before memory is measured.
const REST: Duration = Duration::from_secs(5);

pub async fn measure(run: &Run) -> Result<(), String> {
    let (used, mut fresh, mut again, mut bare) = (paths::temporary(), Vec::new(), Vec::new(), Vec::new());
    start_in(run, &used)?;
    for _ in 0..STARTS {
        fresh.push(start_in(run, &paths::temporary())?);
        again.push(start_in(run, &used)?);
        bare.push(start_to_line(servers::command("bare-page", free_address().port(), &[1000, 8, 400])?, "ready")?);
    }
    let (ready, again, bare) = (median(fresh), median(again), median(bare));
    let natter = Natter::start(run, 1).await?;
    tokio::time::sleep(REST).await;
    let memory = natter.memory() as f64 / 1024.0;
    let binary = std::fs::metadata(&run.binary).map_err(|why| why.to_string())?.len() as f64 / MIB;
    let text =
        format!("ready in {ready:.1} ms ({again:.1} ms on existing data); {memory:.1} MiB; binary {binary:.1} MiB");
    let figures = json!({ "ready_ms": ready, "again_ms": again, "memory_mib": memory, "binary_mib": binary });
    let met = ready <= 100.0 && again <= 100.0 && memory <= 20.0 && binary <= 28.0;
    run.report(Finding::new("rest", "natter", text, figures).target("≤ 100 ms, ≤ 20 MiB, ≤ 28 MiB", met));
    if run.with_references {
        let server = servers::start_page(1000, 8, 400)?;
        tokio::time::sleep(REST / 5).await;
        let memory = server.memory() as f64 / 1024.0;
        let text = format!("bare hyper: ready in {bare:.1} ms; {memory:.1} MiB");
        run.report(Finding::new("rest", "reference", text, json!({ "ready_ms": bare, "memory_mib": memory })));
    }
    Ok(())
}

/// Milliseconds until natter on this directory prints that it is ready, which it does once it answers requests.
pub(super) fn start_in(run: &Run, dir: &TemporaryDirectory) -> Result<f64, String> {
    let database = Database::Embedded(dir.path().to_owned());
    start_to_line(command(run, &database).server(free_address()), "natter is ready")
}

/// Milliseconds until the process prints a line that starts with `start`. Kills it then.
fn start_to_line(mut command: Command, start: &str) -> Result<f64, String> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|why| format!("{command:?}: {why}"))?;
    let mut line = String::new();
    let read = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
    let took = started.elapsed().as_secs_f64() * 1000.0;
    let _ = child.kill();
    let _ = child.wait();
    match read {
        Ok(_) if line.starts_with(start) => Ok(took),
        _ => Err(format!("{:?} does not get ready: {line}", command.get_program())),
    }
}
