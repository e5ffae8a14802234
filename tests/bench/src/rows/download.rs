//! Downloads of a file, compared with nginx on the same file.

use std::time::{Duration, Instant};

use natter_test_support::ServerProcess;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    natter::Natter,
    nginx, paths,
    process::Meter,
    report::{Finding, median, thousands},
    run::Run,
    uploads,
};

const CLIENTS: usize = 8;
/// A large file, and one like a picture of a page: its name, its bytes, and its target.
const FILES: [(&str, usize, Option<f64>); 2] = [("24 MiB", 24 << 20, Some(TARGET_SHARE)), ("100 KiB", 100 << 10, None)];
/// Target: a share of nginx's bytes a second of CPU time.
const TARGET_SHARE: f64 = 0.6;
/// What a client reads at a time.
const PART: usize = 256 * 1024;

struct Round {
    mib_per_cpu_s: f64,
    mib_per_s: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, CLIENTS).await?;
    let directory = paths::temporary();
    let nginx = nginx::start(run, directory.path())?;
    let rounds = if paths::quick() || !run.with_references { 2 } else { 5 };
    for (scene, size, target) in FILES {
        let file = uploads::random(size);
        std::fs::write(directory.path().join(size.to_string()), &file).map_err(|why| why.to_string())?;
        let path = uploads::post(&natter, 0, "file.bin", &file).await?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(round(&natter, &http::get(&path, &natter.bearer(0)), size).await?);
            if let Some(nginx) = &nginx {
                theirs.push(round(nginx, &http::get(&format!("/{size}"), ""), size).await?);
            }
        }
        let finding = |subject: &str, rounds: &[Round], prefix: String| {
            let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of).collect());
            let (per_cpu_s, per_s) = (middle(|round| round.mib_per_cpu_s), middle(|round| round.mib_per_s));
            let text = format!(
                "{prefix}{} MiB/s of CPU ({} MiB/s beside its client on this machine)",
                thousands(per_cpu_s),
                thousands(per_s)
            );
            let figures = json!({ "mib_per_cpu_s": per_cpu_s, "mib_per_s": per_s });
            Finding::new("download", subject, text, figures).scene(scene)
        };
        if nginx.is_none() {
            run.report(finding("natter", &ours, String::new()));
            continue;
        }
        let ratios = ours.iter().zip(&theirs).map(|(our, their)| our.mib_per_cpu_s / their.mib_per_cpu_s);
        let share = median(ratios.collect());
        let found = finding("natter", &ours, format!("{:.0}% of nginx: ", 100.0 * share));
        run.report(match target {
            Some(target) => found.target(format!("≥ {:.0}% of nginx", 100.0 * target), share >= target),
            None => found,
        });
        run.report(finding("reference", &theirs, "nginx, sendfile off: ".into()));
    }
    Ok(())
}

async fn round(server: &ServerProcess, request: &[u8], size: usize) -> Result<Round, String> {
    let (mut clients, time) = (JoinSet::new(), Duration::from_secs(if paths::quick() { 1 } else { 2 }));
    let (meter, until) = (Meter::start(server.pid()), Instant::now() + time);
    for _ in 0..CLIENTS {
        let request = request.to_vec();
        let mut http = Http::open(server.address).await.map_err(|why| why.to_string())?;
        clients.spawn(async move {
            let (mut part, mut received) = (vec![0; PART], 0);
            while Instant::now() < until {
                let bytes = http.download(&request, &mut part, Duration::ZERO).await?;
                assert_eq!(bytes, size, "only whole files count");
                received += bytes;
            }
            Ok::<_, std::io::Error>(received)
        });
    }
    let mut received = 0.0;
    while let Some(done) = clients.join_next().await {
        received += done.map_err(|why| why.to_string())?.map_err(|why| why.to_string())? as f64 / f64::from(1 << 20);
    }
    let used = meter.read();
    Ok(Round { mib_per_cpu_s: received / used.server, mib_per_s: received / used.secs })
}
