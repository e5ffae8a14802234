//! Durable ingest: sixty-four writers, each with one message on its way.
//!
//! Over sockets every writer reads what all write too, as people do; through the store's port there is the
//! database alone, in this process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use natter::{
    domain::{ClientId, Post, Text, Timestamp, User},
    store::{self, Location, MongoUrl, Store},
};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    crowd::{Crowd, Pace, Seen},
    natter::{Natter, lobby, users},
    others::Mongod,
    place::{self, Dir},
    process::Used,
    report::{Finding, thousands},
    socket::Socket,
};

const WRITERS: usize = 64;
const READERS: usize = 4;
const TEXT: &str = "The quick brown fox jumps over the lazy dog, again";

struct Taken {
    used: Used,
    acknowledged: u64,
}

impl Taken {
    fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.used.secs
    }
}

pub async fn measure() -> Result<(), String> {
    let (dir, other) = (Dir::new(), Dir::new());
    let embedded = [&dir, &other].map(|dir| Location::Embedded(dir.path().to_owned()));
    tell("embedded", &embedded, 20_000.0).await?;
    let mongod = Mongod::start().await?;
    let url = |name| MongoUrl::parse(&mongod.url(name)).map(Location::Mongo);
    tell("MongoDB", &[url("sockets")?, url("port")?], 6000.0).await
}

async fn tell(scene: &str, [by_sockets, by_port]: &[Location; 2], target: f64) -> Result<(), String> {
    let sockets = over_sockets(by_sockets).await?;
    let port = through_the_port(by_port).await?;
    let full = if sockets.used.client_was_full() { ", whose clients were full," } else { "" };
    let text = format!(
        "{}/s over sockets{full} ({} per CPU s; natter takes {:.0}%, its clients {:.0}% of a core); {}/s through the store's port",
        thousands(sockets.rate()),
        thousands(sockets.acknowledged as f64 / sockets.used.server.max(0.01)),
        100.0 * sockets.used.server / sockets.used.secs,
        100.0 * sockets.used.client / sockets.used.secs,
        thousands(port)
    );
    let figures = json!({ "per_s": sockets.rate(), "per_cpu_s": sockets.acknowledged as f64 / sockets.used.server.max(0.01),
        "port_per_s": port, "client_was_full": sockets.used.client_was_full() });
    let met = sockets.rate() >= target;
    let target = format!("≥ {}/s, acknowledged after the commit", thousands(target));
    Finding::new("ingest", "natter", text, figures).scene(scene).target(target, met).tell();
    Ok(())
}

fn time() -> Duration {
    Duration::from_secs(if place::quick() { 3 } else { 8 })
}

async fn over_sockets(location: &Location) -> Result<Taken, String> {
    let natter = Natter::start_on(location, WRITERS + READERS, &["--bcrypt-cost", "4"]).await?;
    let path = |n| natter.socket(WRITERS + n);
    let readers = Crowd::open(natter.address, READERS, Pace::AtOnce, path).await?;
    let mut sockets = Vec::new();
    for n in 0..WRITERS {
        sockets.push(Socket::open(natter.address, &natter.socket(n), n).await.map_err(|why| why.to_string())?);
    }
    readers.got.are_quiet().await;
    let (mut writers, meter, until) = (JoinSet::new(), natter.meter(), Instant::now() + time());
    for (n, socket) in sockets.into_iter().enumerate() {
        writers.spawn(write(socket, n, until));
    }
    let (mut acknowledged, mut open) = (0, Vec::new());
    while let Some(done) = writers.join_next().await {
        let (socket, count, seen) = done.map_err(|why| why.to_string())??;
        acknowledged += count;
        open.push((socket, seen));
    }
    let used = meter.read();
    // nothing that was acknowledged may be missing from the log, nor from anybody's socket
    let logged = natter.head().await;
    let want = acknowledged * READERS as u64;
    let waited = Instant::now();
    while readers.got.messages() < want && waited.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(20)).await;
    }
    let mut rest = JoinSet::new();
    for (mut socket, mut seen) in open {
        rest.spawn(async move {
            let quiet = Duration::from_millis(500);
            while let Ok(Ok(())) = timeout(quiet, socket.read(|frame| _ = seen.take(frame))).await {}
            seen.count
        });
    }
    let seen: u64 = rest.join_all().await.iter().sum();
    let (read, to_see) = (readers.got.messages(), acknowledged * WRITERS as u64);
    if (logged, read, seen) != (acknowledged, want, to_see) {
        return Err(format!(
            "{acknowledged} acknowledged, {logged} in the log; readers got {read} of {want}, writers {seen} of {to_see}"
        ));
    }
    Ok(Taken { used, acknowledged })
}

/// Sends one message after the other; returns how many, and what came meanwhile.
async fn write(mut socket: Socket, writer: usize, until: Instant) -> Result<(Socket, u64, Seen), String> {
    let (mut sent, mut seen) = (0, Seen::default());
    while Instant::now() < until {
        socket
            .send(&format!(r#"{{"message":"{TEXT}","clientID":"{writer}-{sent}"}}"#))
            .await
            .map_err(|why| why.to_string())?;
        let mut answer: Option<Vec<u8>> = None;
        while answer.is_none() {
            let read = socket.read(|frame| {
                if frame.starts_with(b"{") {
                    answer = Some(frame.to_owned());
                } else {
                    seen.take(frame);
                }
            });
            timeout(Duration::from_secs(20), read)
                .await
                .map_err(|_| "no answer in 20 s")?
                .map_err(|why| why.to_string())?;
        }
        let answer = String::from_utf8(answer.unwrap_or_default()).map_err(|why| why.to_string())?;
        if !answer.contains(&format!("\"{writer}-{sent}\"")) || !answer.contains("\"seq\":") {
            return Err(format!("a message was refused: {answer}"));
        }
        sent += 1;
    }
    Ok((socket, sent, seen))
}

async fn through_the_port(location: &Location) -> Result<f64, String> {
    let store = store::open(location).await.map_err(|why| why.to_string())?;
    // somebody has to take the events, as the hub does
    let mut events = store.events().ok_or("somebody else takes the events")?;
    let taking = tokio::spawn(async move { while events.recv().await.is_some() {} });
    let writers = users(&store, WRITERS).await?;
    let (started, until) = (Instant::now(), Instant::now() + time());
    let mut posting = JoinSet::new();
    for user in writers {
        posting.spawn(post(Arc::clone(&store), user, until));
    }
    let mut posted = 0;
    while let Some(done) = posting.join_next().await {
        posted += done.map_err(|why| why.to_string())??;
    }
    let rate = posted as f64 / started.elapsed().as_secs_f64();
    let logged = store.head(&lobby()).await.map_err(|why| why.to_string())?;
    taking.abort();
    store.close().await;
    if logged == posted { Ok(rate) } else { Err(format!("{posted} acknowledged, {logged} in the log")) }
}

async fn post(store: Arc<dyn Store>, author: User, until: Instant) -> Result<u64, String> {
    let text = Text::parse(TEXT).map_err(|why| why.0)?;
    let mut posted = 0;
    while Instant::now() < until {
        let client = ClientId::parse(&posted.to_string()).map_err(|why| why.0)?;
        let post = Post { room: lobby(), author: author.key, client, text: text.clone(), at: Timestamp::now() };
        store.post(post).await.map_err(|why| why.to_string())?;
        posted += 1;
    }
    Ok(posted)
}
