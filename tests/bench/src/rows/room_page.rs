//! The page of a room with 50 messages and a sidebar of 50 rooms, and the same with Markdown in every message. With
//! `--against`, a binary that has no rooms serves its chat page instead.

use std::time::Duration;

use serde_json::{Value, json};

use super::page::{BROWSERS, Round, measure_round, page_size};
use crate::{
    http::{self, Http},
    natter::Natter,
    paths,
    report::{Finding, median, thousands},
    run::Run,
    writer::TEXT,
};

/// Rooms in the sidebar, with the lobby.
const ROOMS: usize = 50;
/// What is in each message of the second room: as long as the plain text, with the usual marks.
const MARKDOWN: &str = "**Deploy** at _noon_: see `deploy.sh --dry-run` and https://example.org/wiki/deploy :rocket:";

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, BROWSERS).await?;
    natter.post(60).await;
    let rooms = create_rooms(&natter).await?;
    let plain = Page::open(&natter, rooms.as_ref().map(|[plain, _]| plain.as_str())).await?;
    let marked = match &rooms {
        Some([_, marked]) => Some(Page::open(&natter, Some(marked)).await?),
        None => None,
    };
    let (mut of_plain, mut of_marked) = (Vec::new(), Vec::new());
    for _ in 0..if paths::quick() || !run.with_references { 2 } else { 5 } {
        of_plain.push(plain.measure(&natter).await?);
        if let Some(marked) = &marked {
            of_marked.push(marked.measure(&natter).await?);
        }
    }
    let number = if rooms.is_some() { ROOMS } else { 0 };
    let speed = |rounds: &[Round]| median(rounds.iter().map(|round| round.per_cpu_s).collect());
    let report = |kind: &'static str, page: &Page, rounds: &[Round], more: String| {
        let (per_cpu_s, p99) = (speed(rounds), median(rounds.iter().map(|round| round.p99).collect()));
        let kib = page.kib;
        let text =
            format!("{}/s of CPU (p99 {p99:.1} ms, {kib:.1} KiB each, {number} rooms{more})", thousands(per_cpu_s));
        run.report(Finding::new(kind, "natter", text, json!({ "per_cpu_s": per_cpu_s, "p99_ms": p99, "kib": kib })));
    };
    report("room-page", &plain, &of_plain, String::new());
    if let Some(marked) = &marked {
        let of_plain_text = speed(&of_marked) / speed(&of_plain);
        report("room-page-markdown", marked, &of_marked, format!(", {of_plain_text:.2} of plain text"));
    }
    Ok(())
}

/// A room's page, as each browser asks for it.
struct Page {
    requests: Vec<Vec<u8>>,
    body: usize,
    kib: f64,
}

impl Page {
    /// Without a room: the chat page.
    async fn open(natter: &Natter, room: Option<&str>) -> Result<Self, String> {
        let mut requests = Vec::new();
        for user in 0..BROWSERS {
            natter.mark_read(user, room.unwrap_or("lobby")).await;
            let session = natter.session(user).await;
            let path = match room {
                Some(room) => format!("/rooms/{room}"),
                None => natter.page_path(&session).await,
            };
            requests.push(http::get(&path, &session));
        }
        let size = page_size(natter.address, &requests[0]).await?;
        Ok(Self { requests, body: size.body, kib: (size.head + size.body) as f64 / 1024.0 })
    }

    async fn measure(&self, natter: &Natter) -> Result<Round, String> {
        let time = Duration::from_secs_f64(if paths::quick() { 1.0 } else { 2.0 });
        measure_round(natter, &self.requests, self.body, time).await
    }
}

/// Creates closed rooms with all browsers and a few messages in each, 60 in the last two. Returns their ids: that with plain
/// texts, and that with Markdown. `None` if this natter has no rooms.
async fn create_rooms(natter: &Natter) -> Result<Option<[String; 2]>, String> {
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let members: Vec<String> = (1..BROWSERS).map(|n| format!("user{n}")).collect();
    let mut last: Vec<String> = Vec::new();
    for n in 1..ROOMS {
        let room = json!({ "name": format!("Room {n}"), "kind": "closed", "members": members }).to_string();
        let request = http::post("/api/rooms", &natter.bearer(0), &room);
        let response = http.send(&request).await.map_err(|why| why.to_string())?;
        if response.status == 404 {
            return Ok(None);
        }
        let answer: Value = serde_json::from_str(response.is(201).body).map_err(|why| why.to_string())?;
        let id = answer["id"].as_str().ok_or("the room has no id")?.to_owned();
        let (count, text) = match ROOMS - n {
            1 => (60, MARKDOWN),
            2 => (60, TEXT),
            _ => (3, TEXT),
        };
        for message in 0..count {
            let post = json!({ "message": text, "clientID": uuid::Uuid::now_v7() }).to_string();
            let request = http::post(&format!("/api/rooms/{id}/messages"), &natter.bearer(message % BROWSERS), &post);
            http.send(&request).await.map_err(|why| why.to_string())?.is(201);
        }
        last.push(id);
    }
    let marked = last.pop();
    Ok(last.pop().zip(marked).map(|(plain, marked)| [plain, marked]))
}
