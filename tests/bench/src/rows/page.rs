//! The chat page, as a browser with a session gets it, beside bare answers of hyper with as many bytes.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    natter::Natter,
    place,
    process::Server,
    report::{Finding, median, p99, thousands},
    run::Run,
    servers,
};

const BROWSERS: usize = 8;
/// Targets: the share of bare hyper, and pages a second of CPU.
const ENOUGH: f64 = 0.07;
const TARGET: f64 = 5000.0;

/// What a page is: bytes of its head and its body, and how many headers it has.
#[derive(Clone, Copy)]
struct Size {
    head: usize,
    body: usize,
    headers: usize,
}

struct Round {
    per_cpu_s: f64,
    per_s: f64,
    p99: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, BROWSERS).await?;
    natter.post(60).await;
    let mut requests = Vec::new();
    for person in 0..BROWSERS {
        requests.push(http::get("/", &natter.session(person).await));
    }
    let size = look(natter.address, &requests[0]).await?;
    let bare = match run.beside {
        true => Some(servers::start_page(size.body, size.headers, size.head)?),
        false => None,
    };
    let rounds = if place::quick() || !run.beside { 2 } else { 5 };
    let time = Duration::from_secs_f64(if place::quick() { 1.0 } else { 2.0 });
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(ask(&natter, &requests, size.body, time).await?);
        if let Some(bare) = &bare {
            theirs.push(ask(bare, &requests, size.body, time).await?);
        }
    }
    let whole = (size.head + size.body) as f64 / 1024.0;
    let share = median(ours.iter().zip(&theirs).map(|(our, their)| our.per_cpu_s / their.per_cpu_s).collect());
    let tell = |subject: &str, rounds: &[Round], share: String| {
        let middle = |of: fn(&Round) -> f64| median(rounds.iter().map(of).collect());
        let (a_core, per_s, p99) =
            (middle(|round| round.per_cpu_s), middle(|round| round.per_s), middle(|round| round.p99));
        let text = format!(
            "{share}{}/s of CPU ({}/s beside its client on this machine, p99 {p99:.1} ms, {whole:.1} KiB each)",
            thousands(a_core),
            thousands(per_s),
        );
        Finding::new("page", subject, text, json!({ "per_cpu_s": a_core, "per_s": per_s, "p99_ms": p99, "kib": whole }))
    };
    let shown = if run.beside { format!("{:.0}% of bare hyper: ", 100.0 * share) } else { String::new() };
    let found = tell("natter", &ours, shown);
    let met = found.figures["per_cpu_s"].as_f64().is_some_and(|a_core| a_core >= TARGET);
    let relative = format!("≥ {:.0}% of bare hyper", 100.0 * ENOUGH);
    run.tell(found.target(relative, share >= ENOUGH).absolute("≥ 5,000/s on one core", met));
    if bare.is_some() {
        run.tell(tell("reference", &theirs, "bare hyper: ".into()));
    }
    Ok(())
}

/// Gets the page once, and looks whether all is in it.
async fn look(address: SocketAddr, request: &[u8]) -> Result<Size, String> {
    let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
    let answer = http.ask(request).await.map_err(|why| why.to_string())?;
    let messages = memchr::memmem::find_iter(answer.is(200).body.as_bytes(), "<li id=\"m").count();
    if messages != 50 {
        return Err(format!("the page has {messages} messages: {}", answer.body));
    }
    Ok(Size { head: answer.head.len() + 4, body: answer.body.len(), headers: answer.head.lines().count() - 1 })
}

async fn ask(server: &Server, requests: &[Vec<u8>], body: usize, time: Duration) -> Result<Round, String> {
    let mut browsers = JoinSet::new();
    let (meter, until) = (server.meter(), Instant::now() + time);
    for request in requests {
        let request = request.clone();
        let mut http = Http::open(server.address).await.map_err(|why| why.to_string())?;
        browsers.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let asked = Instant::now();
                let answer = http.ask(&request).await?;
                times.push(asked.elapsed().as_secs_f64() * 1000.0);
                // the whole page each time
                assert!(answer.status == 200 && answer.body.len().abs_diff(body) < 100, "{}", answer.body);
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
