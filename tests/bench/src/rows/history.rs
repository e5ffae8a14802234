//! What things cost with a million messages in the room, against a thousand.
//!
//! Two natters take turns, a moment each, so that both have the same machine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    filled::{self, PEOPLE},
    http::{self, Http},
    natter::{Database, Natter},
    place::{self, Dir},
    report::{Finding, median},
    run::Run,
};

const FEW: u64 = 1000;
const MANY: u64 = 1_000_000;
/// Connections that ask at the same time.
const CLIENTS: usize = 4;

/// What is asked, and where in a history of this many messages.
type Ask = fn(&Room, u64) -> Vec<u8>;

const ASKS: [(&str, Ask); 6] = [
    ("page", |room, _| http::get("/", &room.session)),
    ("newest", |room, n| room.before(room.count - n % 10)),
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
    async fn open(run: &Run, count: u64) -> Result<Self, String> {
        let dir = filled::copy(run, count).await?;
        let natter = Natter::start_on(run, &Database::Embedded(dir.path().to_owned()), PEOPLE).await?;
        let (session, head) = (natter.session(0).await, natter.head().await);
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

pub async fn measure(run: &Run) -> Result<(), String> {
    let rooms = [Arc::new(Room::open(run, FEW).await?), Arc::new(Room::open(run, MANY).await?)];
    let (mut parts, mut figures, mut worst) = (Vec::new(), json!({}), 0.0_f64);
    for (what, ask) in ASKS {
        let moments = compare(&rooms, what, ask).await.map_err(|why| format!("{what}: {why}"))?;
        // of moments side by side, not of the whole: then what else the machine does falls on both
        let middle = |of: fn(&[Cost; 2]) -> f64| median(moments.iter().map(of).collect());
        let cpu = middle(|[few, many]| many.cpu_us / few.cpu_us);
        let ms = middle(|[few, many]| many.ms / few.ms);
        worst = worst.max(cpu).max(ms);
        parts.push(format!("{what} {cpu:.2} ({ms:.2})"));
        figures[format!("{what}: growth")] = cpu.into();
        figures[format!("{what}: time growth")] = ms.into();
        figures[format!("{what}: cpu_us")] = middle(|[_, many]| many.cpu_us).into();
    }
    figures["worst"] = worst.into();
    let text = format!("CPU (and time) of each: {}", parts.join(", "));
    run.tell(Finding::new("history", "natter", text, figures).target("each within 1.2 ×", worst <= 1.2));
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
