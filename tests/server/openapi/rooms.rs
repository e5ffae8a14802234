//! The calls of rooms and members.

use serde_json::{Value, json};

use super::Api;
use crate::support::{Answer, Natter, Script};

const ROOMS: &str = "/api/rooms";
const ROOM: &str = "/api/rooms/{room}";
const MEMBERS: &str = "/api/rooms/{room}/members";
const MEMBER: &str = "/api/rooms/{room}/members/{userID}";
const READ: &str = "/api/rooms/{room}/read";
const LEVEL: &str = "/api/rooms/{room}/level";
const STAR: &str = "/api/rooms/{room}/star";
const DIRECT: &str = "/api/direct";

/// Each operation with a valid body, if it takes one.
fn operations() -> [(&'static str, &'static str, Option<Value>); 14] {
    [
        ("get", ROOMS, None),
        ("post", ROOMS, Some(json!({ "name": "Garden", "kind": "open" }))),
        ("get", ROOM, None),
        ("patch", ROOM, Some(json!({ "topic": "plants" }))),
        ("delete", ROOM, None),
        ("get", MEMBERS, None),
        ("put", MEMBER, Some(json!({ "role": "member" }))),
        ("delete", MEMBER, None),
        ("put", READ, Some(json!({ "seq": 0 }))),
        ("put", LEVEL, Some(json!({ "level": "nothing" }))),
        ("put", STAR, None),
        ("delete", STAR, None),
        ("post", DIRECT, Some(json!({ "members": ["bob"] }))),
        ("post", DIRECT, Some(json!({ "members": [] }))),
    ]
}

/// `ada` is an admin, `bob` is not.
pub(super) async fn rooms(api: &mut Api, natter: &mut Natter, ada: &Script, bob: &Script) {
    refused_before_the_handler(api, &natter.script(), ada).await;
    let ask = async |who: &Script, method: &str, path: &str, body: Option<Value>| {
        let request = who.request(method.to_uppercase().parse().unwrap(), path);
        let request = body.iter().fold(request, reqwest::RequestBuilder::json);
        Answer::of(request.send().await.unwrap()).await
    };
    let created = bob.post(ROOMS, json!({ "name": "Garden", "kind": "closed", "members": ["ada"] })).await;
    let closed = created.json["id"].as_str().unwrap_or_else(|| panic!("{}", created.text)).to_owned();
    api.documents("post", ROOMS, created, 201);
    let own = bob.creates("closed", "Shed", &[]).await;
    let open = bob.creates("open", "Meadow", &[]).await;
    let in_room =
        |pattern: &str, room: &str, user_id: &str| pattern.replace("{room}", room).replace("{userID}", user_id);
    for (method, pattern, body) in operations().into_iter().filter(|(_, pattern, _)| pattern.contains("{room}")) {
        // a room that does not exist for the user
        api.documents(method, pattern, ask(ada, method, &in_room(pattern, &own, "ada"), body).await, 404);
    }
    api.documents("post", ROOMS, bob.post(ROOMS, json!({ "name": "meadow", "kind": "open" })).await, 409);
    api.documents("post", ROOMS, bob.post(ROOMS, json!({ "name": "", "kind": "open" })).await, 422);
    for query in ["", "?browse=true", "?limit=1"] {
        api.documents("get", ROOMS, bob.get(&format!("{ROOMS}{query}")).await, 200);
    }
    api.documents("get", ROOMS, bob.get("/api/rooms?limit=0").await, 422);
    api.documents("get", ROOM, ada.get(&in_room(ROOM, &open, "")).await, 200);

    let room = in_room(ROOM, &closed, "");
    api.documents("patch", ROOM, bob.patch(&room, json!({ "topic": "plants" })).await, 200);
    let hill = in_room(ROOM, &bob.creates("open", "Hill", &[]).await, "");
    api.documents("patch", ROOM, ada.patch(&hill, json!({ "kind": "closed" })).await, 204);
    api.documents("patch", ROOM, ada.patch(&room, json!({ "topic": "mine" })).await, 403);
    api.documents("patch", ROOM, bob.patch("/api/rooms/lobby", json!({ "topic": "mine" })).await, 403);
    api.documents("patch", ROOM, bob.patch(&room, json!({ "kind": "direct" })).await, 422);
    api.documents("delete", ROOM, ada.delete(&room).await, 403);

    let member = |user_id: &str| in_room(MEMBER, &closed, user_id);
    natter.register("eve").await;
    api.documents("get", MEMBERS, bob.get(&in_room(MEMBERS, &closed, "")).await, 200);
    api.documents("get", MEMBERS, bob.get(&in_room(&format!("{MEMBERS}?limit=0"), &closed, "")).await, 422);
    api.documents("put", MEMBER, bob.put(&member("eve"), json!({})).await, 201);
    api.documents("put", MEMBER, bob.put(&member("eve"), json!({})).await, 200);
    api.documents("put", MEMBER, ada.put(&member("eve"), json!({ "role": "owner" })).await, 403);
    api.documents("put", MEMBER, bob.put(&member("bob"), json!({ "role": "member" })).await, 409);
    api.documents("put", MEMBER, bob.put(&member("eve"), json!({ "role": "chief" })).await, 422);
    api.documents("delete", MEMBER, ada.delete(&member("eve")).await, 403);
    api.documents("delete", MEMBER, bob.delete(&member("eve")).await, 204);
    api.documents("delete", MEMBER, bob.delete("/api/rooms/lobby/members/bob").await, 409);

    api.documents("put", READ, bob.put(&in_room(READ, &closed, ""), json!({ "seq": 1 })).await, 200);
    api.documents("put", READ, bob.put(&in_room(READ, &closed, ""), json!({})).await, 422);
    api.documents("put", LEVEL, bob.put(&in_room(LEVEL, &closed, ""), json!({ "level": "hidden" })).await, 204);
    api.documents("put", LEVEL, bob.put(&in_room(LEVEL, &closed, ""), json!({ "level": "loud" })).await, 422);
    for method in ["put", "delete"] {
        api.documents(method, STAR, ask(bob, method, &in_room(STAR, &closed, ""), None).await, 204);
    }
    api.documents("post", DIRECT, bob.post(DIRECT, json!({ "members": ["ada"] })).await, 201);
    api.documents("post", DIRECT, ada.post(DIRECT, json!({ "members": ["bob"] })).await, 200);
    api.documents("post", DIRECT, ada.post(DIRECT, json!({ "members": ["nobody"] })).await, 422);

    bob.patch(&room, json!({ "archived": true })).await.is(200);
    api.documents("patch", ROOM, bob.patch(&room, json!({ "topic": "late" })).await, 409);
    api.documents("delete", ROOM, bob.delete(&room).await, 204);
    api.documents("delete", ROOM, ada.delete("/api/rooms/lobby").await, 409);
    natter.restart_with(&["--max-rooms", "1", "--room-creation", "admins"]).await;
    api.documents("post", ROOMS, bob.post(ROOMS, json!({ "name": "Barn", "kind": "open" })).await, 403);
    api.documents("post", DIRECT, bob.post(DIRECT, json!({ "members": ["eve"] })).await, 409);
    natter.restart_with(&["--max-rooms", "1000", "--room-creation", "all"]).await;
}

/// Requests without a token, from another site, and with a body or a query that cannot be read.
async fn refused_before_the_handler(api: &mut Api, nobody: &Script, ada: &Script) {
    for (method, pattern, body) in operations() {
        let address = pattern.replace("{room}", "lobby").replace("{userID}", "ada");
        let request = |who: &Script| who.request(method.to_uppercase().parse().unwrap(), &address);
        let answer = async |request: reqwest::RequestBuilder| Answer::of(request.send().await.unwrap()).await;
        let valid = body.iter().fold(request(nobody), reqwest::RequestBuilder::json);
        api.documents(method, pattern, answer(valid).await, 401);
        if method == "get" {
            if pattern != ROOM {
                api.documents(method, pattern, answer(request(ada).query(&[("last", "50")])).await, 400);
            }
            continue;
        }
        api.documents(method, pattern, answer(request(ada).header("origin", "https://evil.example")).await, 403);
        if body.is_none() {
            continue;
        }
        let json = |body: String| request(ada).header("content-type", "application/json").body(body);
        api.documents(method, pattern, answer(json("{".into())).await, 400);
        api.documents(method, pattern, answer(json(" ".repeat(65 * 1024))).await, 413);
        api.documents(method, pattern, answer(request(ada).body("{}")).await, 415);
    }
}
