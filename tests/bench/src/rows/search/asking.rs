//! How long a search takes, in times of reading a page of a room.

use std::{collections::HashSet, time::Instant};

use serde_json::{Value, json};

use super::{
    corpus::Corpus,
    filling::{Filled, SEARCHER},
    queries::{KINDS, Kind, Searcher, Sort, encoded, path},
};
use crate::{
    http::{self, Http},
    natter::Natter,
    paths,
    report::{Finding, median, p99},
    run::Run,
};

/// Target: of the p99 of a page.
const ENOUGH: f64 = 20.0;
/// Searches, or pages, one after the other: the two take turns.
const TURN: usize = 50;
const WARM_UP: usize = 10;

fn turns() -> usize {
    if paths::quick() { 6 } else { 20 }
}

/// Milliseconds of each search, and what was found.
struct Asked {
    kind: &'static Kind,
    ms: Vec<f64>,
    hits: usize,
    /// The query that took longest.
    slowest: String,
}

/// Searches for everything, and reads pages meanwhile.
pub async fn measure(run: &Run, natter: &Natter, filled: &Filled, corpus: &Corpus) -> Result<(), String> {
    let mut client = Client::open(natter, filled).await?;
    let (mut searcher, mut pages) = (Searcher::new(filled, corpus), Vec::new());
    let (mut asked, mut missing) = (Vec::new(), Vec::new());
    for kind in &KINDS {
        let mut of_kind = Asked { kind, ms: Vec::new(), hits: 0, slowest: String::new() };
        for _ in 0..WARM_UP {
            client.search(&(kind.query)(&mut searcher), kind.sort).await?;
            client.page(&searcher.room().id).await?;
        }
        let mut longest = 0.0;
        for _ in 0..turns() {
            for _ in 0..TURN {
                let query = (kind.query)(&mut searcher);
                let (ms, hits) = client.search(&query, kind.sort).await?;
                of_kind.ms.push(ms);
                of_kind.hits += hits;
                if ms > longest {
                    (longest, of_kind.slowest) = (ms, query);
                }
            }
            for _ in 0..TURN {
                pages.push(client.page(&searcher.room().id).await?);
            }
        }
        if kind.finds && of_kind.hits < of_kind.ms.len() {
            missing.push(format!("{}: {} hits of {} searches only", kind.name, of_kind.hits, of_kind.ms.len()));
        }
        asked.push(of_kind);
    }
    let page = p99(pages.clone());
    report_page(run, "page of a room", "the newest 20 messages as JSON", &pages);
    for of_kind in &asked {
        report(run, of_kind, page);
    }
    html(run, natter, &mut client, &mut searcher).await?;
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}

fn report_page(run: &Run, scene: &str, what: &str, ms: &[f64]) {
    let (p50, p99) = (median(ms.to_vec()), p99(ms.to_vec()));
    let text = format!("{what}: p99 {p99:.2} ms (p50 {p50:.2} ms)");
    run.report(Finding::new("search", "natter", text, json!({ "p50_ms": p50, "p99_ms": p99 })).scene(scene));
}

fn report(run: &Run, Asked { kind, ms, hits, slowest }: &Asked, page: f64) {
    let (p50, p99, found) = (median(ms.clone()), p99(ms.clone()), *hits as f64 / ms.len() as f64);
    let (most, ratio) = (ms.iter().copied().fold(0.0, f64::max), p99 / page);
    let text = format!(
        "p99 {p99:.2} ms, {ratio:.1} × a page of a room (p50 {p50:.2} ms, {found:.1} hits; longest {most:.1} ms: {slowest})"
    );
    let figures = json!({ "p50_ms": p50, "p99_ms": p99, "max_ms": most, "ratio": ratio, "hits": found });
    let found = Finding::new("search", "natter", text, figures).scene(kind.name);
    run.report(match kind.sort {
        Sort::Newest => found.target(format!("p99 ≤ {ENOUGH} × a page of a room"), ratio <= ENOUGH),
        Sort::Best => found,
    });
}

/// The same for the pages that people see, without a target.
async fn html(run: &Run, natter: &Natter, client: &mut Client, searcher: &mut Searcher<'_>) -> Result<(), String> {
    let session = natter.session(SEARCHER).await;
    let (mut rooms, mut searches) = (Vec::new(), Vec::new());
    for n in 0..WARM_UP + TURN * turns() / 2 {
        let room = client.timed(&http::get(&format!("/rooms/{}", searcher.room().id), &session)).await?.0;
        let query = (KINDS[0].query)(searcher);
        let search = client.timed(&http::get(&format!("/search?q={}", encoded(&query)), &session)).await?.0;
        if n >= WARM_UP {
            rooms.push(room);
            searches.push(search);
        }
    }
    report_page(run, "HTML: page of a room", "50 messages", &rooms);
    report_page(run, "HTML: page of a search", "a common word, 20 hits", &searches);
    Ok(())
}

/// One connection of the searcher.
struct Client {
    http: Http,
    bearer: String,
    readable: HashSet<String>,
}

impl Client {
    async fn open(natter: &Natter, filled: &Filled) -> Result<Self, String> {
        let mut readable: HashSet<String> = filled.readable().map(|room| room.id.clone()).collect();
        readable.insert("lobby".into());
        let http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
        Ok(Self { http, bearer: natter.bearer(SEARCHER), readable })
    }

    /// The milliseconds of a request, and the body of its response.
    async fn timed(&mut self, request: &[u8]) -> Result<(f64, &str), String> {
        let sent = Instant::now();
        let response = self.http.send(request).await.map_err(|why| why.to_string())?;
        let ms = sent.elapsed().as_secs_f64() * 1000.0;
        match response.status {
            200 => Ok((ms, response.body)),
            status => Err(format!("{}: {status}: {}", String::from_utf8_lossy(request), response.body)),
        }
    }

    /// The milliseconds of a search, and the number of its hits, which have to be in rooms of the searcher.
    async fn search(&mut self, query: &str, sort: Sort) -> Result<(f64, usize), String> {
        let request = http::get(&path(query, sort), &self.bearer);
        let (ms, body) = self.timed(&request).await?;
        let answer: Value = serde_json::from_str(body).map_err(|why| why.to_string())?;
        let hits = answer["hits"].as_array().ok_or_else(|| format!("no hits: {answer}"))?;
        let rooms: Vec<String> = hits.iter().map(|hit| hit["room"].as_str().unwrap_or_default().to_owned()).collect();
        match rooms.iter().find(|room| !self.readable.contains(*room)) {
            Some(closed) => Err(format!("{query} finds something in {closed}, which is closed to the searcher")),
            None => Ok((ms, rooms.len())),
        }
    }

    /// The milliseconds of reading the newest messages of a room.
    async fn page(&mut self, room: &str) -> Result<f64, String> {
        let request = http::get(&format!("/api/rooms/{room}/messages?limit=20"), &self.bearer);
        Ok(self.timed(&request).await?.0)
    }
}
