//! 10,000 rooms with 1,000,000 messages: the start, compared with that in an empty directory, and the memory after
//! everybody has come and gone.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use natter::{
    domain::{ClientId, Command, RoomId, Text, UserId},
    store,
};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use super::{rest::start_in, store_trait::Store, stored_rooms};
use crate::{
    histories::{checkpoint, schema_version},
    listeners::{Listeners, Pace},
    natter::{Database, Natter},
    paths,
    report::{Finding, median},
    run::Run,
    socket::Client,
    writer::TEXT,
};

const ROOMS: usize = 10_000;
const MESSAGES_OF_ROOM: usize = 100;
const USERS: usize = 500;
const MEMBERS: usize = 20;
/// Rooms that are written to at the same time.
const WRITERS: usize = 256;
const STARTS: usize = 7;
/// Longest wait until natter has closed the rooms that nobody follows any more: three minutes, and a sweep.
const CLOSING_LIMIT: Duration = Duration::from_secs(300);
/// natter's allocator gives unused memory back to the system within ten seconds.
const RETURN_TIME: Duration = Duration::from_secs(15);

pub async fn measure(run: &Run) -> Result<(), String> {
    let filled = filled(run).await?;
    let directory = paths::temporary();
    fs::copy(filled.join("natter.db"), directory.path().join("natter.db")).map_err(|why| why.to_string())?;
    let (mut full, mut empty) = (vec![start_in(run, &directory)?], Vec::new());
    full.clear(); // the first start makes files
    for _ in 0..STARTS {
        full.push(start_in(run, &directory)?);
        empty.push(start_in(run, &paths::temporary())?);
    }
    let ratio = median(full.iter().zip(&empty).map(|(full, empty)| full / empty).collect());
    let (full, empty) = (median(full), median(empty));

    let database = Database::Embedded(directory.path().to_owned());
    let tokens = Natter::sign_up_users(run, &database, USERS).await?;
    let ids = fs::read_to_string(filled.join("rooms")).map_err(|why| why.to_string())?;
    let ids: Vec<&str> = ids.lines().collect();
    let natter = Natter::start_with_users(run, &database, tokens, &[])?;
    sleep(Duration::from_secs(2)).await;
    let before = mib(natter.memory());
    // room `n` has the members from `n` on
    let path = |n: usize| format!("{}&room={}&after=0", natter.socket_path(n), ids[n]);
    let listeners = Listeners::open_as(Client::Page, natter.address, ROOMS, Pace::Concurrent(128), path).await?;
    listeners.received.wait_for_silence().await;
    let (during, messages) = (mib(natter.memory()), listeners.received.messages());
    drop(listeners);
    let left = Instant::now();
    if !paths::quick() {
        while natter.counter("natter_open_rooms").await > 1.0 && left.elapsed() < CLOSING_LIMIT {
            sleep(Duration::from_secs(5)).await;
        }
        sleep(RETURN_TIME).await;
    }
    let after = mib(natter.memory());
    let text = format!(
        "start {full:.1} ms, {ratio:.2} × an empty directory's ({empty:.1} ms); {after:.1} MiB after everybody has come \
         and gone ({before:.1} before, {during:.1} with {ROOMS} pages)"
    );
    let figures =
        json!({ "start_ms": full, "ratio": ratio, "after_mib": after, "during_mib": during, "before_mib": before });
    if messages < (ROOMS * MESSAGES_OF_ROOM) as u64 {
        return Err(format!("the pages received {messages} messages only"));
    }
    let met = ratio <= 1.2 && after <= 60.0;
    run.report(
        Finding::new("many-rooms", "natter", text, figures).target("≤ 1.2 × an empty directory's, ≤ 60 MiB", met),
    );
    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// A directory with the rooms, and a file with their ids. It is made once for each version of the schema.
async fn filled(run: &Run) -> Result<PathBuf, String> {
    let work = paths::temporary();
    let database = Database::Embedded(work.path().to_owned());
    drop(Natter::start_with_users(run, &database, Vec::new(), &[])?);
    let version = schema_version(work.path()).map_err(|why| why.to_string())?;
    let directory = paths::kept().join(format!("rooms-{ROOMS}-schema-{version}"));
    if directory.is_dir() {
        return Ok(directory);
    }
    eprintln!("bench: filling {ROOMS} rooms with {MESSAGES_OF_ROOM} messages each, once");
    Natter::sign_up_users(run, &database, USERS).await?;
    let groups: Vec<Vec<usize>> = (0..ROOMS).map(|room| (0..MEMBERS).map(|n| (room + n) % USERS).collect()).collect();
    let rooms = stored_rooms::prepare(work.path(), USERS, &groups).await?;
    write(work.path(), &rooms).await?;
    let ids: String = rooms.iter().map(|room| format!("{}\n", room.as_str())).collect();
    fs::write(work.path().join("rooms"), ids).map_err(|why| why.to_string())?;
    checkpoint(work.path()).map_err(|why| why.to_string())?;
    fs::rename(work.path(), &directory).map_err(|why| why.to_string())?;
    Ok(directory)
}

/// Writes the messages of each room by its first member.
async fn write(directory: &std::path::Path, rooms: &[RoomId]) -> Result<(), String> {
    let store: Store = store::open_embedded(directory).map_err(|why| why.to_string())?;
    let mut events = store.events().ok_or("the event stream was taken already")?;
    let receiving = tokio::spawn(async move { while events.recv().await.is_some() {} });
    let rooms: Arc<[RoomId]> = rooms.into();
    let mut writing = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, rooms) = (Arc::clone(&store), Arc::clone(&rooms));
        writing.spawn(async move {
            let text = Text::parse(TEXT).map_err(|invalid| invalid.to_string())?;
            for n in (writer..rooms.len()).step_by(WRITERS) {
                let id = UserId::parse(&format!("user{}", n % USERS)).map_err(|invalid| invalid.to_string())?;
                let user = store.user(&id).await.map_err(|why| why.to_string())?.ok_or("a user is missing")?;
                let access = store.access(&user, &rooms[n]).await.map_err(|why| why.to_string())?;
                for _ in 0..MESSAGES_OF_ROOM {
                    let command = Command::post(ClientId::generate(), text.clone());
                    store.change(&access, command).await.map_err(|why| why.to_string())?;
                }
            }
            Ok::<_, String>(())
        });
    }
    while let Some(written) = writing.join_next().await {
        written.map_err(|why| why.to_string())??;
    }
    receiving.abort();
    store.close().await;
    Ok(())
}
