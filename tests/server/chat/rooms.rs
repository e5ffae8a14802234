//! Rooms other than the lobby, over the API.

use natter::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Natter, Script};

fn texts(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_room_has_a_log_of_its_own() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let messages = format!("/api/rooms/{}/messages", room.as_str());
    ada.says("in the lobby").await;
    let posted = ada.post(&messages, json!({ "message": "in the room", "clientID": "1" })).await.is(201).json;
    assert_eq!((&posted["room"], &posted["seq"], &posted["rev"]), (&json!(room.as_str()), &json!(1), &json!(1)));
    // everybody may read an open room, and joins it by posting
    assert_eq!(texts(&bob.get(&messages).await.is(200).json), ["in the room"]);
    bob.post(&messages, json!({ "message": "me too" })).await.is(201);
    assert_eq!(texts(&ada.get("/api/messages").await.is(200).json), ["in the lobby"]);
    assert_eq!(texts(&ada.get("/api/rooms/lobby/messages").await.is(200).json), ["in the lobby"]);

    let edit = json!({ "message": "edited", "textRev": 1 });
    ada.patch(&format!("{messages}/1"), edit).await.is(200);
    assert_eq!(ada.message(1).await["message"], "in the lobby");
    // an id that was used in another room is an error, and not silently a repeat
    let why = "This clientID was used for another message. Use a fresh one for each.";
    let again = json!({ "message": "in the room", "clientID": "1" });
    ada.post("/api/messages", again).await.blames(409, "clientID", why);
}

#[tokio::test]
async fn a_closed_room_does_not_exist_for_others() {
    let natter = Natter::start().await;
    let (admin, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = natter.create_room(RoomKind::Closed, "bob").await;
    let messages = format!("/api/rooms/{}/messages", room.as_str());
    bob.post(&messages, json!({ "message": "for members" })).await.is(201);
    for room in [room.as_str(), "none", "%FF"] {
        let path = format!("/api/rooms/{room}/messages");
        for answer in every_request(&admin, &path).await {
            assert_eq!(answer.status, 404, "{room}: {}", answer.text);
        }
    }
    admin.get(&messages).await.says(404, "There is no such room.");
    assert_eq!(texts(&bob.get(&messages).await.is(200).json), ["for members"]);
}

async fn every_request(who: &Script, messages: &str) -> Vec<crate::support::Answer> {
    let message = format!("{messages}/1");
    let reaction = format!("{message}/reactions/👍");
    vec![
        who.get(messages).await,
        who.post(messages, json!({ "message": "hello" })).await,
        who.get(&message).await,
        who.patch(&message, json!({ "message": "hello", "textRev": 1 })).await,
        who.delete(&message).await,
        who.put(&reaction, json!({})).await,
        who.delete(&reaction).await,
    ]
}

#[tokio::test]
async fn a_part_of_the_log_is_read_around_and_from_a_message() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    for n in 1..=20 {
        ada.says(&format!("{n}")).await;
    }
    let around = ada.get("/api/rooms/lobby/messages?around=10&limit=4").await.is(200).json;
    assert_eq!((texts(&around), &around["rev"]), (vec!["8", "9", "10", "11"], &json!(20)));
    let older = ada.get(around["next"].as_str().unwrap()).await.is(200).json;
    assert_eq!(texts(&older), ["4", "5", "6", "7"]);
    let newer = ada.get(around["newer"].as_str().unwrap()).await.is(200).json;
    assert_eq!(texts(&newer), ["12", "13", "14", "15"]);
    let newer = ada.get(newer["next"].as_str().unwrap()).await.is(200).json;
    assert_eq!(texts(&newer), ["16", "17", "18", "19"]);
    let last = ada.get(newer["next"].as_str().unwrap()).await.is(200).json;
    assert_eq!((texts(&last), last.get("next")), (vec!["20"], None));
    for (query, field) in [("from=1&around=2", "around"), ("after=1&before=2", "after"), ("from=1&author=ada", "from")]
    {
        let refused = ada.get(&format!("/api/messages?{query}")).await.is(422);
        assert!(refused.json["fields"][field].is_string(), "{query}: {}", refused.text);
    }
}
