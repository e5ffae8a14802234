//! Creating, changing and deleting rooms over the API.

use serde_json::json;

use crate::support::Natter;

#[tokio::test]
async fn a_created_room_has_its_owner_and_its_first_members() {
    let natter = Natter::start().await;
    let (ada, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let new = json!({ "name": " Garden ", "kind": "closed", "topic": "plants", "members": ["bob", "BOB"] });
    let answer = bob.post("/api/rooms", new.clone()).await.is(201);
    let room = answer.json.clone();
    let id = room["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/rooms/{id}"));
    for (field, expected) in [
        ("kind", json!("closed")),
        ("name", json!("Garden")),
        ("topic", json!("plants")),
        ("archived", json!(false)),
        ("everyone", json!(false)),
        ("seq", json!(0)),
        ("rev", json!(0)),
        ("unread", json!(0)),
        ("mentions", json!(0)),
        ("level", json!("mentions")),
        ("starred", json!(false)),
        ("role", json!("owner")),
        ("readSeq", json!(0)),
        ("readVersion", json!(0)),
    ] {
        assert_eq!(room[field], expected, "{field}");
    }
    assert_eq!(room.get("members"), None);
    let with_cyd = json!({ "name": "Garden", "kind": "closed", "members": ["cyd"] });
    let other = ada.post("/api/rooms", with_cyd).await.is(201).json;
    assert_ne!(other["id"], room["id"], "names of closed rooms are free");
    assert_eq!(cyd.room(other["id"].as_str().unwrap()).await["role"], "member");
    bob.post("/api/rooms", json!({ "name": "Garden", "kind": "direct" })).await.blames(
        422,
        "kind",
        "Use \"open\" or \"closed\".",
    );
    let wrong = json!({ "name": "", "kind": "open", "topic": "x".repeat(251), "members": ["nobody"] });
    let refused = bob.post("/api/rooms", wrong).await.is(422).json;
    assert_eq!(
        refused["fields"],
        json!({
            "name": "Use 1 to 80 characters.",
            "topic": "Use at most 250 characters.",
            "members": "There is no user nobody.",
        })
    );
}

#[tokio::test]
async fn the_name_of_an_open_room_is_unique_without_regard_to_case() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    ada.creates("open", "Garden", &[]).await;
    let why = "Another open room has this name. Choose another one.";
    ada.post("/api/rooms", json!({ "name": "GARDEN", "kind": "open" })).await.blames(409, "name", why);
    let shed = ada.creates("open", "Shed", &[]).await;
    ada.patch(&format!("/api/rooms/{shed}"), json!({ "name": "garden" })).await.blames(409, "name", why);
    let closed = ada.creates("closed", "garden", &[]).await;
    ada.patch(&format!("/api/rooms/{closed}"), json!({ "kind": "open" })).await.blames(409, "name", why);
}

#[tokio::test]
async fn each_change_of_a_room_is_a_notice_and_a_repeat_is_none() {
    let natter = Natter::unlimited().await;
    let (admin, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let id = bob.creates("open", "Garden", &[]).await;
    let path = format!("/api/rooms/{id}");
    let changes = json!({ "name": "Shed", "topic": "tools", "kind": "closed" });
    let changed = bob.patch(&path, changes.clone()).await.is(200).json;
    assert_eq!(
        (&changed["name"], &changed["topic"], &changed["kind"]),
        (&json!("Shed"), &json!("tools"), &json!("closed"))
    );
    assert_eq!(bob.patch(&path, changes).await.is(200).json["rev"], changed["rev"]);
    assert_eq!(bob.notices_of(&id).await, ["renamed", "topic", "closed"]);
    admin.patch(&path, json!({ "topic": "mine" })).await.says(404, "There is no such room.");
    bob.patch(&path, json!({ "kind": "open", "archived": true })).await.is(200);
    bob.patch(&path, json!({ "archived": true })).await.is(200);
    cyd.patch(&path, json!({ "archived": false })).await.says(403, "You may not change this.");
    bob.patch(&path, json!({ "topic": "again" })).await.says(409, "This room is archived. It can be read only.");
    // an admin acts in open rooms; one request can unarchive and change
    let revived = admin.patch(&path, json!({ "archived": false, "topic": "revived" })).await.is(200).json;
    assert_eq!((&revived["archived"], &revived["topic"]), (&json!(false), &json!("revived")));
}

#[tokio::test]
async fn an_admin_who_closes_a_room_of_others_learns_nothing_more_of_it() {
    let natter = Natter::start().await;
    let (admin, bob) = (natter.register("ada").await, natter.register("bob").await);
    let id = bob.creates("open", "Garden", &[]).await;
    let closed = admin.patch(&format!("/api/rooms/{id}"), json!({ "kind": "closed" })).await.is(204);
    assert_eq!(closed.text, "");
    admin.get(&format!("/api/rooms/{id}")).await.is(404);
    assert_eq!(bob.room(&id).await["kind"], "closed");
}

#[tokio::test]
async fn only_admins_make_everybody_a_member() {
    let natter = Natter::unlimited().await;
    let (admin, bob) = (natter.register("ada").await, natter.register("bob").await);
    let id = bob.creates("open", "Garden", &[]).await;
    let path = format!("/api/rooms/{id}");
    bob.patch(&path, json!({ "everyone": true })).await.is(403);
    admin.patch(&path, json!({ "everyone": true })).await.is(200);
    let cyd = natter.register("cyd").await;
    assert_eq!(cyd.room(&id).await["role"], "member");
    bob.delete(&format!("{path}/members/bob")).await.is(409);
    // one request ends it and closes the room
    admin.patch(&path, json!({ "everyone": false })).await.is(200);
    bob.patch(&path, json!({ "kind": "closed" })).await.is(200);
    bob.patch("/api/rooms/lobby", json!({ "everyone": false })).await.is(403);
    let always = "The lobby cannot be deleted, and everybody is always a member of it.";
    admin.patch("/api/rooms/lobby", json!({ "everyone": false })).await.says(409, always);
    admin.delete("/api/rooms/lobby").await.says(409, always);
}

#[tokio::test]
async fn a_deleted_room_exists_for_nobody() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let id = ada.creates("open", "Garden", &["bob"]).await;
    let path = format!("/api/rooms/{id}");
    ada.says_in(&id, "hello").await;
    bob.delete(&path).await.says(403, "You may not change this.");
    ada.delete(&path).await.is(204);
    for who in [&ada, &bob] {
        who.get(&path).await.says(404, "There is no such room.");
        who.delete(&path).await.is(404);
        let rooms = who.get("/api/rooms").await.is(200).json;
        assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1, "the lobby alone: {rooms}");
    }
    ada.creates("open", "Garden", &[]).await;
}

#[tokio::test]
async fn creating_rooms_can_be_kept_to_admins() {
    let natter = Natter::with(&["--room-creation", "admins"]).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    ada.creates("open", "Garden", &[]).await;
    let new = json!({ "name": "Shed", "kind": "closed" });
    bob.post("/api/rooms", new).await.says(403, "Only admins create rooms here.");
    bob.opens_direct(&["ada"]).await;
    let browser = natter.browse_as("cyd").await;
    browser.visit("/rooms/new").await.is(403);
    assert_eq!(browser.visit("/rooms").await.is(200).texts("a[href='/rooms/new']"), [""; 0]);
}
