//! Messages and queries that are refused.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Natter;

#[tokio::test]
async fn invalid_messages_are_refused_over_the_socket() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    for (message, client_id, field, why) in [
        ("", "1", "message", "Write something first."),
        (" \r\n\t ", "1", "message", "Write something first."),
        ("\0 \0", "1", "message", "Write something first."),
        ("\u{200B}\u{FEFF} \u{3164}\u{2800}", "1", "message", "Write something first."),
        (
            &"é".repeat(4001),
            "1",
            "message",
            "A message has at most 4000 characters; this one has 4001. Split it in two.",
        ),
        (
            "hello",
            "",
            "clientID",
            "Use 1 to 64 letters, digits, _ and -, a fresh one for each message (a UUID will do).",
        ),
    ] {
        let answer = ada.socket.sends(message, client_id).await;
        let error = json!({ "message": format!("{field}: {why}"), "fields": { field: why } });
        assert_eq!(answer, json!({ "room": "lobby", "clientID": client_id, "status": 422, "error": error }));
        let answer = ada.script.post("/api/messages", json!({ "message": message, "clientID": client_id })).await;
        answer.blames(422, field, why);
    }
    let line = "é".repeat(4000);
    ada.says(&line).await;
    ada.sees(&format!("Ada: {line}")).await;
}

#[tokio::test]
async fn an_invalid_frame_is_refused_and_the_socket_stays_open() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    for frame in ["hello", "[]", "{", "{\"message\": 5}", "{\"message\": [\"a\"], \"clientID\": \"1\"}"] {
        let answer = ada.socket.sends_frame(frame).await;
        assert_eq!(answer["status"], 400, "{frame}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with(
                "Send JSON like {\"room\": \"lobby\", \"message\": \"Hello\", \"clientID\": \"a fresh id\"}"
            ),
            "{message}"
        );
    }
    let answer = ada.socket.sends_frame("{\"message\": \"without headers\", \"clientID\": \"1\"}").await;
    assert_eq!(answer, json!({ "room": "lobby", "clientID": "1", "seq": 1, "rev": 1 }));
}

#[tokio::test]
async fn sending_too_fast_is_refused_with_the_time_to_wait() {
    let natter = Natter::with(&["--message-rate", "1"]).await;
    let (mut ada, bob) = (natter.sign_up("ada").await, natter.register("bob").await);
    for n in 1..=3 {
        ada.says(&format!("number {n}")).await;
    }
    let why = "You are sending too much too fast. Wait a moment, then try again.";
    let answer = ada.socket.sends("number 4", "4").await;
    let expected =
        json!({ "room": "lobby", "clientID": "4", "status": 429, "error": { "message": why }, "retryAfter": 1 });
    assert_eq!(answer, expected);
    let answer = ada.script.post("/api/messages", json!({ "message": "number 4" })).await.says(429, why);
    assert_eq!(answer.header("retry-after"), "1");
    bob.says("I have not said a thing yet").await;
    assert_eq!(bob.reads_after(0, 50).await.len(), 4);
}

/// Frames cost time, also those that nobody answers. What comes after too many waits, in its order.
#[tokio::test]
async fn a_socket_that_sends_too_many_frames_is_read_later() {
    let natter = Natter::with(&["--message-rate", "1"]).await;
    let (mut ada, mut bob) = (natter.sign_up("ada").await, natter.sign_up("bob").await);
    let started = Instant::now();
    for _ in 0..150 {
        ada.socket.sends_without_answer(r#"{"idle":false}"#).await;
    }
    bob.says("I wait for nobody").await;
    let others = started.elapsed();
    ada.says("at last").await;
    let own = started.elapsed();
    assert!(own >= Duration::from_millis(500) && others < own, "{own:?}, others {others:?}");
}

#[tokio::test]
async fn invalid_queries_of_the_log_are_refused() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    for limit in ["0", "501"] {
        ada.get(&format!("/api/messages?limit={limit}")).await.blames(422, "limit", "Use 1 to 500.");
    }
    for one in ["after", "around", "from"] {
        let answer = async |other: &str| ada.get(&format!("/api/messages?{one}=1&{other}")).await;
        answer("before=1").await.blames(422, one, "Use one of before, from, around and after.");
        answer("author=ada").await.blames(422, one, "Use it without author.");
    }
    ada.get("/api/messages?author=nobody").await.says(404, "There is no such user.");
    for query in ["after=x", "before=-1", "limit=many", "colour=red"] {
        ada.get(&format!("/api/messages?{query}")).await.is(400);
    }
    ada.post("/api/messages", json!({ "text": "hello" })).await.is(422);
    ada.post("/api/messages", json!({ "message": "x".repeat(70_000) })).await.is(413);
    let browser = natter.browser();
    browser.log_in("ada").await;
    browser.visit("/rooms/lobby/messages?before=1&after=1").await.is(422);
    natter
        .browser()
        .visit("/rooms/lobby/messages?after=0")
        .await
        .leads_to("/login?next=%2Frooms%2Flobby%2Fmessages%3Fafter%3D0");
}

#[tokio::test]
async fn a_message_far_over_the_limit_is_refused_over_the_socket() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let answer = ada.socket.sends(&"a line\n".repeat(8_000), "1").await;
    assert_eq!((&answer["clientID"], &answer["status"]), (&json!("1"), &json!(422)));
    ada.says("and the socket stays").await;
}
