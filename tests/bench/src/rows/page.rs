//! The chat page for a browser with a session, compared with responses of bare hyper that have as many bytes.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use natter_test_support::ServerProcess;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    fragments,
    http::{self, Http},
    natter::Natter,
    paths,
    process::Meter,
    report::{Finding, median, p99, thousands},
    run::Run,
    servers,
};

pub(super) const BROWSERS: usize = 8;
/// Target: a share of bare hyper's rate.
const TARGET_SHARE: f64 = 0.07;
/// Absolute target: pages a second of CPU time.
const TARGET: f64 = 5000.0;

/// The bytes of a page's head and body, and the number of its headers.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub head: usize,
    pub body: usize,
    headers: usize,
}

pub(super) struct Round {
    pub per_cpu_s: f64,
    per_s: f64,
    pub p99: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, BROWSERS).await?;
    natter.post(60).await;
    let mut requests = Vec::new();
    for user in 0..BROWSERS {
        natter.mark_read(user, "lobby").await;
        let session = natter.session(user).await;
        requests.push(http::get(&natter.page_path(&session).await, &session));
    }
    let size = page_size(natter.address, &requests[0]).await?;
    let bare = match run.with_references {
        true => Some(servers::start_page(size.body, size.headers, size.head)?),
        false => None,
    };
    let rounds = if paths::quick() || !run.with_references { 2 } else { 5 };
    let time = Duration::from_secs_f64(if paths::quick() { 1.0 } else { 2.0 });
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(measure_round(&natter, &requests, size.body, time).await?);
        if let Some(bare) = &bare {
            theirs.push(measure_round(bare, &requests, size.body, time).await?);
        }
    }
    let whole = (size.head + size.body) as f64 / 1024.0;
    let share = median(ours.iter().zip(&theirs).map(|(our, their)| our.per_cpu_s / their.per_cpu_s).collect());
    let finding = |subject: &str, rounds: &[Round], share: String| {
        let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of).collect());
        let (per_cpu_s, per_s, p99) =
            (middle(|round| round.per_cpu_s), middle(|round| round.per_s), middle(|round| round.p99));
        let text = format!(
            "{share}{}/s of CPU ({}/s beside its client on this machine, p99 {p99:.1} ms, {whole:.1} KiB each)",
            thousands(per_cpu_s),
            thousands(per_s),
        );
        Finding::new(
            "page",
            subject,
            text,
            json!({ "per_cpu_s": per_cpu_s, "per_s": per_s, "p99_ms": p99, "kib": whole }),
        )
    };
    let prefix = if run.with_references { format!("{:.0}% of bare hyper: ", 100.0 * share) } else { String::new() };
    let found = finding("natter", &ours, prefix);
    let met = found.figures["per_cpu_s"].as_f64().is_some_and(|per_cpu_s| per_cpu_s >= TARGET);
    let relative = format!("≥ {:.0}% of bare hyper", 100.0 * TARGET_SHARE);
    run.report(found.target(relative, share >= TARGET_SHARE).absolute("≥ 5,000/s on one core", met));
    if bare.is_some() {
        run.report(finding("reference", &theirs, "bare hyper: ".into()));
    }
    Ok(())
}

/// Requests the page once and checks that it has 50 messages.
pub(super) async fn page_size(address: SocketAddr, request: &[u8]) -> Result<Size, String> {
    let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
    let response = http.send(request).await.map_err(|why| why.to_string())?;
    let messages = fragments::messages(response.is(200).body.as_bytes()).count();
    if messages != 50 {
        return Err(format!("the page has {messages} messages: {}", response.body));
    }
    Ok(Size { head: response.head.len() + 4, body: response.body.len(), headers: response.head.lines().count() - 1 })
}

pub(super) async fn measure_round(
    server: &ServerProcess,
    requests: &[Vec<u8>],
    body: usize,
    time: Duration,
) -> Result<Round, String> {
    let mut browsers = JoinSet::new();
    let (meter, until) = (Meter::start(server.pid()), Instant::now() + time);
    for request in requests {
        let request = request.clone();
        let mut http = Http::open(server.address).await.map_err(|why| why.to_string())?;
        browsers.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let sent = Instant::now();
                let response = http.send(&request).await?;
                times.push(sent.elapsed().as_secs_f64() * 1000.0);
                // only whole pages count
                assert!(response.status == 200 && response.body.len().abs_diff(body) < 100, "{}", response.body);
            }
            Ok::<_, std::io::Error>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = browsers.join_next().await {
        times.extend(done.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?);
    }
    let (used, pages) = (meter.read(), times.len() as f64);
    Ok(Round { per_cpu_s: pages / used.server, per_s: pages / used.secs, p99: p99(times) })
}
