//! The unread count of a room, compared with reading one message by its key, through the store trait.

use std::{sync::Arc, time::Instant};

use natter::{
    domain::{ClientId, Command, RoomId, RoomKind, Text, User},
    store::{self, Access, Location, MongoUrl, NewRoom},
};
use natter_test_support::ReplicaSet;
use serde_json::json;
use tokio::task::JoinSet;

use super::store_trait::{Store, create_user};
use crate::{
    natter::Database,
    paths,
    report::{Finding, median},
    run::Run,
    writer::TEXT,
};

const FEW: usize = 10;
const MANY: usize = 10_000;
/// Rooms in the list.
const ROOMS: usize = 50;
/// Reads in a turn.
const READS: usize = 400;
/// Targets: a room's counts, of the time of one message; and with many unread, of the time with few.
const ENOUGH: f64 = 3.0;
const GROWTH: f64 = 1.2;

struct Room {
    access: Access,
    last: u64,
}

/// Microseconds of each.
struct Times {
    message: f64,
    few: f64,
    many: f64,
    /// A room of the list.
    listed: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    if !run.with_references {
        return Ok(()); // the store trait is not that of another binary
    }
    let directory = paths::temporary();
    report(run, "embedded", &measure_in(&Database::Embedded(directory.path().to_owned())).await?);
    let mongodb = ReplicaSet::try_start_in(paths::temporary(), 1, &[]).await?;
    report(run, "MongoDB", &measure_in(&Database::Mongo(mongodb.url("counts"))).await?);
    Ok(())
}

async fn measure_in(database: &Database) -> Result<Vec<Times>, String> {
    let location = match database {
        Database::Embedded(dir) => Location::Embedded(dir.clone()),
        Database::Mongo(url) => Location::Mongo(MongoUrl::parse(url)?),
    };
    let store: Store = store::open(&location).await.map_err(|why| why.to_string())?;
    let mut events = store.events().ok_or("the event stream was taken already")?;
    let receiving = tokio::spawn(async move { while events.recv().await.is_some() {} });
    let (writer, reader) = (create_user(&store, 0).await?, create_user(&store, 1).await?);
    let (few, many) = (fill(&store, &writer, &reader, FEW).await?, fill(&store, &writer, &reader, MANY).await?);
    for _ in 2..ROOMS {
        fill(&store, &writer, &reader, FEW).await?;
    }
    let mut turns = Vec::new();
    for _ in 0..if paths::quick() { 3 } else { 9 } {
        turns.push(turn(&store, &reader, &few, &many).await?);
    }
    receiving.abort();
    store.close().await;
    Ok(turns)
}

/// A closed room in which the reader has this many unread messages.
async fn fill(store: &Store, writer: &User, reader: &User, count: usize) -> Result<Room, String> {
    let failed = |why: store::Error| why.to_string();
    let (name, topic) = ("Room".to_owned(), String::new());
    let new = NewRoom { kind: RoomKind::Closed, name, topic, owner: writer.key, members: vec![reader.key] };
    let room: RoomId = store.create_room(new).await.map_err(failed)?.id;
    let text = Text::parse(TEXT).map_err(|invalid| invalid.to_string())?;
    let access = store.access(writer, &room).await.map_err(failed)?;
    let mut posting = JoinSet::new();
    for _ in 0..64.min(count) {
        let (store, access, text) = (Arc::clone(store), access.clone(), text.clone());
        posting.spawn(async move {
            for _ in 0..count.div_ceil(64) {
                store.change(&access, Command::post(ClientId::generate(), text.clone())).await?;
            }
            Ok::<_, store::Error>(())
        });
    }
    while let Some(posted) = posting.join_next().await {
        posted.map_err(|why| why.to_string())?.map_err(failed)?;
    }
    let access = store.access(reader, &room).await.map_err(failed)?;
    let summary = store.summary(&access).await.map_err(failed)?;
    if (summary.unread as usize) < count {
        return Err(format!("{} of {count} messages are unread", summary.unread));
    }
    Ok(Room { access, last: summary.head.seq })
}

async fn turn(store: &Store, reader: &User, few: &Room, many: &Room) -> Result<Times, String> {
    let failed = |why: store::Error| why.to_string();
    let micros = |started: Instant, reads: usize| started.elapsed().as_secs_f64() * 1e6 / reads as f64;
    let started = Instant::now();
    for n in 0..READS as u64 {
        let message = store.message(&many.access, 1 + (n * 7919) % many.last).await.map_err(failed)?;
        assert!(message.is_some_and(|message| message.text().is_some()), "the message is there");
    }
    let message = micros(started, READS);
    let mut summaries = [0.0; 2];
    for (room, time) in [few, many].into_iter().zip(&mut summaries) {
        let started = Instant::now();
        for _ in 0..READS {
            store.summary(&room.access).await.map_err(failed)?;
        }
        *time = micros(started, READS);
    }
    // not `rooms_of`: the embedded store keeps that list while nothing changes
    let rooms = store.rooms_of(reader, None, 200).await.map_err(failed)?;
    let rooms: Vec<RoomId> = rooms.into_iter().map(|summary| summary.room.id.clone()).collect();
    let started = Instant::now();
    let mut listed = 0;
    for _ in 0..READS / ROOMS {
        listed += store.summaries(reader, &rooms).await.map_err(failed)?.len();
    }
    let [few, many] = summaries;
    Ok(Times { message, few, many, listed: micros(started, listed) })
}

fn report(run: &Run, scene: &str, turns: &[Times]) {
    let middle = |of: &dyn Fn(&Times) -> f64| median(turns.iter().map(of).collect());
    let ratio = middle(&|times| times.few.max(times.many) / times.message);
    let growth = middle(&|times| times.many / times.few);
    let (message, listed) = (middle(&|times| times.message), middle(&|times| times.listed / times.message));
    let text = format!(
        "{ratio:.2} × a message by key ({message:.0} µs); with 10,000 unread {growth:.2} × with 10; a room of the list \
         of 50 {listed:.2} × a message"
    );
    let figures = json!({ "ratio": ratio, "growth": growth, "listed": listed, "message_us": message });
    let found = Finding::new("counts", "natter", text, figures).scene(scene);
    run.report(found.target("≤ 3 × a message, the same with 10 or 10,000 unread", ratio <= ENOUGH && growth <= GROWTH));
}
