//! Servers that stop responding: a stopped process (SIGSTOP) neither answers nor closes a connection.

use std::time::{Duration, Instant};

use mongodb::bson::doc;
use natter_test_support::{ReplicaSet, until};
use reqwest::{Client, Method, Response, header::RETRY_AFTER};
use tokio::time::sleep;

use crate::support::{Clients, Natter, PASSWORD, Socket, TcpProxy};

/// How long the server is stopped.
const STOPPED: Duration = Duration::from_secs(30);
/// Longest a request may take meanwhile: the limit of one database operation, and some time for a busy machine.
const REQUEST_LIMIT: Duration = Duration::from_secs(12);
/// Most that memory may grow by, in KiB, while all clients retry.
const GROWTH: u64 = 16 * 1024;

/// Sends every kind of request at once, checks that each is refused in time, and returns how long the slowest took.
async fn send_requests_to_be_refused(natter: &Natter, token: &str, cookie: &str) -> Duration {
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
    let responses = requests.map(async |(what, request)| {
        let started = Instant::now();
        let response: Response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
        let took = started.elapsed();
        let (status, retry) = (response.status(), response.headers().contains_key(RETRY_AFTER));
        let text = response.text().await.unwrap();
        assert_eq!(status, 503, "{what} after {took:?}: {text}");
        assert!(retry && text.contains("in a moment"), "{what}: {text}");
        assert!(took < REQUEST_LIMIT, "{what} took {took:?}");
        took
    });
    futures_util::future::join_all(responses).await.into_iter().max().unwrap()
}

/// Logs in by the form; returns the session cookie.
async fn session_cookie(natter: &Natter) -> String {
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = [("userID", "user0"), ("password", PASSWORD)];
    let response = http.post(natter.url("/login")).form(&form).send().await.unwrap();
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_refused_in_time_while_mongod_is_stopped() {
    let set = ReplicaSet::of_one().await;
    let (natter, other) = (Natter::start(&set.url("UsersData")), Natter::start(&set.url("UsersData")));
    let clients = Clients::start(&[&natter], 12, Duration::from_millis(50)).await;
    let (token, cookie) = (clients.token().to_owned(), session_cookie(&natter).await);
    let mut idle = Socket::open(other.address, &token, 0).await.unwrap();
    clients.wait_for_acknowledgements(200, Duration::from_secs(30)).await;
    assert_eq!((natter.status("/healthz").await, natter.status("/readyz").await), (200, 200));

    set.members[0].signal("STOP");
    let (stopped, memory) = (Instant::now(), natter.memory());
    let mut slowest = Duration::ZERO;
    while stopped.elapsed() < STOPPED - REQUEST_LIMIT {
        slowest = slowest.max(send_requests_to_be_refused(&natter, &token, &cookie).await);
        assert_eq!((natter.status("/healthz").await, natter.status("/readyz").await), (200, 503));
    }
    sleep(STOPPED.saturating_sub(stopped.elapsed())).await;
    let growth = natter.memory().saturating_sub(memory);
    println!("mongod stopped: requests refused within {slowest:?}; memory {memory} KiB and {growth} more");
    assert!(growth < GROWTH, "{growth} KiB on top of {memory}");

    set.members[0].signal("CONT");
    let ready = until("natter is ready", Duration::from_secs(15), async || natter.status("/readyz").await == 200).await;
    let acknowledged = clients.wait_for_acknowledgements(1, Duration::from_secs(20)).await;
    println!("mongod continued: ready after {ready:?}, a post acknowledged {acknowledged:?} later");
    // a socket that stayed open at a process without any other client
    assert_eq!(natter.post(&token, "are you there").await, 201);
    tokio::time::timeout(Duration::from_secs(15), idle.sees("are you there"))
        .await
        .expect("the other process sends it");
    clients.wait_for_acknowledgements(200, Duration::from_secs(30)).await;
    let verdict = clients.finish(&natter).await;
    assert!(
        verdict.is_clean(),
        "{}; {} clients did not stop; {:#?}",
        verdict.summary(),
        verdict.unfinished,
        verdict.examples
    );
    assert_eq!(verdict.disconnects, 0, "sockets stay open");
}

/// As if a firewall had dropped a connection: a process that waits for changes receives neither data nor an error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_change_stream_is_replaced() {
    let set = ReplicaSet::of_one().await;
    let proxy = TcpProxy::start(set.members[0].port).await;
    let proxied = format!("mongodb://127.0.0.1:{}/UsersData?directConnection=true", proxy.port);
    let (direct, proxied) = (Natter::start(&set.url("UsersData")), Natter::start(&proxied));
    let token = direct.register("ada").await;
    let mut socket = Socket::open(proxied.address, &token, 0).await.unwrap();
    assert_eq!(direct.post(&token, "before").await, 201);
    socket.sees("before").await;
    proxy.silence_change_streams();
    assert_eq!(direct.post(&token, "after").await, 201);
    let started = Instant::now();
    tokio::time::timeout(Duration::from_secs(20), socket.sees("after"))
        .await
        .expect("the message arrives all the same");
    println!("the dead change stream was replaced after {:?}", started.elapsed());
}

/// The oplog no longer has the position of a process in the change stream: the process reads the log instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_reads_the_log_if_the_oplog_has_rolled_over() {
    let set = ReplicaSet::start(1, &["--oplogSize", "1", "--syncdelay", "1"]).await;
    let (natter, stopped) = (Natter::start(&set.url("UsersData")), Natter::start(&set.url("UsersData")));
    let token = natter.register("ada").await;
    let mut socket = Socket::open(stopped.address, &token, 0).await.unwrap();
    assert_eq!(natter.post(&token, "before").await, 201);
    socket.sees("before").await;

    let oplog = set.members[0].connect().await.database("local").collection::<mongodb::bson::Document>("oplog.rs");
    let oldest = async || oplog.find_one(doc! {}).sort(doc! { "$natural": 1 }).await.unwrap().unwrap();
    let position = oplog.find_one(doc! {}).sort(doc! { "$natural": -1 }).await.unwrap().unwrap();
    let at = |entry: &mongodb::bson::Document| entry.get_timestamp("ts").unwrap();
    stopped.signal("STOP");
    let mut posted = 0;
    while at(&oldest().await) <= at(&position) {
        assert!(posted < 20_000, "the oplog does not roll over");
        let texts: Vec<String> = (posted..posted + 50).map(|n| format!("{n} {}", "x".repeat(3000))).collect();
        let posts = texts.iter().map(|text| natter.post(&token, text));
        assert!(futures_util::future::join_all(posts).await.iter().all(|status| *status == 201));
        posted += 50;
    }
    stopped.signal("CONT");
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
    let log = stopped.log();
    assert!(log.contains("change stream not resumable"), "{log}");
    println!("oplog rolled over after {posted} posts");
}
