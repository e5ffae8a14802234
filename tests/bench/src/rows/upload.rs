//! Uploads of a file, compared with a copy of the same file whose SHA-256 is computed and that is synced.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    time::Instant,
};

use ring::digest::{Context, SHA256};
use serde_json::json;

use crate::{
    http::Http,
    natter::Natter,
    paths,
    process::Meter,
    report::{Finding, median, thousands},
    run::Run,
    uploads,
};

const SIZE: usize = 24 << 20;
/// Target: a share of the reference's bytes a second.
const TARGET_SHARE: f64 = 0.6;
/// What the reference reads and writes at a time.
const PART: usize = 256 * 1024;

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, 1).await?;
    let directory = paths::temporary();
    let (file, source) = (uploads::random(SIZE), directory.path().join("source"));
    fs::write(&source, &file).map_err(|why| why.to_string())?;
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let head = uploads::upload_head(&natter, 0, "file.bin", SIZE);
    let (mut ours, mut theirs, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..if paths::quick() { 5 } else { 20 } {
        let meter = Meter::start(natter.pid());
        uploads::upload(&mut http, &head, &file).await?;
        let used = meter.read();
        ours.push(used.secs);
        cpu.push(used.server);
        if run.with_references {
            let started = Instant::now();
            copy(&source, directory.path()).map_err(|why| format!("the copy: {why}"))?;
            theirs.push(started.elapsed().as_secs_f64());
        }
    }
    let mib_per_s = |secs: f64| SIZE as f64 / f64::from(1 << 20) / secs;
    let share = median(ours.iter().zip(&theirs).map(|(our, their)| their / our).collect());
    let (per_s, per_cpu_s) = (mib_per_s(median(ours)), mib_per_s(median(cpu)));
    let prefix = if run.with_references { format!("{:.0}% of a copy: ", 100.0 * share) } else { String::new() };
    let text = format!("{prefix}{} MiB/s, {} MiB/s of CPU", thousands(per_s), thousands(per_cpu_s));
    let found = Finding::new("upload", "natter", text, json!({ "mib_per_s": per_s, "mib_per_cpu_s": per_cpu_s }));
    if !run.with_references {
        run.report(found);
        return Ok(());
    }
    let target = format!("≥ {:.0}% of a copy + SHA-256 + fsync", 100.0 * TARGET_SHARE);
    run.report(found.target(target, share >= TARGET_SHARE));
    let per_s = mib_per_s(median(theirs));
    let text = format!("copy + SHA-256 + fsync: {} MiB/s", thousands(per_s));
    run.report(Finding::new("upload", "reference", text, json!({ "mib_per_s": per_s })));
    Ok(())
}

/// Copies a file as natter stores an upload: beside its place, synced, renamed, and its directory synced.
fn copy(source: &Path, directory: &Path) -> std::io::Result<()> {
    let (part, place) = (directory.join("copy.part"), directory.join(uuid::Uuid::now_v7().to_string()));
    let (mut from, mut to) = (File::open(source)?, File::create(&part)?);
    let (mut bytes, mut digest) = (vec![0; PART], Context::new(&SHA256));
    loop {
        match from.read(&mut bytes)? {
            0 => break,
            read => {
                digest.update(&bytes[..read]);
                to.write_all(&bytes[..read])?;
            }
        }
    }
    std::hint::black_box(digest.finish());
    to.sync_all()?;
    fs::rename(&part, place)?;
    File::open(directory)?.sync_all()
}
