//! Edits, deletions, reactions and replies over the API, and what open pages show of them.

use natter::domain::{Action, ClientId, Command, Post, Text};
use serde_json::{Value, json};

use crate::support::{Natter, Socket};

const STALE: &str = "The message was changed in the meantime. Edit the current text.";

#[tokio::test]
async fn an_edit_appears_on_open_pages_and_after_a_reload() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let mut tab = Socket::open_in(&browser, "").await;
    let mut bob = natter.sign_up("bob").await;
    let posted = ada.says("helo").await;
    assert_eq!((&posted["textRev"], posted.get("editedTime")), (&json!(1), None));
    bob.sees("Ada: helo").await;

    let edited = ada.edits(1, 1, "hello").await.is(200).json;
    assert_eq!((&edited["seq"], &edited["rev"], &edited["textRev"]), (&json!(1), &json!(2), &json!(2)));
    assert!(edited["message"] == "hello" && edited["editedTime"].is_string(), "{edited}");
    let fragment = bob.sees("Ada: hello").await;
    assert_eq!((fragment.seq, fragment.rev, fragment.sent_by_user), (1, 2, false));
    assert_eq!(tab.sees("Ada: hello").await, fragment, "everybody gets the same fragment");
    assert_eq!(browser.visit("/rooms/lobby").await.is(200).messages(), ["You: hello"]);
    assert_eq!(ada.message(1).await, edited);

    // the same text again, as after a lost answer
    assert_eq!(ada.edits(1, 1, "hello").await.is(200).json, edited);
    let stale = ada.edits(1, 1, "another text").await.is(409);
    assert_eq!(stale.json, json!({ "message": STALE, "current": edited }));
    bob.script.edits(1, 2, "not mine").await.says(403, "You may not change this.");
    ada.edits(9, 1, "nothing there").await.says(404, "There is no such message.");
    ada.edits(1, 2, " ").await.blames(422, "message", "Write something first.");
    bob.says("the end").await;
    let end = tab.sees("Bob: the end").await;
    assert_eq!(end.rev, 3, "a refused command takes no number");
}

#[tokio::test]
async fn a_deletion_appears_on_open_pages_and_leaves_no_text() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let (mut bob, cyd) = (natter.sign_up("bob").await, natter.register("cyd").await);
    for (who, text) in [(&bob.script, "by Bob"), (&cyd, "by Cyd"), (&bob.script, "by Bob again")] {
        who.says(text).await;
    }
    cyd.deletes(1).await.says(403, "You may not change this.");
    cyd.deletes(2).await.is(204);
    ada.deletes(1).await.is(204); // an admin
    for (seq, rev) in [(2, 4), (1, 5)] {
        let fragment = bob.socket.sees_rev(rev).await;
        assert_eq!((fragment.seq, fragment.hidden, fragment.text.as_str()), (seq, true, ""));
    }
    ada.deletes(1).await.is(204);
    ada.deletes(9).await.says(404, "There is no such message.");
    bob.script.edits(1, 1, "back again").await.says(410, "This message is deleted.");
    let deleted = ada.message(1).await;
    assert!(deleted["message"].is_null() && deleted["rev"] == 5 && deleted["textRev"] == 5, "{deleted}");
    assert_eq!(browser.visit("/rooms/lobby").await.is(200).messages(), ["Bob: by Bob again"]);
    assert_eq!(ada.reads_after(3, 50).await.len(), 2, "the repeat took no number");
}

#[tokio::test]
async fn reactions_are_counted_for_each_emoji() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    ada.says("hello").await;
    let reaction = |emoji: &str, count: u64, mine: bool| json!({ "emoji": emoji, "count": count, "mine": mine });
    let first = bob.reacts(1, "👍").await.is(200).json;
    assert_eq!((&first["rev"], &first["textRev"]), (&json!(2), &json!(1)));
    assert_eq!(bob.reacts(1, "👍").await.is(200).json, first, "a repeat changes nothing");
    ada.reacts(1, "❤️").await.is(200);
    ada.reacts(1, "👍").await.is(200);
    let all = json!([reaction("👍", 2, true), reaction("❤️", 1, false)]);
    assert_eq!(bob.message(1).await["reactions"], all);
    bob.takes_back(1, "👍").await.is(200);
    let left = bob.takes_back(1, "👍").await.is(200).json;
    assert_eq!((&left["rev"], &left["reactions"][0]), (&json!(5), &reaction("👍", 1, false)));
    bob.reacts(1, "x").await.blames(422, "emoji", "Use one emoji.");
    bob.reacts(9, "👍").await.says(404, "There is no such message.");

    // a reaction does not make an edit stale
    ada.edits(1, 1, "hello again").await.is(200);
    ada.deletes(1).await.is(204);
    assert_eq!(ada.message(1).await["reactions"], json!([]));
    bob.reacts(1, "👍").await.says(410, "This message is deleted.");
}

#[tokio::test]
async fn a_reply_counts_at_the_root_of_its_thread() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    ada.says("root").await;
    let reply = ada.replies(1, "reply").await;
    assert_eq!((&reply["replyTo"], &reply["root"], &reply["rev"]), (&json!(1), &json!(1), &json!(2)));
    let nested = ada.replies(2, "reply to the reply").await;
    assert_eq!((&nested["replyTo"], &nested["root"]), (&json!(2), &json!(1)));
    assert_eq!(ada.message(1).await["replies"], 2);
    ada.deletes(2).await.is(204);
    assert_eq!(ada.message(1).await["replies"], 1);
    let refused = ada.post("/api/messages", json!({ "message": "too late", "replyTo": 2 })).await;
    refused.says(410, "This message is deleted.");
    let refused = ada.post("/api/messages", json!({ "message": "to nothing", "replyTo": 9 })).await;
    refused.says(404, "There is no such message.");

    // a page of changes never ends between the messages of one change
    let by_one = ada.reads_after(0, 1).await;
    let numbers: Vec<_> = by_one.iter().map(|message| (message["rev"].as_u64(), message["seq"].as_u64())).collect();
    let numbers: Vec<_> = numbers.into_iter().map(|(rev, seq)| (rev.unwrap(), seq.unwrap())).collect();
    assert_eq!(numbers, [(3, 3), (4, 1), (4, 2)]);
}

/// A gap is read in the latest states: the edit of the root has the number of the reply.
#[tokio::test]
async fn a_change_of_two_messages_by_another_process_shows_both() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    ada.says("root").await;
    ada.sees("Ada: root").await;
    let text = |text: &str| Text::parse(text).unwrap();
    let edit = Action::Edit { seq: 1, text_rev: 1, text: text("edited root") };
    let reply =
        Action::Post(Post { client: ClientId::generate(), text: text("reply"), reply_to: Some(1), files: Vec::new() });
    natter.change_elsewhere("ada", vec![Command::new(edit), Command::new(reply)]).await;
    ada.sees("Ada: reply").await;
    let last = ada.socket.fragments.iter().rfind(|fragment| fragment.seq == 1).unwrap();
    assert_eq!(last.text, "Ada: edited root");
}

#[tokio::test]
async fn a_live_reply_comes_with_the_new_state_of_its_root() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    ada.says("root").await;
    ada.sees("Ada: root").await;
    ada.script.replies(1, "reply").await;
    ada.sees("Ada: reply").await;
    let last_two: Vec<_> = ada.socket.fragments.iter().rev().take(2).map(|one| (one.seq, one.rev)).collect();
    assert_eq!(last_two, [(2, 2), (1, 2)], "as every reader of the log gets them");
}

#[tokio::test]
async fn a_repeated_post_returns_the_message_as_it_is_now() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let send = json!({ "message": "first", "clientID": "17" });
    ada.post("/api/messages", send.clone()).await.is(201);
    let edited = ada.edits(1, 1, "second").await.is(200).json;
    assert_eq!(ada.post("/api/messages", send).await.is(200).json, edited);
    let other = json!({ "message": "second", "clientID": "17", "replyTo": 1 });
    let why = "This clientID was used for another message. Use a fresh one for each.";
    ada.post("/api/messages", other).await.blames(409, "clientID", why);
}

#[tokio::test]
async fn a_returning_page_receives_the_latest_state_of_each_message() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let bob = natter.register("bob").await;
    for text in ["one", "two", "three"] {
        bob.says(text).await;
    }
    bob.edits(1, 1, "one!").await.is(200);
    bob.edits(1, 4, "one!!").await.is(200);
    bob.deletes(2).await.is(204);
    bob.reacts(3, "👍").await.is(200);
    bob.replies(1, "four").await;
    let expected = [(2, 6, ""), (3, 7, "Bob: three"), (1, 8, "Bob: one!!"), (4, 8, "Bob: four")];
    let page = browser.visit("/rooms/lobby/messages?after=3").await.is(200).fragments();
    let seen: Vec<_> = page.iter().map(|one| (one.seq, one.rev, one.text.as_str())).collect();
    assert_eq!(seen, expected);
    let by_api = ada.reads_after(3, 2).await;
    let numbers = |message: &Value| (message["seq"].as_u64().unwrap(), message["rev"].as_u64().unwrap());
    assert_eq!(by_api.iter().map(numbers).collect::<Vec<_>>(), expected.map(|(seq, rev, _)| (seq, rev)));

    // a socket reads the changes one by one from the ring; the last of each message is its state
    let mut socket = Socket::open_in(&browser, "?after=3").await;
    socket.sees("Bob: four").await;
    for (seq, _, text) in expected {
        let last = socket.fragments.iter().rfind(|fragment| fragment.seq == seq).expect("it was changed");
        assert_eq!(last.text, text);
    }
    assert!(!socket.fragments.iter().any(|fragment| ["Bob: one!", "Bob: two"].contains(&fragment.text.as_str())));
}

#[tokio::test]
async fn changes_count_against_the_limit_of_messages() {
    let natter = Natter::with(&["--message-rate", "1"]).await;
    let ada = natter.register("ada").await;
    ada.says("hello").await;
    ada.reacts(1, "👍").await.is(200);
    ada.edits(1, 1, "hello!").await.is(200);
    for refused in [ada.takes_back(1, "👍").await, ada.edits(1, 3, "hello?").await] {
        assert!(refused.headers.contains_key("retry-after"));
        refused.says(429, "You are sending too much too fast. Wait a moment, then try again.");
    }
}
