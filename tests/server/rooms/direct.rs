//! Direct rooms: over the API and as pages.

use serde_json::json;

use crate::support::{Natter, password_of};

#[tokio::test]
async fn there_is_one_direct_room_for_each_set_of_people() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let cyd = natter.register("cyd").await;
    let room = bob.post("/api/direct", json!({ "members": ["ada"] })).await.is(201).json;
    let person = |user_id: &str, name: &str| json!({ "userID": user_id, "name": name });
    assert_eq!(room["members"], json!([person("ada", "Ada")]));
    assert_eq!((&room["kind"], &room["name"], &room["level"]), (&json!("direct"), &json!(""), &json!("everything")));
    let again = ada.post("/api/direct", json!({ "members": ["bob", "ADA"] })).await.is(200).json;
    assert_eq!((&again["id"], &again["members"]), (&room["id"], &json!([person("bob", "Bob")])));
    let of_three = bob.post("/api/direct", json!({ "members": ["ada", "cyd"] })).await.is(201).json;
    assert_ne!(of_three["id"], room["id"]);
    let own = cyd.post("/api/direct", json!({ "members": [] })).await.is(201).json;
    assert_eq!(own["members"], json!([]));
    let path = format!("/api/rooms/{}", room["id"].as_str().unwrap());
    let why = "The members of a direct room never change, and it stays direct.";
    bob.patch(&path, json!({ "topic": "x" })).await.says(409, why);
    ada.delete(&format!("{path}/members/ada")).await.says(409, why);
    bob.post("/api/direct", json!({ "members": ["nobody"] })).await.blames(422, "members", "There is no user nobody.");
}

#[tokio::test]
async fn a_direct_room_has_at_most_ten_members() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    let others: Vec<String> = (0..10).map(|n| format!("user{n}")).collect();
    for user_id in &others {
        natter.script().post("/api/users", crate::support::new_user(user_id)).await.is(201);
    }
    let why = "A direct conversation has at most 10 members, you included.";
    ada.post("/api/direct", json!({ "members": others })).await.blames(422, "members", why);
    ada.post("/api/direct", json!({ "members": others[1..] })).await.is(201);
}

#[tokio::test]
async fn the_first_post_creates_a_conversation_and_its_page_does_not() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    let browser = natter.browse_as("ada").await;
    let page = browser.visit("/direct/bob").await.is(200);
    assert_eq!(page.text("main h1"), "Bob");
    let rooms = async || bob.get("/api/rooms").await.is(200).json["rooms"].as_array().unwrap().len();
    assert_eq!(rooms().await, 1, "the lobby alone");
    // a text that is refused creates nothing, and stays in the form
    let refused = browser.submit("/direct/bob/messages", &[("message", " "), ("clientID", "1")]).await.is(422);
    assert_eq!(refused.text("#refused"), "Write something first.");
    assert_eq!(rooms().await, 1);
    let client_id = page.value_of("clientID");
    let form = [("message", "hello"), ("clientID", client_id.as_str())];
    let sent = browser.submit("/direct/bob/messages", &form).await.is(303);
    let room = sent.location().to_owned();
    assert!(room.starts_with("/rooms/"), "{room}");
    browser.submit("/direct/bob/messages", &form).await.leads_to(&room);
    browser.visit("/direct/bob").await.leads_to(&room);
    let messages = bob.get(&format!("/api{room}/messages")).await.is(200).json;
    assert_eq!(messages["messages"].as_array().unwrap().len(), 1, "a repeat is not posted twice");
    for path in ["/direct/nobody", "/direct/bob+nobody", "/direct/+"] {
        browser.visit(path).await.is(404);
    }
    assert_eq!(browser.visit("/direct/ada").await.is(200).text("main h1"), "Ada", "a conversation with oneself");
    natter.register("cyd").await;
    assert_eq!(browser.visit("/direct/bob+cyd").await.is(200).text("main h1"), "Bob, Cyd");
}

#[tokio::test]
async fn a_first_post_that_comes_too_fast_creates_no_conversation() {
    let natter = Natter::with(&["--message-rate", "1"]).await;
    let bob = natter.register("bob").await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let form = [("message", "hello"), ("clientID", "1")];
    for _ in 0..6 {
        ada.post("/api/messages", json!({ "message": "hello" })).await; // three of them are posted
    }
    let refused = browser.submit("/direct/bob/messages", &form).await.is(429);
    assert_eq!(refused.text("#refused"), "You are sending too much too fast. Wait a moment, then try again.");
    browser.visit("/direct/bob").await.is(200);
    assert_eq!(bob.get("/api/rooms").await.is(200).json["rooms"].as_array().unwrap().len(), 1, "the lobby alone");
}
