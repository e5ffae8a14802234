//! Sending and receiving messages.

use serde_json::json;

use crate::support::{Natter, Socket};

#[tokio::test]
async fn authors_and_others_receive_the_same_fragment() {
    let natter = Natter::start().await;
    let ada_browser = natter.browse_as("ada").await;
    let mut tabs = [Socket::open_in(&ada_browser, "").await, Socket::open_in(&ada_browser, "").await];
    let ada = natter.script().with_token(ada_browser.token.as_deref().unwrap());
    let mut script = Socket::open(&ada, "").await;
    let mut bob = natter.sign_up("bob").await;

    let answer = tabs[0].sends("hello", "first").await;
    assert_eq!(answer, json!({ "room": "lobby", "clientID": "first", "seq": 1, "rev": 1 }));
    for own in tabs.iter_mut().chain([&mut script]) {
        let fragment = own.sees("Ada: hello").await;
        assert_eq!((fragment.seq, fragment.rev, fragment.sent_by_user), (1, 1, false));
    }
    let fragment = bob.sees("Ada: hello").await;
    assert_eq!((fragment.seq, fragment.rev, fragment.sent_by_user), (1, 1, false));
    bob.says("hi Ada").await;
    tabs[1].sees("Bob: hi Ada").await;
    bob.sees("Bob: hi Ada").await;
}

#[tokio::test]
async fn forms_sockets_and_the_api_post_to_the_same_log() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let mut bob = natter.sign_up("bob").await;
    ada.submit("/rooms/lobby/messages", &[("message", "by form"), ("clientID", "1")]).await.leads_to("/rooms/lobby");
    Socket::open_in(&ada, "").await.says("by socket").await;
    let script = natter.script().with_token(ada.token.as_deref().unwrap());
    let posted = script.says("by API").await;
    let expected = json!({
        "room": "lobby", "seq": 3, "rev": 3, "textRev": 3, "userID": "ada", "name": "Ada", "message": "by API",
        "html": posted["html"], "sentTime": posted["sentTime"], "reactions": [], "mentions": [], "pinned": false,
        "files": [],
    });
    assert_eq!(posted, expected);
    bob.sees("Ada: by API").await;
    let texts: Vec<_> = bob.socket.fragments.iter().map(|fragment| fragment.text.as_str()).collect();
    assert_eq!(texts, ["Ada: by form", "Ada: by socket", "Ada: by API"]);
    assert_eq!(script.reads_after(2, 50).await, [posted]);
}

#[tokio::test]
async fn a_repeat_returns_the_stored_message() {
    let natter = Natter::start().await;
    let (mut ada, mut bob) = (natter.sign_up("ada").await, natter.sign_up("bob").await);
    let send = json!({ "message": "once", "clientID": "17" });
    let first = ada.script.post("/api/messages", send.clone()).await.is(201).json;
    let repeat = ada.script.post("/api/messages", send.clone()).await.is(200).json;
    assert_eq!(repeat, first);
    let acknowledged = json!({ "room": "lobby", "clientID": "17", "seq": first["seq"], "rev": first["rev"] });
    assert_eq!(ada.socket.sends("once", "17").await, acknowledged, "over the socket too");

    let why = "This clientID was used for another message. Use a fresh one for each.";
    let other = ada.script.post("/api/messages", json!({ "message": "twice", "clientID": "17" })).await;
    other.blames(409, "clientID", why);
    let other = ada.socket.sends("twice", "17").await;
    assert_eq!((&other["status"], &other["error"]["message"]), (&json!(409), &json!(why)));

    bob.script.post("/api/messages", send).await.is(201); // client ids are unique for each author
    bob.says("the end").await;
    ada.sees("Bob: the end").await;
    let texts: Vec<_> = ada.socket.fragments.iter().map(|fragment| fragment.text.as_str()).collect();
    assert_eq!(texts, ["Ada: once", "Bob: once", "Bob: the end"]);
}

#[tokio::test]
async fn concurrent_repeats_post_one_message() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    let send = json!({ "message": "once", "clientID": "17" });
    let sends = (0..20).map(|_| ada.post("/api/messages", send.clone()));
    let answers = futures_util::future::join_all(sends.collect::<Vec<_>>()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.json == answers[0].json));
    assert_eq!(ada.reads_after(0, 50).await.len(), 1);
}

#[tokio::test]
async fn html_in_a_message_is_shown_as_text() {
    let natter = Natter::start().await;
    let (mut ada, mut bob) = (natter.sign_up("ada").await, natter.sign_up("bob").await);
    bob.script.patch("/api/users/bob", json!({ "name": "<i>Bob</i>" })).await.is(200);
    let text = "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; \"quoted\" 'too'";
    bob.says(text).await;
    ada.sees(&format!("<i>Bob</i>: {text}")).await;
    bob.sees(&format!("<i>Bob</i>: {text}")).await;
    let page = natter.browser().visit(&format!("/?jwt={}", ada.script.token())).await.is(200);
    assert_eq!(page.messages(), [format!("<i>Bob</i>: {text}")]);
    assert!(page.texts("#messages script, #messages img, #messages i").is_empty(), "{}", page.html);
    assert_eq!(ada.script.reads_after(0, 50).await[0]["message"], text, "JSON contains the text as it was typed");
}

#[tokio::test]
async fn all_sockets_receive_the_same_order() {
    let natter = Natter::unlimited().await;
    let (mut ada, mut bob, mut cyd) =
        (natter.sign_up("ada").await, natter.sign_up("bob").await, natter.sign_up("cyd").await);
    let sends = (0..100).map(|n| if n % 2 == 0 { (&ada.script, n) } else { (&bob.script, n) });
    let sends: Vec<_> = sends.map(|(who, n)| async move { who.says(&format!("number {n}")).await }).collect();
    futures_util::future::join_all(sends).await;
    for person in [&mut ada, &mut bob, &mut cyd] {
        person.socket.sees_rev(100).await;
        let revs: Vec<_> = person.socket.fragments.iter().map(|fragment| fragment.rev).collect();
        assert_eq!(revs, (1..=100).collect::<Vec<_>>());
    }
    let log = cyd.script.reads_after(0, 500).await;
    for (fragment, message) in cyd.socket.fragments.iter().zip(&log) {
        let name = message["name"].as_str().unwrap();
        assert_eq!(fragment.text, format!("{name}: {}", message["message"].as_str().unwrap()));
    }
}

/// Without this, the page would take the connection for dead and open another one.
#[tokio::test]
async fn a_page_is_notified_while_the_database_is_busy() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let mut ada = Socket::open_in(&browser, "").await;
    let lock = rusqlite::Connection::open(natter.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(ada.sends("hello", "1").await, json!({ "room": "lobby", "pending": "1" }));
    lock.execute_batch("COMMIT").unwrap();
    let answer = ada.answer().await;
    assert!(answer["clientID"] == "1" && answer["seq"].is_u64(), "{answer}");
}
