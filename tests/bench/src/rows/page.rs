//! The chat page, as a browser with a session gets it.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    natter::Natter,
    place,
    report::{Finding, p99, thousands},
};

const BROWSERS: usize = 8;

pub async fn measure() -> Result<(), String> {
    let natter = Natter::start(BROWSERS).await?;
    natter.post(60).await;
    let mut browsers = JoinSet::new();
    let meter = natter.meter();
    let until = Instant::now() + Duration::from_secs(if place::quick() { 3 } else { 8 });
    for person in 0..BROWSERS {
        let request = http::get("/", &natter.session(person).await);
        let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
        browsers.spawn(async move {
            let mut times = Vec::new();
            let mut length = 0;
            while Instant::now() < until {
                let asked = Instant::now();
                let answer = http.ask(&request).await?;
                times.push(asked.elapsed().as_secs_f64() * 1000.0);
                // the whole page each time; its parts are looked at once
                if length == 0 {
                    let messages = memchr::memmem::find_iter(answer.body.as_bytes(), "<li id=\"m").count();
                    assert_eq!((answer.status, messages), (200, 50), "{}", answer.body);
                    length = answer.body.len();
                }
                assert!(answer.status == 200 && answer.body.len().abs_diff(length) < 100, "{}", answer.body);
            }
            Ok::<_, std::io::Error>((times, length))
        });
    }
    let mut times = Vec::new();
    let mut length = 0;
    while let Some(done) = browsers.join_next().await {
        let (more, bytes) = done.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?;
        times.extend(more);
        length = bytes;
    }
    let used = meter.read();
    let (pages, a_core) = (times.len() as f64, times.len() as f64 / used.server);
    let text = format!(
        "{}/s of CPU ({}/s beside its client on this machine, p99 {:.1} ms, {:.0} KiB each)",
        thousands(a_core),
        thousands(pages / used.secs),
        p99(times),
        length as f64 / 1024.0
    );
    let figures = json!({ "per_cpu_s": a_core, "per_s": pages / used.secs, "bytes": length });
    Finding::new("page", "natter", text, figures).target("≥ 5,000/s on one core", a_core >= 5000.0).tell();
    Ok(())
}
