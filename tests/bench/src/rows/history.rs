//! The cost of requests with a million messages in the room, compared with a thousand.
//!
//! Two natter processes take turns of a fraction of a second, so that both see the same state of the machine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use natter_test_support::TemporaryDirectory;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    histories::{self, USERS},
    http::{self, Http},
    natter::{Database, Natter},
    paths,
    process::Meter,
    report::{Finding, median},
    run::Run,
};

const FEW: u64 = 1000;
const MANY: u64 = 1_000_000;
/// Connections that send requests at the same time.
const CLIENTS: usize = 4;

/// Makes the `n`th request to a room.
type MakeRequest = fn(&Room, u64) -> Vec<u8>;

const REQUESTS: [(&str, MakeRequest); 6] = [
    ("page", |room, _| http::get(&room.page, &room.session)),
    ("newest", |room, n| room.before(room.count - n % 10)),
    ("middle", |room, n| room.before(room.count / 2 - n % 10)),
    ("oldest", |room, n| room.before(61 + n % 10)),
    ("catch-up", |room, n| {
        let after = room.count - 100 - n % 10;
        http::get(&format!("/api/messages?after={after}&limit=100"), &room.natter.bearer(0))
    }),
    // posts come last, because they make both histories longer
    ("post", |room, n| room.natter.post_request(n as usize)),
];

struct Room {
    natter: Natter,
    session: String,
    /// The path of its page.
    page: String,
    /// Messages in the room when it was opened.
    count: u64,
    _directory: TemporaryDirectory,
}

impl Room {
    async fn open(run: &Run, count: u64) -> Result<Self, String> {
        let directory = histories::copy(run, count).await?;
        let natter = Natter::start_on(run, &Database::Embedded(directory.path().to_owned()), USERS).await?;
        let (session, head) = (natter.session(0).await, natter.head().await);
        natter.mark_read(0, "lobby").await;
        let page = natter.page_path(&session).await;
        Ok(Self { natter, session, page, count: head, _directory: directory })
    }

    fn before(&self, seq: u64) -> Vec<u8> {
        http::get(&format!("{}/messages?before={seq}", self.page.trim_end_matches('/')), &self.session)
    }
}

/// The cost of a request in one turn.
struct Cost {
    /// Median time in milliseconds.
    ms: f64,
    /// Microseconds of natter's CPU time.
    cpu_us: f64,
}

pub async fn measure(run: &Run) -> Result<(), String> {
    let rooms = [Arc::new(Room::open(run, FEW).await?), Arc::new(Room::open(run, MANY).await?)];
    let (mut parts, mut figures, mut worst) = (Vec::new(), json!({}), 0.0_f64);
    for (what, make_request) in REQUESTS {
        let turns = compare(&rooms, what, make_request).await.map_err(|why| format!("{what}: {why}"))?;
        // the median of the ratios of adjacent turns: other load on the machine affects both
        let middle = |of: fn(&[Cost; 2]) -> f64| median(turns.iter().map(of).collect());
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
    run.report(Finding::new("history", "natter", text, figures).target("each within 1.2 ×", worst <= 1.2));
    Ok(())
}

async fn compare(rooms: &[Arc<Room>; 2], what: &str, make_request: MakeRequest) -> Result<Vec<[Cost; 2]>, String> {
    // shorter for posts, so that a thousand messages do not become many more
    let turn = Duration::from_millis(if what == "post" { 150 } else { 300 });
    for room in rooms {
        send_for(room, make_request, turn).await?; // warms up
    }
    let mut turns = Vec::new();
    for _ in 0..if paths::quick() { 5 } else { 13 } {
        turns.push([send_for(&rooms[0], make_request, turn).await?, send_for(&rooms[1], make_request, turn).await?]);
    }
    Ok(turns)
}

/// Sends requests for the time of one turn.
async fn send_for(room: &Arc<Room>, make_request: MakeRequest, turn: Duration) -> Result<Cost, String> {
    let mut clients = JoinSet::new();
    let (meter, until) = (Meter::start(room.natter.pid()), Instant::now() + turn);
    for client in 0..CLIENTS {
        let room = Arc::clone(room);
        clients.spawn(async move {
            let mut http = Http::open(room.natter.address).await.map_err(|why| why.to_string())?;
            let mut times = Vec::new();
            while Instant::now() < until {
                let request = make_request(&room, (times.len() * CLIENTS + client) as u64);
                let sent = Instant::now();
                let response = http.send(&request).await.map_err(|why| why.to_string())?;
                times.push(sent.elapsed().as_secs_f64() * 1000.0);
                if !matches!(response.status, 200 | 201) {
                    return Err(format!("{}: {}", response.status, response.body));
                }
            }
            Ok::<_, String>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = clients.join_next().await {
        times.extend(done.map_err(|why| why.to_string())??);
    }
    Ok(Cost { cpu_us: meter.read().server * 1e6 / times.len().max(1) as f64, ms: median(times) })
}
