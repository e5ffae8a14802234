//! What things cost with a million messages in the room, against a thousand.
//!
//! Two natters take turns, a moment each, so that both have the same machine. The databases are filled once
//! and kept under `target/bench`; each run works on copies.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use natter::{
    domain::{ClientId, Post, Text, Timestamp},
    store::{self, Location},
};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    natter::{Natter, lobby, users},
    place::{self, Dir},
    report::{Finding, median},
};

const FEW: u64 = 1000;
const MANY: u64 = 1_000_000;
const PEOPLE: usize = 50;
/// Connections that ask at the same time.
const CLIENTS: usize = 4;

/// What is asked, and where in a history of this many messages.
type Ask = fn(&Room, u64) -> Vec<u8>;

const ASKS: [(&str, Ask); 6] = [
    ("page", |room, _| http::get("/", &room.session)),
    ("back: newest", |room, n| room.before(room.count - n % 10)),
    ("middle", |room, n| room.before(room.count / 2 - n % 10)),
    ("oldest", |room, n| room.before(61 + n % 10)),
    ("catch-up", |room, n| {
        let after = room.count - 100 - n % 10;
        http::get(&format!("/api/messages?after={after}&limit=100"), &room.natter.bearer(0))
    }),
    // the last, as it makes both histories longer
    ("post", |room, n| room.natter.a_post(n as usize)),
];

struct Room {
    natter: Natter,
    session: String,
    /// Messages when it was opened.
    count: u64,
    _dir: Dir,
}

impl Room {
    async fn open(count: u64) -> Result<Self, String> {
        let (filled, dir) = (filled(count).await?, Dir::new());
        fs::copy(filled.join("natter.db"), dir.path().join("natter.db")).map_err(|why| why.to_string())?;
        let location = Location::Embedded(dir.path().to_owned());
        let natter = Natter::start_on(&location, PEOPLE, &["--bcrypt-cost", "4"]).await?;
        let (session, head) = (natter.session(0).await, natter.head().await);
        if head < count {
            return Err(format!("{filled:?} has {head} messages and not {count}; remove it"));
        }
        Ok(Self { natter, session, count: head, _dir: dir })
    }

    fn before(&self, seq: u64) -> Vec<u8> {
        http::get(&format!("/messages?before={seq}"), &self.session)
    }
}

/// What a request took in one moment: milliseconds on the clock (the median), and microseconds of natter's CPU.
struct Cost {
    ms: f64,
    cpu_us: f64,
}

pub async fn measure() -> Result<(), String> {
    let rooms = [Arc::new(Room::open(FEW).await?), Arc::new(Room::open(MANY).await?)];
    let (mut parts, mut figures, mut worst) = (Vec::new(), json!({}), 0.0_f64);
    for (what, ask) in ASKS {
        let moments = compare(&rooms, what, ask).await.map_err(|why| format!("{what}: {why}"))?;
        // of moments side by side, not of the whole: then what else the machine does falls on both
        let middle = |of: fn(&[Cost; 2]) -> f64| median(moments.iter().map(of).collect());
        let cpu = middle(|[few, many]| many.cpu_us / few.cpu_us);
        let ms = middle(|[few, many]| many.ms / few.ms);
        worst = worst.max(cpu).max(ms);
        parts.push(format!("{what} {cpu:.2} ({ms:.2})"));
        figures[what] = json!({ "cpu": cpu, "time": ms, "cpu_us": middle(|[_, many]| many.cpu_us), "ms": middle(|[_, many]| many.ms) });
    }
    figures["worst"] = worst.into();
    let text = format!("CPU (and time) of each: {}", parts.join(", "));
    Finding::new("history", "natter", text, figures).target("each within 1.2 ×", worst <= 1.2).tell();
    Ok(())
}

async fn compare(rooms: &[Arc<Room>; 2], what: &str, ask: Ask) -> Result<Vec<[Cost; 2]>, String> {
    // short for posts: a thousand messages must not become very many
    let moment = Duration::from_millis(if what == "post" { 150 } else { 300 });
    for room in rooms {
        ask_for(room, ask, moment).await?; // warms up
    }
    let mut moments = Vec::new();
    for _ in 0..if place::quick() { 5 } else { 13 } {
        moments.push([ask_for(&rooms[0], ask, moment).await?, ask_for(&rooms[1], ask, moment).await?]);
    }
    Ok(moments)
}

async fn ask_for(room: &Arc<Room>, ask: Ask, moment: Duration) -> Result<Cost, String> {
    let mut asking = JoinSet::new();
    let (meter, until) = (room.natter.meter(), Instant::now() + moment);
    for client in 0..CLIENTS {
        let room = Arc::clone(room);
        asking.spawn(async move {
            let mut http = Http::open(room.natter.address).await.map_err(|why| why.to_string())?;
            let mut took = Vec::new();
            while Instant::now() < until {
                let request = ask(&room, (took.len() * CLIENTS + client) as u64);
                let asked = Instant::now();
                let answer = http.ask(&request).await.map_err(|why| why.to_string())?;
                took.push(asked.elapsed().as_secs_f64() * 1000.0);
                if !matches!(answer.status, 200 | 201) {
                    return Err(format!("{}: {}", answer.status, answer.body));
                }
            }
            Ok::<_, String>(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = asking.join_next().await {
        took.extend(done.map_err(|why| why.to_string())??);
    }
    Ok(Cost { cpu_us: meter.read().server * 1e6 / took.len().max(1) as f64, ms: median(took) })
}

/// The directory of a database with this many messages by fifty people.
async fn filled(count: u64) -> Result<PathBuf, String> {
    let dir = place::kept().join(format!("history-{count}"));
    if dir.is_dir() {
        return Ok(dir);
    }
    eprintln!("filling a room with {count} messages, once");
    let work = Dir::new();
    let store = store::open_embedded(work.path()).map_err(|why| why.to_string())?;
    let authors = users(&store, PEOPLE).await?;
    // more than one commit takes, so that the writer always has a full one
    let posters = 1024.min(count);
    let mut posting = JoinSet::new();
    for poster in 0..posters {
        let (store, author) = (Arc::clone(&store), authors[poster as usize % PEOPLE].key);
        let share = count / posters + u64::from(poster < count % posters);
        posting.spawn(async move {
            for n in 0..share {
                let text = Text::parse(&format!("Message {n} of {poster}: the quick brown fox jumps over the dog"));
                let post = Post {
                    room: lobby(),
                    author,
                    client: ClientId::generate(),
                    text: text.map_err(|why| why.0)?,
                    at: Timestamp::now(),
                };
                store.post(post).await.map_err(|why| why.to_string())?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(done) = posting.join_next().await {
        done.map_err(|why| why.to_string())??;
    }
    store.close().await;
    drop(store);
    fs::rename(work.path(), &dir).map_err(|why| why.to_string())?;
    Ok(dir)
}
