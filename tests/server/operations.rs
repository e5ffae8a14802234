//! Health checks and metrics.

use tempfile::tempdir;

use crate::support::{Answer, Natter, Process, Socket, new_user, password_of};

#[tokio::test]
async fn health_checks_report_alive_and_ready() {
    let natter = Natter::start().await;
    assert_eq!(natter.script().get("/healthz").await.is(200).text, "ok\n");
    assert_eq!(natter.script().get("/readyz").await.is(200).text, "ready\n");
}

#[tokio::test]
async fn metrics_count_sockets_messages_and_logins() {
    // in a process of its own, whose metrics no other test changes
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    let script = natter.script();
    script.post("/api/users", new_user("ada")).await.is(201);
    let ada = script.log_in("ada", &password_of("ada")).await;
    let mut socket = Socket::open(&ada, "").await;
    for _ in 0..2 {
        socket.sends("once", "1").await;
    }
    socket.sees("Ada: once").await;
    script.try_log_in("ada", "not her secret").await.is(401);
    let metrics = script.get("/metrics").await.is(200);
    for line in [
        "# TYPE natter_sockets gauge",
        "natter_sockets 1",
        "natter_messages_total{result=\"new\"} 1",
        "natter_messages_total{result=\"repeat\"} 1",
        "natter_changes_total 1",
        "natter_logins_total{result=\"ok\"} 1",
        "natter_logins_total{result=\"wrong\"} 1",
        "natter_lag_seconds_count 1",
    ] {
        assert!(metrics.text.lines().any(|found| found == line), "{line} in {}", metrics.text);
    }
    for part in
        ["natter_commit_seconds_bucket{le=\"0.001\"} ", "natter_commit_writes_count ", "natter_request_seconds_count "]
    {
        assert!(metrics.text.contains(part), "{part} in {}", metrics.text);
    }
    assert!(!metrics.text.contains("ada"), "no user is named");
}

async fn metrics_through_a_proxy(natter: &Natter) -> u16 {
    let request = natter.script().request(reqwest::Method::GET, "/metrics");
    Answer::of(request.header("x-forwarded-for", "127.0.0.1").send().await.unwrap()).await.status
}

#[tokio::test]
async fn metrics_require_a_local_client_or_the_token() {
    let natter = Natter::start().await;
    assert_eq!(metrics_through_a_proxy(&natter).await, 404);

    let natter = Natter::with(&["--metrics-token", "open sesame"]).await;
    natter.script().get("/metrics").await.says(404, "There is no such page.");
    natter.script().with_token("open barley").get("/metrics").await.is(404);
    natter.script().with_token("open sesame").get("/metrics").await.is(200);
}

#[tokio::test]
async fn every_response_has_a_request_id_and_unknown_paths_are_refused() {
    let natter = Natter::start().await;
    let request = natter.script().request(reqwest::Method::GET, "/healthz");
    let answer = Answer::of(request.header("x-request-id", "of-the-proxy").send().await.unwrap()).await;
    assert_eq!(answer.header("x-request-id"), "of-the-proxy");
    natter.script().get("/nowhere").await.says(404, "There is no such page.");
    natter.script().delete("/login").await.says(405, "This address does not take that method.");
    let page = natter.browser().visit("/nowhere").await.is(404);
    assert_eq!(page.text("h1"), "Not found");
}
