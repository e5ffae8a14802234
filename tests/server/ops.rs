//! What operators ask.

use crate::support::{Answer, Natter};

#[tokio::test]
async fn it_says_that_it_is_alive_and_ready() {
    let natter = Natter::start().await;
    assert_eq!(natter.script().get("/healthz").await.is(200).text, "ok\n");
    assert_eq!(natter.script().get("/readyz").await.is(200).text, "ready\n");
}

#[tokio::test]
async fn metrics_tell_how_it_is_going() {
    let natter = Natter::start().await;
    let (mut ada, _bob) = (natter.sign_up("ada").await, natter.register("bob").await);
    ada.socket.sends("once", "1").await;
    ada.socket.sends("once", "1").await;
    natter.script().try_log_in("ada", "not her secret").await.is(401);
    let metrics = natter.script().get("/metrics").await.is(200);
    for line in [
        "# TYPE natter_sockets gauge",
        "natter_messages_total{result=\"new\"} ",
        "natter_messages_total{result=\"repeat\"} ",
        "natter_logins_total{result=\"ok\"} ",
        "natter_logins_total{result=\"wrong\"} ",
        "natter_commit_seconds_bucket{le=\"0.001\"} ",
        "natter_commit_writes_count ",
        "natter_lag_seconds_count ",
        "natter_request_seconds_count ",
    ] {
        assert!(metrics.text.contains(line), "{line} in {}", metrics.text);
    }
    assert!(!metrics.text.contains("ada"), "and nothing of anybody");
}

async fn metrics_through_a_proxy(natter: &Natter) -> u16 {
    let request = natter.script().request(reqwest::Method::GET, "/metrics");
    Answer::of(request.header("x-forwarded-for", "127.0.0.1").send().await.unwrap()).await.status
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_who_has_the_token() {
    let natter = Natter::start().await;
    assert_eq!(metrics_through_a_proxy(&natter).await, 404);

    let natter = Natter::with(&["--metrics-token", "open sesame"]).await;
    natter.script().get("/metrics").await.says(404, "There is no such page.");
    natter.script().with_token("open barley").get("/metrics").await.is(404);
    natter.script().with_token("open sesame").get("/metrics").await.is(200);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_unknown_addresses_are_told() {
    let natter = Natter::start().await;
    let request = natter.script().request(reqwest::Method::GET, "/healthz");
    let answer = Answer::of(request.header("x-request-id", "of-the-proxy").send().await.unwrap()).await;
    assert_eq!(answer.header("x-request-id"), "of-the-proxy");
    natter.script().get("/nowhere").await.says(404, "There is no such page.");
    natter.script().delete("/login").await.says(405, "This address does not take that method.");
    let page = natter.browser().visit("/nowhere").await.is(404);
    assert_eq!(page.text("h1"), "Not Found");
}
