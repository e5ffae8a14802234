//! Servers that fall silent without a word: stopped processes, which neither answer nor hang up.

use std::time::{Duration, Instant};

use mongodb::bson::doc;
use reqwest::{Client, Method, Response, header::RETRY_AFTER};
use tokio::time::sleep;

use crate::support::{Crowd, Line, Natter, PASSWORD, ReplicaSet, Socket, until};

/// How long the server stands still.
const STILL: Duration = Duration::from_secs(30);
/// Longest a request may take meanwhile: one operation of the database, and some for a busy machine.
const BOUND: Duration = Duration::from_secs(12);
/// Most that memory may grow by, in KiB, while everybody keeps trying.
const GROWTH: u64 = 16 * 1024;

/// Sends every kind of request once, each at its time, and says how long the slowest took.
async fn all_are_refused_in_time(natter: &Natter, token: &str, cookie: &str) -> Duration {
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let page = |path: &str| http.get(natter.url(path)).header("cookie", cookie).header("accept", "text/html");
    let login = [("userID", "user0"), ("password", PASSWORD)];
    let requests = [
        ("a post", natter.request(Method::POST, "/api/messages", token).json(&serde_json::json!({ "message": "hi" }))),
        ("the log", natter.request(Method::GET, "/api/messages", token)),
        (
            "a login",
            http.post(natter.url("/api/login")).json(&serde_json::json!({ "userID": "user0", "password": PASSWORD })),
        ),
        ("the login form", http.post(natter.url("/login")).header("accept", "text/html").form(&login)),
        ("the chat page", page("/")),
        ("the chat page by token", http.get(natter.url(&format!("/?jwt={token}")))),
        ("the account page", page("/account")),
        ("the admin page", page("/admin/users")),
        ("logging out", http.post(natter.url("/logout")).header("cookie", cookie)),
        (
            "the socket",
            natter
                .request(Method::GET, "/ws", token)
                .header("upgrade", "websocket")
                .header("connection", "upgrade")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ),
    ];
    let asked = requests.map(async |(what, request)| {
        let started = Instant::now();
        let response: Response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
        let took = started.elapsed();
        let (status, retry) = (response.status(), response.headers().contains_key(RETRY_AFTER));
        let text = response.text().await.unwrap();
        assert_eq!(status, 503, "{what} after {took:?}: {text}");
        assert!(retry && text.contains("in a moment"), "{what}: {text}");
        assert!(took < BOUND, "{what} took {took:?}");
        took
    });
    futures_util::future::join_all(asked).await.into_iter().max().unwrap()
}

async fn session(natter: &Natter) -> String {
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = [("userID", "user0"), ("password", PASSWORD)];
    let answer = http.post(natter.url("/login")).form(&form).send().await.unwrap();
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mongod_stands_still_for_half_a_minute() {
    let set = ReplicaSet::of_one().await;
    let (natter, other) = (Natter::start(&set.url("UsersData")), Natter::start(&set.url("UsersData")));
    let crowd = Crowd::start(&[&natter], 12, Duration::from_millis(50)).await;
    let (token, cookie) = (crowd.token().to_owned(), session(&natter).await);
    let mut quiet = Socket::open(other.address, &token, 0).await.unwrap();
    crowd.gets_through(200, Duration::from_secs(30)).await;
    assert_eq!((natter.status("/healthz").await, natter.status("/readyz").await), (200, 200));

    set.members[0].signal("STOP");
    let (stopped, memory) = (Instant::now(), natter.memory());
    let mut slowest = Duration::ZERO;
    while stopped.elapsed() < STILL - BOUND {
        slowest = slowest.max(all_are_refused_in_time(&natter, &token, &cookie).await);
        assert_eq!((natter.status("/healthz").await, natter.status("/readyz").await), (200, 503));
    }
    sleep(STILL.saturating_sub(stopped.elapsed())).await;
    let growth = natter.memory().saturating_sub(memory);
    println!("mongod stopped: requests refused within {slowest:?}; memory {memory} KiB and {growth} more");
    assert!(growth < GROWTH, "{growth} KiB on top of {memory}");

    set.members[0].signal("CONT");
    let ready = until("it is ready", Duration::from_secs(15), async || natter.status("/readyz").await == 200).await;
    let through = crowd.gets_through(1, Duration::from_secs(20)).await;
    println!("mongod went on: ready after {ready:?}, a post acknowledged {through:?} later");
    // a socket that stayed where it was, at a process that nobody asked anything
    assert_eq!(natter.post(&token, "are you there").await, 201);
    tokio::time::timeout(Duration::from_secs(15), quiet.sees("are you there")).await.expect("the other process tells");
    crowd.gets_through(200, Duration::from_secs(30)).await;
    let verdict = crowd.finish(&natter).await;
    assert!(verdict.is_clean(), "{}; {} clients never finished", verdict.line(), verdict.unfinished);
    assert_eq!(verdict.broken, 0, "sockets stay open");
}

/// As where a firewall forgot a connection: nothing tells a process that waits for news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_dead_leaves_nobody_deaf() {
    let set = ReplicaSet::of_one().await;
    let line = Line::to(set.members[0].port).await;
    let far = format!("mongodb://127.0.0.1:{}/UsersData?directConnection=true", line.port);
    let (near, far) = (Natter::start(&set.url("UsersData")), Natter::start(&far));
    let token = near.register("ada").await;
    let mut quiet = Socket::open(far.address, &token, 0).await.unwrap();
    assert_eq!(near.post(&token, "before").await, 201);
    quiet.sees("before").await;
    line.cut();
    assert_eq!(near.post(&token, "after").await, 201);
    let started = Instant::now();
    tokio::time::timeout(Duration::from_secs(20), quiet.sees("after")).await.expect("the news come all the same");
    println!("a dead line was noticed after {:?}", started.elapsed());
}

/// The oplog no longer has the place where a process was in the change stream: it reads the log instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_stands_still_until_the_oplog_has_rolled_over() {
    let set = ReplicaSet::start(1, &["--oplogSize", "1", "--syncdelay", "1"]).await;
    let (natter, still) = (Natter::start(&set.url("UsersData")), Natter::start(&set.url("UsersData")));
    let token = natter.register("ada").await;
    let mut socket = Socket::open(still.address, &token, 0).await.unwrap();
    assert_eq!(natter.post(&token, "before").await, 201);
    socket.sees("before").await;

    let oplog = set.members[0].direct().await.database("local").collection::<mongodb::bson::Document>("oplog.rs");
    let oldest = async || oplog.find_one(doc! {}).sort(doc! { "$natural": 1 }).await.unwrap().unwrap();
    let place = oplog.find_one(doc! {}).sort(doc! { "$natural": -1 }).await.unwrap().unwrap();
    let at = |entry: &mongodb::bson::Document| entry.get_timestamp("ts").unwrap();
    still.signal("STOP");
    let mut posted = 0;
    while at(&oldest().await) <= at(&place) {
        assert!(posted < 20_000, "the oplog does not roll over");
        let texts: Vec<String> = (posted..posted + 50).map(|n| format!("{n} {}", "x".repeat(3000))).collect();
        let posts = texts.iter().map(|text| natter.post(&token, text));
        assert!(futures_util::future::join_all(posts).await.iter().all(|status| *status == 201));
        posted += 50;
    }
    still.signal("CONT");
    assert_eq!(natter.post(&token, "behind").await, 201);
    let mut revs = Vec::new();
    let all = async {
        while revs.last() != Some(&(posted + 2)) {
            let frame = socket.next().await.expect("the socket stays open");
            revs.extend(crate::support::revs(&frame));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap_or_else(|_| panic!("up to {:?}", revs.last()));
    assert_eq!(revs, (2..=posted + 2).collect::<Vec<u64>>());
    let log = still.log();
    assert!(log.contains("change stream not resumable"), "{log}");
    println!("oplog rolled over after {posted} posts");
}
