//! Every frame of a socket, sent by everybody who is not in the room.

use serde_json::{Value, json};

use super::{outsiders::outsiders, secret_rooms::betrays_nothing};
use crate::support::{Natter, Socket};

/// The frames about `room`, by the variant of the sources' `ClientFrame` that they are parsed to; and how many answers
/// each gets.
fn frames(room: &str) -> Vec<(&'static str, Value, usize)> {
    vec![
        ("Send", json!({ "room": room, "message": "x", "clientID": "x" }), 1),
        ("Move", json!({ "room": room, "after": 0 }), 1),
        ("Move", json!({ "room": room, "after": null }), 1),
        ("Typing", json!({ "room": room, "typing": true }), 0),
        ("Read", json!({ "room": room, "read": 1 }), 1),
        ("Read", json!({ "room": room, "unread": 0 }), 1),
    ]
}

/// The variants of frames that name no room, or none but those of the user.
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
