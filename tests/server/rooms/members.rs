//! Members over the API.

use natter_test_support::eventually;
use serde_json::{Value, json};

use crate::support::{Natter, Script, Socket};

async fn members(who: &Script, room: &str) -> Vec<(String, String, String)> {
    let members = who.get(&format!("/api/rooms/{room}/members")).await.is(200).json;
    let text = |member: &Value, field: &str| member[field].as_str().unwrap().to_owned();
    let members = members["members"].as_array().unwrap().iter();
    members.map(|member| (text(member, "userID"), text(member, "role"), text(member, "presence"))).collect()
}

#[tokio::test]
async fn members_are_added_and_removed_by_those_who_may() {
    let natter = Natter::unlimited().await;
    let (ada, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let id = bob.creates("closed", "Garden", &[]).await;
    let member = |user_id: &str| format!("/api/rooms/{id}/members/{user_id}");
    let added = bob.put(&member("cyd"), json!({})).await.is(201).json;
    assert_eq!(
        added,
        json!({ "userID": "cyd", "name": "Cyd", "role": "member", "presence": "offline", "disabled": false })
    );
    bob.put(&member("cyd"), json!({})).await.is(200);
    cyd.put(&member("ada"), json!({})).await.says(403, "You may not change this.");
    ada.put(&member("ada"), json!({})).await.says(404, "There is no such room.");
    bob.put(&member("nobody"), json!({})).await.says(404, "There is no such user.");
    // a request without a body does the same
    let request = bob.request("PUT".parse().unwrap(), &member("ada")).send().await.unwrap();
    assert_eq!(request.status(), 201);
    bob.delete(&member("ada")).await.is(204);
    bob.delete(&member("ada")).await.is(204);
    ada.get(&format!("/api/rooms/{id}")).await.is(404);
    assert_eq!(bob.notices_of(&id).await, ["added", "added", "removed"]);
}

#[tokio::test]
async fn a_member_whom_two_add_at_once_is_new_for_one_of_them() {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    natter.register("cyd").await;
    let id = ada.creates("closed", "Garden", &["bob"]).await;
    ada.put(&format!("/api/rooms/{id}/members/bob"), json!({ "role": "owner" })).await.is(200);
    let cyd = format!("/api/rooms/{id}/members/cyd");
    for _ in 0..10 {
        let (one, other) = tokio::join!(ada.put(&cyd, json!({})), bob.put(&cyd, json!({})));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{} {}", one.text, other.text);
        ada.delete(&cyd).await.is(204);
    }
}

#[tokio::test]
async fn the_longest_member_follows_the_last_owner() {
    let natter = Natter::unlimited().await;
    let (bob, cyd, dan) = (natter.register("bob").await, natter.register("cyd").await, natter.register("dan").await);
    let id = bob.creates("closed", "Garden", &[]).await;
    let member = |user_id: &str| format!("/api/rooms/{id}/members/{user_id}");
    for user_id in ["cyd", "dan"] {
        bob.put(&member(user_id), json!({})).await.is(201);
    }
    let last = "This is the last owner of the room. Make somebody else an owner first.";
    bob.put(&member("bob"), json!({ "role": "member" })).await.says(409, last);
    bob.put(&member("dan"), json!({ "role": "chief" })).await.blames(422, "role", "Use \"owner\" or \"member\".");
    bob.put(&member("dan"), json!({ "role": "owner" })).await.is(200);
    dan.put(&member("dan"), json!({ "role": "member" })).await.is(200);
    bob.delete(&member("bob")).await.is(204);
    bob.get(&format!("/api/rooms/{id}")).await.is(404);
    assert_eq!(cyd.room(&id).await["role"], "owner");
    assert_eq!(dan.room(&id).await["role"], "member");
}

#[tokio::test]
async fn the_notice_that_the_last_owner_left_names_who_follows() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    let browser = natter.browse_as("cyd").await;
    let id = bob.creates("closed", "Garden", &["cyd"]).await;
    bob.delete(&format!("/api/rooms/{id}/members/bob")).await.is(204);
    let page = browser.visit(&format!("/rooms/{id}")).await.is(200);
    assert_eq!(page.texts(".notice"), ["Bob left. Cyd owns the room now"]);
}

#[tokio::test]
async fn everybody_joins_an_open_room_by_themselves_or_by_posting() {
    let natter = Natter::unlimited().await;
    let (ada, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let id = ada.creates("open", "Garden", &[]).await;
    let before = bob.room(&id).await;
    assert_eq!((before.get("level"), before.get("role"), before.get("unread")), (None, None, None));
    bob.put(&format!("/api/rooms/{id}/members/bob"), json!({})).await.is(201);
    assert_eq!(bob.room(&id).await["role"], "member");
    cyd.says_in(&id, "hello").await;
    assert_eq!(cyd.room(&id).await["role"], "member");
    bob.delete(&format!("/api/rooms/{id}/members/bob")).await.is(204);
    assert_eq!(bob.room(&id).await.get("role"), None, "everybody sees it still");
}

#[tokio::test]
async fn members_who_are_online_come_first_on_every_page() {
    let natter = Natter::unlimited().await;
    let ada = natter.register("ada").await;
    let mut all = Vec::new();
    for user_id in ["bob", "cyd", "dan", "eve", "fay"] {
        all.push(natter.register(user_id).await);
    }
    let id = ada.creates("closed", "Garden", &["bob", "cyd", "dan", "eve", "fay"]).await;
    let _sockets = [Socket::open(&all[4], "").await, Socket::open(&all[1], "").await];
    let present = |user_id: &str| (user_id.to_owned(), "member".to_owned(), "online".to_owned());
    // the hub learns of a socket a moment later
    let listed = eventually("two are online", async || {
        let listed = members(&ada, &id).await;
        (listed[0].2 == "online" && listed[1].2 == "online").then_some(listed)
    })
    .await;
    assert_eq!(listed[..2], [present("cyd"), present("fay")]);
    let others: Vec<&str> = listed[2..].iter().map(|(user_id, ..)| user_id.as_str()).collect();
    assert_eq!(others, ["ada", "bob", "dan", "eve"]);

    for limit in 1..=6 {
        let mut paged = Vec::new();
        let mut next = Some(format!("/api/rooms/{id}/members?limit={limit}"));
        while let Some(path) = next {
            let page = ada.get(&path).await.is(200).json;
            let members = page["members"].as_array().unwrap();
            assert!(members.len() <= limit);
            paged.extend(members.iter().map(|member| member["userID"].as_str().unwrap().to_owned()));
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(paged, ["cyd", "fay", "ada", "bob", "dan", "eve"], "{limit}");
    }
    for (query, field) in
        [("limit=0", "limit"), ("limit=201", "limit"), ("after=x", "after"), ("after=online:xyz", "after")]
    {
        let refused = ada.get(&format!("/api/rooms/{id}/members?{query}")).await.is(422);
        assert!(refused.json["fields"][field].is_string(), "{query}: {}", refused.text);
    }
}
