//! Commands that are typed into the message box of a page: by its form, and over its socket.

use serde_json::json;

use super::User;
use crate::support::{Natter, Page, Socket};

/// The names in the refusal of a command.
const COMMANDS: [&str; 7] =
    ["/me text", "/shrug text", "/topic text", "/invite @ada", "/leave", "/msg @ada text", "needs two: //"];

async fn types_in(user: &User, room: &str, text: &str) -> Page {
    let client_id = uuid::Uuid::new_v4().to_string();
    let form = [("message", text), ("clientID", client_id.as_str())];
    user.browser.submit(&format!("/rooms/{room}/messages"), &form).await
}

#[tokio::test]
async fn some_commands_are_messages() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let mut socket = Socket::open_in(&ada.browser, "").await;
    for (typed, stored) in [
        ("/me waves", "/me waves"),
        ("//me waves", "\\/me waves"),
        ("/shrug who knows", "who knows ¯\\\\\\_(ツ)\\_/¯"),
        ("//leave", "/leave"),
    ] {
        ada.types(typed).await.leads_to("/rooms/lobby");
        socket.says(typed).await;
        let list = ada.script.get("/api/messages?limit=2").await.is(200).json;
        assert_eq!(list["messages"][0]["message"], stored, "{typed}");
        assert_eq!(list["messages"][1]["message"], stored, "{typed}");
    }
}

#[tokio::test]
async fn an_unknown_command_is_refused_and_stays_in_the_box() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    let mut socket = Socket::open_in(&ada.browser, "").await;
    for (typed, beginning) in [
        ("/dance now", "There is no command /dance. Type / to see them,"),
        ("/invite", "/invite cannot be used like this."),
        ("/leave now", "/leave cannot be used like this."),
    ] {
        let page = ada.types(typed).await.is(422);
        let why = page.text("#refused");
        assert!(
            why.starts_with(beginning) && (typed == "/dance now" || COMMANDS.iter().all(|name| why.contains(name))),
            "{why}"
        );
        assert_eq!(page.text("textarea#message"), typed);
        let refused = socket.sends(typed, "1").await;
        assert_eq!((&refused["status"], &refused["error"]["fields"]["message"]), (&json!(422), &json!(why)));
    }
    assert_eq!(ada.seqs("/api/messages").await, [0; 0]);
}

#[tokio::test]
async fn the_topic_is_set_by_who_may_set_it() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    ada.types("/topic all about bees").await.leads_to("/rooms/lobby");
    let page = ada.browser.visit("/rooms/lobby").await.is(200);
    assert_eq!(page.text("#room-topic"), "all about bees", "the effect is visible");
    let mut socket = Socket::open_in(&ada.browser, "").await;
    let done = json!({ "room": "lobby", "clientID": "1", "done": true });
    assert_eq!(socket.sends("/topic of honey", "1").await, done);
    assert_eq!(socket.sends("/topic of honey", "1").await, done, "a repeat");
    assert_eq!(ada.script.notices_of("lobby").await, ["topic", "topic"]);
    let page = bob.types("/topic mine").await.is(403);
    assert_eq!(
        (page.text("#refused"), page.text("textarea#message")),
        ("You may not change this.".into(), "/topic mine".into())
    );
    let page = ada.types(&format!("/topic {}", "x".repeat(251))).await.is(422);
    assert_eq!(page.text("#refused"), "Use at most 250 characters.");
    assert_eq!(ada.script.room("lobby").await["topic"], "of honey");
}

#[tokio::test]
async fn several_people_are_invited_at_once() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    natter.register("cyd").await;
    let garden = ada.script.creates("closed", "Garden", &[]).await;
    let refused = types_in(&ada, &garden, "/invite @bob @nobody").await.is(422);
    assert_eq!(refused.text("#refused"), "There is no user nobody.");
    types_in(&ada, &garden, "/invite @bob, @cyd").await.leads_to(&format!("/rooms/{garden}"));
    types_in(&ada, &garden, "/invite bob").await.leads_to(&format!("/rooms/{garden}"));
    assert_eq!(ada.script.notices_of(&garden).await, ["added", "added"]);
    types_in(&bob, &garden, "/invite @ada").await.leads_to(&format!("/rooms/{garden}"));
    natter.register("dan").await;
    types_in(&bob, &garden, "/invite @dan").await.is(403);
}

#[tokio::test]
async fn who_leaves_goes_to_the_list_of_rooms() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    let garden = ada.script.creates("closed", "Garden", &["bob"]).await;
    let mut socket = Socket::open_sidebar(&bob.browser).await;
    let frame = json!({ "room": garden, "message": "/leave", "clientID": "1" });
    let done = json!({ "room": garden, "clientID": "1", "done": true, "go": "/rooms" });
    assert_eq!(socket.sends_frame(&frame.to_string()).await, done);
    bob.script.get(&format!("/api/rooms/{garden}")).await.is(404);
    let page = ada.browser.visit(&format!("/rooms/{garden}")).await.is(200);
    let (read, version) =
        (page.attribute("#send [name=read]", "value"), page.attribute("#send [name=version]", "value"));
    let form = [("message", "/leave"), ("clientID", "1"), ("read", &read), ("version", &version)];
    ada.browser.submit(&format!("/rooms/{garden}/messages"), &form).await.leads_to("/rooms");
    let why = "Everybody is a member of this room: nobody can leave it, and it cannot be closed or archived.";
    assert_eq!(ada.types("/leave").await.is(409).text("#refused"), why);
}

#[tokio::test]
async fn a_message_to_one_person_goes_to_their_direct_room() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (User::sign_up(&natter, "ada").await, User::sign_up(&natter, "bob").await);
    let to = ada.types("/msg @bob two\r\nlines").await.is(303).location().to_owned();
    let room = to.strip_prefix("/rooms/").unwrap();
    let got = bob.script.get(&format!("/api/rooms/{room}/messages")).await.is(200).json;
    assert_eq!(got["messages"][0]["message"], "two\nlines");
    assert_eq!(bob.script.room(room).await["kind"], "direct");
    let mut socket = Socket::open_in(&bob.browser, "").await;
    for _ in 0..2 {
        let done = json!({ "room": "lobby", "clientID": "1", "done": true, "go": to });
        assert_eq!(socket.sends("/msg ada hello", "1").await, done);
    }
    assert_eq!(ada.seqs(&format!("/api/rooms/{room}/messages")).await, [1, 2], "a repeat posts once");
    let refused = ada.types("/msg @nobody hello").await.is(422);
    assert_eq!(refused.text("#refused"), "There is no user nobody.");
    assert_eq!(ada.seqs("/api/messages").await, [0; 0], "nothing of it is in the lobby");
}

#[tokio::test]
async fn commands_work_in_a_conversation_that_has_no_room_yet() {
    let natter = Natter::unlimited().await;
    let ada = User::sign_up(&natter, "ada").await;
    natter.register("bob").await;
    let types = async |text: &str| {
        let form = [("message", text), ("clientID", "1")];
        ada.browser.submit("/direct/bob/messages", &form).await
    };
    assert!(types("/dance").await.is(422).text("#refused").starts_with("There is no command /dance."));
    let why = "The members of a direct room never change, and it stays direct.";
    assert_eq!(types("/leave").await.is(409).text("#refused"), why);
    assert_eq!(ada.script.get("/api/rooms").await.is(200).json["rooms"].as_array().unwrap().len(), 1);
    let to = types("//slash").await.is(303).location().to_owned();
    assert_eq!(ada.browser.visit(&to).await.messages(), ["You: /slash"]);
}

#[tokio::test]
async fn a_command_is_refused_in_the_language_of_the_page() {
    let natter = Natter::with(&["--language", "de", "--rate-limits", "off"]).await;
    let ada = User::sign_up(&natter, "ada").await;
    let why = ada.types("/dance").await.is(422).text("#refused");
    assert!(why.starts_with("Den Befehl /dance gibt es nicht."), "{why}");
    ada.script.says("hallo").await;
    let page = ada.submits("1/react", &[("emoji", "x")]).await.is(422);
    assert_eq!(page.text("#emoji-note"), "Verwende ein Emoji.");
    let page = ada.browser.visit("/rooms/lobby/9").await.is(404);
    assert_eq!(page.text("main .content p:first-child"), "Diese Nachricht ist gelöscht, oder hier war nie eine.");
    let headings = async |path: &str| ada.browser.visit(path).await.is(200).text("h1");
    assert_eq!(headings("/mentions").await, "Erwähnungen");
    assert_eq!(headings("/rooms/lobby/pins").await, "Angeheftet in Lobby");
}
