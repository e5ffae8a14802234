//! Users who lose the right to read a room while they follow it.

use natter::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Natter, Script, Socket};

async fn posts(who: &Script, room: &str, text: &str) {
    who.post(&format!("/api/rooms/{room}/messages"), json!({ "message": text })).await.is(201);
}

/// A room that `owner` created, with `member`.
async fn room_with(owner: &Script, kind: &str, member: &str) -> String {
    let room = json!({ "name": "Lunch", "kind": kind, "members": [member] });
    owner.post("/api/rooms", room).await.is(201).json["id"].as_str().unwrap().to_owned()
}

fn gone(room: &str) -> Value {
    json!({ "room": room, "gone": true })
}

#[tokio::test]
async fn who_is_removed_gets_nothing_that_comes_later() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = &room_with(&ada, "closed", "bob").await;
    let mut stays = Socket::open(&ada, &format!("?room={room}&after=0")).await;
    let mut removed = Socket::open(&bob, &format!("?room={room}&after=0")).await;
    posts(&ada, room, "one").await;
    removed.sees("Ada: one").await;
    ada.delete(&format!("/api/rooms/{room}/members/bob")).await.is(204);
    posts(&ada, room, "two").await;
    stays.sees("Ada: two").await;
    assert_eq!(removed.answer().await, gone(room));
    assert_eq!(removed.sends("let me in", "1").await["status"], 404);
    posts(&ada, room, "three").await;
    stays.sees("Ada: three").await;
    // the socket stays, and can go elsewhere
    removed.sends_frame(&json!({ "room": "lobby", "after": null }).to_string()).await;
    ada.says("in the lobby").await;
    removed.sees("Ada: in the lobby").await;
    let seen: Vec<&str> = removed.fragments.iter().map(|fragment| fragment.text.as_str()).collect();
    assert!(seen.contains(&"Ada: one") && !seen.contains(&"Ada: two") && !seen.contains(&"Ada: three"), "{seen:?}");

    // who is invited again reads on
    ada.put(&format!("/api/rooms/{room}/members/bob"), json!({})).await;
    removed.sends_frame(&json!({ "room": room, "after": 0 }).to_string()).await;
    removed.sees("Ada: three").await;
    posts(&ada, room, "four").await;
    removed.sees("Ada: four").await;
}

#[tokio::test]
async fn who_leaves_an_open_room_may_read_on() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = &room_with(&ada, "open", "bob").await;
    let mut bobs = Socket::open(&bob, &format!("?room={room}&after=0")).await;
    posts(&ada, room, "one").await;
    bobs.sees("Ada: one").await;
    bob.delete(&format!("/api/rooms/{room}/members/bob")).await.is(204);
    posts(&ada, room, "two").await;
    bobs.sees("Ada: two").await;
    ada.patch(&format!("/api/rooms/{room}"), json!({ "kind": "closed" })).await.is(200);
    posts(&ada, room, "three").await;
    assert_eq!(bobs.answer().await, gone(room), "now it is for members");
    assert!(bobs.fragments.iter().all(|fragment| fragment.text != "Ada: three"));
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_all() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let room = &room_with(&ada, "open", "bob").await;
    let mut sockets = Vec::new();
    for script in [&ada, &bob] {
        let mut socket = Socket::open(script, &format!("?room={room}&after=0")).await;
        posts(&ada, room, "one").await;
        socket.sees("Ada: one").await;
        sockets.push(socket);
    }
    ada.delete(&format!("/api/rooms/{room}")).await.is(204);
    for socket in &mut sockets {
        assert_eq!(socket.answer().await, gone(room));
    }
}

/// As by another process on the database: this one learns of it late, and not of each change.
#[tokio::test]
async fn a_room_that_others_delete_is_gone() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let room = natter.create_room(RoomKind::Open, "ada").await;
    let mut socket = Socket::open(&ada, &format!("?room={}&after=0", room.as_str())).await;
    posts(&ada, room.as_str(), "one").await;
    socket.sees("Ada: one").await;
    natter.delete_room_elsewhere(&room).await;
    assert_eq!(socket.answer().await, gone(room.as_str()));
}
