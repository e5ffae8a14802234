//! Every frame of a socket, sent by everybody who is not in the room.

use serde_json::{Value, json};

use super::{outsiders::outsiders, secret_rooms::betrays_nothing};
use crate::support::{Natter, Socket, password_of};

/// The frames about `room`, by the variant of the sources' `ClientFrame` that they are parsed to; and how many answers
/// each gets.
fn frames(room: &str) -> Vec<(&'static str, Value, usize)> {
    vec![
        ("Send", json!({ "room": room, "message": "x", "clientID": "x" }), 1),
        ("Send", json!({ "room": room, "message": "x", "clientID": "x", "replyTo": 1, "confirmed": true }), 1),
        ("Move", json!({ "room": room, "after": 0 }), 1),
        ("Move", json!({ "room": room, "after": null }), 1),
        ("Typing", json!({ "room": room, "typing": true }), 0),
        ("Read", json!({ "room": room, "read": 1 }), 1),
        ("Read", json!({ "room": room, "unread": 0 }), 1),
    ]
}

/// The variants of frames that name no room, or (`Rooms`) are for pages: the test of the sidebar sends it.
const OF_NO_ROOM: [&str; 2] = ["Rooms", "Idle"];

/// The variants of `ClientFrame`, from its source.
fn variants() -> Vec<String> {
    let source = std::fs::read_to_string("src/features/chat/frames.rs").unwrap();
    let body = source.split("enum ClientFrame {\n").nth(1).unwrap().split("\n}").next().unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(char::is_uppercase));
    names.map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_frame_about_a_room_is_refused_for_everybody_else() {
    let natter = Natter::unlimited().await;
    let (outsiders, rooms) = outsiders(&natter).await;
    let variants = variants();
    assert!(variants.contains(&"Send".to_owned()), "{variants:?}");
    for variant in &variants {
        let is_known = frames("").iter().any(|(known, ..)| known == variant) || OF_NO_ROOM.contains(&variant.as_str());
        assert!(is_known, "a frame of the variant {variant} is not tested");
    }
    for outsider in outsiders.iter().filter(|outsider| outsider.exists) {
        for room in rooms.ids() {
            let mut socket = Socket::open(&outsider.script, "").await;
            for (_, frame, answers) in
                frames(room).iter().filter(|(variant, ..)| variants.contains(&(*variant).to_owned()))
            {
                socket.sends_without_answer(&frame.to_string()).await;
                for _ in 0..*answers {
                    let answer = socket.answer().await;
                    let is_refused = answer["gone"] == true || answer["status"] == 404;
                    assert!(is_refused, "{} {frame}: {answer}", outsider.who);
                    betrays_nothing(outsider.who, &answer.to_string());
                }
            }
            // the socket works still, and has shown nothing of the room
            assert_eq!(socket.sends_frame(r#"{"room":"lobby","after":null}"#).await["room"], "lobby");
            socket.says("hello").await;
            assert!(socket.fragments.iter().all(|fragment| fragment.room == "lobby"), "{:?}", socket.fragments);
            let mut socket = Socket::open(&outsider.script, &format!("?room={room}&after=0")).await;
            assert_eq!(socket.answer().await["gone"], true);
            assert_eq!(socket.fragments, []);
        }
    }
}

/// Takes the frames of a sidebar up to one that `is_last`.
async fn sidebar_up_to(socket: &mut Socket, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut frames = Vec::new();
    while !frames.last().is_some_and(&is_last) {
        frames.push(socket.sees_sidebar().await);
    }
    frames
}

#[tokio::test]
async fn the_sidebar_of_everybody_else_shows_nothing_of_the_rooms() {
    let natter = Natter::unlimited().await;
    let (outsiders, rooms) = outsiders(&natter).await;
    let cyd = natter.script().log_in("cyd", &password_of("cyd")).await;
    let gone = rooms.ids().map(|room| json!({ "room": room, "gone": true }));
    for outsider in outsiders.iter().filter(|outsider| outsider.exists) {
        let mut socket = Socket::open_sidebar(&outsider.browser).await;
        let mut frames = sidebar_up_to(&mut socket, |frame| frame["complete"] == true).await;
        socket.sends_without_answer(&json!({ "rooms": rooms.ids() }).to_string()).await;
        let is_refused =
            |frame: &Value| frame["rooms"].as_array().is_some_and(|all| gone.iter().all(|one| all.contains(one)));
        let mut answer = sidebar_up_to(&mut socket, is_refused).await;
        assert_eq!(answer.pop().unwrap()["rooms"].as_array().unwrap().len(), 2, "{}", outsider.who);
        frames.extend(answer);
        for room in rooms.ids() {
            let posted =
                cyd.post(&format!("/api/rooms/{room}/messages"), json!({ "message": "once more" })).await.is(201).json;
            cyd.delete(&format!("/api/rooms/{room}/messages/{}", posted["seq"])).await.is(204);
        }
        cyd.patch(&format!("/api/rooms/{}", rooms.closed), json!({ "topic": outsider.who })).await.is(200);
        cyd.post("/api/messages", json!({ "message": "to everybody" })).await.is(201);
        frames.extend(sidebar_up_to(&mut socket, |frame| frame["news"]["room"] == "lobby").await);
        for frame in frames {
            let text = frame.to_string();
            assert!(rooms.ids().iter().all(|room| !text.contains(room)), "{}: {text}", outsider.who);
            betrays_nothing(outsider.who, &text);
        }
    }
}
