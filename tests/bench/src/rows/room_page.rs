//! The page of a room with 50 messages and a sidebar of 50 rooms. With `--against`, a binary that has no rooms serves its
//! chat page instead.

use std::time::Duration;

use serde_json::{Value, json};

use super::page::{BROWSERS, measure_round, page_size};
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

pub async fn measure(run: &Run) -> Result<(), String> {
    let natter = Natter::start(run, BROWSERS).await?;
    natter.post(60).await;
    let room = create_rooms(&natter).await?;
    let mut requests = Vec::new();
    for user in 0..BROWSERS {
        natter.mark_read(user, room.as_deref().unwrap_or("lobby")).await;
        let session = natter.session(user).await;
        let path = match &room {
            Some(room) => format!("/rooms/{room}"),
            None => natter.page_path(&session).await,
        };
        requests.push(http::get(&path, &session));
    }
    let size = page_size(natter.address, &requests[0]).await?;
    let time = Duration::from_secs_f64(if paths::quick() { 1.0 } else { 2.0 });
    let mut rounds = Vec::new();
    for _ in 0..if paths::quick() || !run.with_references { 2 } else { 5 } {
        rounds.push(measure_round(&natter, &requests, size.body, time).await?);
    }
    let (per_cpu_s, p99) = (
        median(rounds.iter().map(|round| round.per_cpu_s).collect()),
        median(rounds.iter().map(|round| round.p99).collect()),
    );
    let kib = (size.head + size.body) as f64 / 1024.0;
    let rooms = if room.is_some() { ROOMS } else { 0 };
    let text = format!("{}/s of CPU (p99 {p99:.1} ms, {kib:.1} KiB each, {rooms} rooms)", thousands(per_cpu_s));
    run.report(Finding::new("room-page", "natter", text, json!({ "per_cpu_s": per_cpu_s, "p99_ms": p99, "kib": kib })));
    Ok(())
}

/// Creates closed rooms with all browsers and a few messages in each, 60 in the last. Returns its id; `None` if this
/// natter has no rooms.
async fn create_rooms(natter: &Natter) -> Result<Option<String>, String> {
    let mut http = Http::open(natter.address).await.map_err(|why| why.to_string())?;
    let members: Vec<String> = (1..BROWSERS).map(|n| format!("user{n}")).collect();
    let mut last = None;
    for n in 1..ROOMS {
        let room = json!({ "name": format!("Room {n}"), "kind": "closed", "members": members }).to_string();
        let request = http::post("/api/rooms", &natter.bearer(0), &room);
        let response = http.send(&request).await.map_err(|why| why.to_string())?;
        if response.status == 404 {
            return Ok(None);
        }
        let answer: Value = serde_json::from_str(response.is(201).body).map_err(|why| why.to_string())?;
        let id = answer["id"].as_str().ok_or("the room has no id")?.to_owned();
        for message in 0..if n == ROOMS - 1 { 60 } else { 3 } {
            let post = json!({ "message": TEXT, "clientID": uuid::Uuid::now_v7() }).to_string();
            let request = http::post(&format!("/api/rooms/{id}/messages"), &natter.bearer(message % BROWSERS), &post);
            http.send(&request).await.map_err(|why| why.to_string())?.is(201);
        }
        last = Some(id);
    }
    Ok(last)
}
