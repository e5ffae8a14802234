//! The limits of rooms and members.

use serde_json::json;

use crate::support::{Natter, new_user, password_of};

#[tokio::test]
async fn each_limit_is_named_when_it_is_reached() {
    let mut natter = Natter::with(&["--rate-limits", "off", "--max-members", "2"]).await;
    let ada = natter.register("ada").await;
    for user_id in ["bob", "cyd"] {
        natter.register(user_id).await;
    }
    let three = json!({ "name": "Garden", "kind": "closed", "members": ["bob", "cyd"] });
    ada.post("/api/rooms", three).await.says(409, "A room has at most 2 members.");
    let id = ada.creates("closed", "Garden", &["bob"]).await;
    let member = |user_id: &str| format!("/api/rooms/{id}/members/{user_id}");
    ada.put(&member("cyd"), json!({})).await.says(409, "A room has at most 2 members.");
    ada.put(&member("bob"), json!({})).await.is(200);

    natter.restart_with(&["--max-members", "10", "--max-rooms-of-user", "1"]).await;
    ada.put(&member("cyd"), json!({})).await.says(409, "cyd is in 1 rooms, and cannot be in more.");
    let own = "You are in 1 rooms, and cannot be in more. Leave one first.";
    ada.post("/api/rooms", json!({ "name": "Shed", "kind": "open" })).await.says(409, own);
    ada.post("/api/direct", json!({ "members": [] })).await.says(409, own);

    natter.restart_with(&["--max-rooms-of-user", "1000", "--max-rooms", "2"]).await;
    let all = "There are 2 rooms, and there cannot be more. Ask an admin.";
    ada.post("/api/rooms", json!({ "name": "Shed", "kind": "open" })).await.says(409, all);
    ada.post("/api/direct", json!({ "members": [] })).await.says(409, all);
}

#[tokio::test]
async fn rooms_are_created_and_joined_at_a_rate() {
    let natter = Natter::with(&["--room-rate", "2", "--join-rate", "1"]).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let (one, two) = (ada.creates("open", "one", &[]).await, ada.creates("open", "two", &[]).await);
    let limited = ada.post("/api/rooms", json!({ "name": "three", "kind": "open" })).await;
    let limited = limited.says(429, "You may create 2 rooms an hour. Wait a while and try again.");
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1700..=1800).contains(&wait), "{wait}");
    bob.put(&format!("/api/rooms/{one}/members/bob"), json!({})).await.is(201);
    bob.put(&format!("/api/rooms/{one}/members/bob"), json!({})).await.is(200);
    let limited = bob.put(&format!("/api/rooms/{two}/members/bob"), json!({})).await;
    limited.says(429, "You may join rooms and add members once a minute. Wait a moment and try again.");
}

#[tokio::test]
async fn joining_by_a_post_is_limited_as_every_other_joining() {
    let mut natter = Natter::with(&["--rate-limits", "off", "--max-members", "1"]).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let id = ada.creates("open", "Garden", &[]).await;
    let messages = format!("/api/rooms/{id}/messages");
    let hello = json!({ "message": "hello" });
    bob.post(&messages, hello.clone()).await.says(409, "A room has at most 1 members.");
    ada.post(&messages, hello.clone()).await.is(201);
    natter.restart_with(&["--max-members", "2", "--rate-limits", "on", "--join-rate", "1"]).await;
    let shed = ada.creates("open", "Shed", &[]).await;
    bob.post(&messages, hello.clone()).await.is(201);
    bob.post(&messages, hello.clone()).await.is(201);
    bob.post(&format!("/api/rooms/{shed}/messages"), hello.clone()).await.is(429);
    bob.post("/api/messages", hello).await.is(201);
}

#[tokio::test]
async fn many_members_are_added_at_once_and_are_no_messages() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let id = ada.creates("closed", "Garden", &[]).await;
    let others: Vec<String> = (1..=40).map(|n| format!("user{n}")).collect();
    for user_id in &others {
        natter.script().post("/api/users", new_user(user_id)).await.is(201);
    }
    let page = format!("/rooms/{id}/members");
    browser.submit(&page, &[("members", &others.join(" "))]).await.leads_to(&page);
    let members = ada.get(&format!("/api/rooms/{id}/members?limit=200")).await.is(200).json;
    assert_eq!(members["members"].as_array().unwrap().len(), 41);
    ada.says_in(&id, "welcome").await;
}

#[tokio::test]
async fn who_may_not_add_members_reaches_no_limit() {
    let mut natter = Natter::with(&["--rate-limits", "off"]).await;
    let (ada, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let closed = ada.creates("closed", "Garden", &["bob"]).await;
    let archived = ada.creates("open", "Attic", &[]).await;
    ada.patch(&format!("/api/rooms/{archived}"), json!({ "archived": true })).await.is(200);
    cyd.creates("closed", "Shed", &[]).await;
    let member = |id: &str, user_id: &str| format!("/api/rooms/{id}/members/{user_id}");

    natter.restart_with(&["--max-rooms-of-user", "1"]).await;
    bob.put(&member(&closed, "cyd"), json!({})).await.says(403, "You may not change this.");
    ada.put(&member(&closed, "cyd"), json!({})).await.says(409, "cyd is in 1 rooms, and cannot be in more.");

    natter.restart_with(&["--max-rooms-of-user", "1000", "--rate-limits", "on", "--join-rate", "1"]).await;
    let read_only = "This room is archived. It can be read only.";
    for _ in 0..2 {
        ada.put(&member(&archived, "cyd"), json!({})).await.says(409, read_only);
    }
    let post = format!("/api/rooms/{archived}/messages");
    for _ in 0..2 {
        bob.post(&post, json!({ "message": "hello" })).await.says(409, read_only);
    }
    ada.put(&member(&closed, "cyd"), json!({})).await.is(201);
}
