//! Administration in the API.

use serde_json::{Value, json};

use crate::support::{Natter, Script, password_of};

/// The actions in the audit list with whom they were about, the latest first.
pub async fn audit(admin: &Script) -> Vec<String> {
    let entries = admin.get("/api/audit?limit=100").await.is(200).json["entries"].clone();
    let text = |entry: &Value| {
        let part = |name: &str| entry[name].as_str().unwrap().to_owned();
        format!("{} {} {} {}", part("admin"), part("action"), part("subject"), part("detail")).trim().to_owned()
    };
    entries.as_array().unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn a_disabled_user_is_signed_out_and_cannot_log_in() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.register("ada").await, natter.sign_up("bob").await);
    bob.says("hello").await;
    let browser = natter.browser();
    browser.log_in("bob").await;
    for _ in 0..2 {
        ada.put("/api/users/bob/disabled", json!({})).await.is(204);
    }
    assert_eq!(bob.socket.close_frame().await, (1008, "signed out".to_owned()));
    bob.script.get("/api/users/bob").await.is(401);
    assert!(!browser.is_signed_in().await);
    let wrong = natter.script().try_log_in("bob", "not his secret").await.is(401);
    let nobody = natter.script().try_log_in("nobody", "not a secret").await.is(401);
    assert_eq!(wrong.json, nobody.json, "it betrays nothing without the password");
    let right = natter.script().try_log_in("bob", &password_of("bob")).await.is(403);
    assert_eq!(right.json["message"], "This account is disabled. An admin can enable it.");
    let page = browser.submit("/login", &[("userID", "bob"), ("password", &password_of("bob"))]).await.is(403);
    assert_eq!(page.text(".alert"), "This account is disabled. An admin can enable it.");
    assert_eq!(page.value_of("userID"), "bob");
    assert_eq!(ada.get("/api/users/bob").await.json["disabled"], true);
    let messages = ada.get("/api/messages").await.is(200).json;
    assert_eq!(messages["messages"][0]["name"], "Bob");

    ada.delete("/api/users/bob/disabled").await.is(204);
    assert_eq!(ada.get("/api/users/bob").await.json["disabled"], false);
    bob.script.get("/api/users/bob").await.is(401);
    natter.script().log_in("bob", &password_of("bob")).await;
    assert_eq!(audit(&ada).await, ["ada user-enabled bob", "ada user-disabled bob"]);
}

#[tokio::test]
async fn an_admin_disables_neither_themself_nor_the_last_admin() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let own = ada.put("/api/users/ada/disabled", json!({})).await.is(409);
    assert_eq!(own.json["message"], "You cannot disable your own account.");
    ada.patch("/api/users/bob", json!({ "role": "admin" })).await.is(200);
    bob.put("/api/users/ada/disabled", json!({})).await.is(204);
    let last = bob.patch("/api/users/bob", json!({ "role": "member" })).await.is(409);
    assert_eq!(last.json["message"], "This is the last admin. Make somebody else an admin first.");
    bob.delete("/api/users/bob").await.is(409);
}

#[tokio::test]
async fn disabled_users_are_not_offered_and_not_written_to() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    natter.register("cyd").await;
    let with_bob = ada.opens_direct(&["bob"]).await;
    drop(bob);
    for user_id in ["bob", "cyd"] {
        ada.put(&format!("/api/users/{user_id}/disabled"), json!({})).await.is(204);
    }
    assert_eq!(ada.opens_direct(&["bob"]).await, with_bob, "what was written can be read");
    let refused = ada.post("/api/direct", json!({ "members": ["cyd"] })).await.is(422);
    assert_eq!(refused.json["fields"]["members"], "The account cyd is disabled.");
    let draft = json!({ "name": "Garden", "kind": "open", "members": ["cyd"] });
    let refused = ada.post("/api/rooms", draft).await.is(422);
    assert_eq!(refused.json["fields"]["members"], "The account cyd is disabled.");
    let room = ada.creates("open", "Garden", &[]).await;
    ada.put(&format!("/api/rooms/{room}/members/cyd"), json!({})).await.is(422);
    let browser = natter.browser();
    browser.log_in("ada").await;
    let people = browser.visit("/people").await.is(200);
    assert_eq!(people.texts(".rows .text a"), ["Ada"]);
    let members = browser.visit("/rooms/lobby/members").await.is(200);
    assert_eq!(members.texts(".rows li:has(a[href='/people/cyd']) .tag"), ["disabled"]);
    assert!(members.texts(".rows li:has(a[href='/people/ada']) .tag").is_empty());
    let members = ada.get("/api/rooms/lobby/members").await.is(200).json;
    let disabled = |member: &Value| (member["userID"] == "cyd").then(|| member["disabled"].clone());
    assert_eq!(members["members"].as_array().unwrap().iter().find_map(disabled), Some(json!(true)));
    let person = browser.visit("/people/cyd").await.is(200);
    assert!(person.text(".alert").contains("disabled") && person.texts("a[href='/direct/cyd']").is_empty());
    let direct = browser.visit("/direct/cyd").await.is(200);
    assert_eq!(direct.text(".scroller .empty"), "The account cyd is disabled.");
    assert!(direct.texts("form.send").is_empty());
    for query in ["q=@cy", "q=@cyd&people=true"] {
        let options = browser.visit(&format!("/rooms/lobby/complete?{query}")).await.is(200);
        assert!(!options.html.contains("@cyd"), "{query}: {}", options.html);
    }
}

#[tokio::test]
async fn an_admin_logs_a_user_out_everywhere() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.register("ada").await, natter.sign_up("bob").await);
    let browser = natter.browser();
    browser.log_in("bob").await;
    ada.delete("/api/users/bob/sessions").await.is(204);
    assert_eq!(bob.socket.close_frame().await, (1008, "signed out".to_owned()));
    bob.script.get("/api/users/bob").await.is(401);
    assert!(!browser.is_signed_in().await);
    natter.script().log_in("bob", &password_of("bob")).await;
    assert_eq!(audit(&ada).await, ["ada user-logged-out bob"]);
}

#[tokio::test]
async fn the_audit_list_has_what_admins_did_in_pages() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    bob.patch("/api/users/bob", json!({ "name": "Robert" })).await.is(200);
    ada.patch("/api/users/ada", json!({ "name": "Ada L." })).await.is(200);
    assert!(audit(&ada).await.is_empty(), "their own profiles");
    ada.patch("/api/users/bob", json!({ "name": "Bob", "role": "admin", "password": "another secret" })).await.is(200);
    ada.patch("/api/users/bob", json!({ "name": "Bob", "role": "admin" })).await.is(200);
    ada.post("/api/users", crate::support::new_user("cyd")).await.is(201);
    let open = ada.creates("open", "Garden", &["cyd"]).await;
    let closed = ada.creates("closed", "Secret", &["cyd"]).await;
    for room in [&open, &closed] {
        ada.put(&format!("/api/rooms/{room}/members/cyd"), json!({ "role": "owner" })).await.is(200);
        ada.patch(&format!("/api/rooms/{room}"), json!({ "archived": true })).await.is(200);
        ada.patch(&format!("/api/rooms/{room}"), json!({ "archived": false })).await.is(200);
        ada.delete(&format!("/api/rooms/{room}")).await.is(204);
    }
    ada.delete("/api/users/cyd?messages=delete").await.is(204);
    ada.delete("/api/users/nobody").await.is(404);
    let expected = [
        "ada user-deleted cyd messages",
        "ada room-deleted Garden",
        "ada room-unarchived Garden",
        "ada room-archived Garden",
        "ada room-role-changed Garden cyd owner",
        "ada user-created cyd",
        "ada password-set bob",
        "ada role-changed bob admin",
        "ada user-edited bob",
    ];
    assert_eq!(audit(&ada).await, expected);
    let first = ada.get("/api/audit?limit=8").await.is(200).json;
    let rest = ada.get(first["next"].as_str().unwrap()).await.is(200).json;
    assert_eq!((rest["entries"].as_array().unwrap().len(), rest.get("next")), (1, None));
    assert_eq!(rest["entries"][0]["action"], "user-edited");
    assert!(first["entries"][0]["at"].as_str().unwrap().ends_with('Z'));
    ada.get("/api/audit?before=x").await.is(422);
}

#[tokio::test]
async fn the_audit_list_has_what_admins_did_in_open_rooms() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let (open, closed) =
        (bob.creates("open", "Garden", &["ada"]).await, ada.creates("closed", "Secret", &["bob"]).await);
    let mut deleted = Vec::new();
    for room in [&open, &closed] {
        let seq = bob.says_in(room, "an apple").await;
        let own = ada.says_in(room, "a pear").await;
        deleted.push(seq);
        for _ in 0..2 {
            ada.delete(&format!("/api/rooms/{room}/messages/{seq}")).await.is(204);
            ada.delete(&format!("/api/rooms/{room}/messages/{own}")).await.is(204);
        }
        ada.patch(&format!("/api/rooms/{room}"), json!({ "name": format!("Park {room}") })).await.is(200);
        ada.patch(&format!("/api/rooms/{room}"), json!({ "topic": "apples" })).await.is(200);
        ada.delete(&format!("/api/rooms/{room}/members/bob")).await.is(204);
        ada.delete(&format!("/api/rooms/{room}/members/ada")).await;
    }
    let [opened, hidden] = [ada.creates("open", "Orchard", &[]).await, ada.creates("closed", "Shed", &[]).await];
    for everyone in [true, true, false] {
        ada.patch(&format!("/api/rooms/{opened}"), json!({ "everyone": everyone })).await.is(200);
    }
    ada.patch(&format!("/api/rooms/{opened}"), json!({ "kind": "closed" })).await.is(200);
    ada.patch(&format!("/api/rooms/{hidden}"), json!({ "kind": "open" })).await.is(200);
    // refused, so not listed
    ada.delete("/api/rooms/lobby").await.is(409);
    bob.patch(&format!("/api/rooms/{hidden}"), json!({ "topic": "pears" })).await.is(403);
    let name = format!("Park {open}");
    let expected = [
        "ada room-opened Shed".to_owned(),
        "ada room-closed Orchard".to_owned(),
        "ada room-everyone-changed Orchard off".to_owned(),
        "ada room-everyone-changed Orchard on".to_owned(),
        format!("ada room-member-removed {name} bob"),
        format!("ada room-topic-changed {name}"),
        format!("ada room-renamed Garden {name}"),
        format!("ada message-deleted Garden {}", deleted[0]),
    ];
    assert_eq!(audit(&ada).await, expected);
}

#[tokio::test]
async fn the_table_of_users_is_in_the_api() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    bob.says("hello").await;
    let secret = bob.creates("closed", "Secret", &[]).await;
    bob.says_in(&secret, "not for admins").await;
    let table = ada.get("/api/admin/users?sort=messages&desc=true&limit=1").await.is(200).json;
    assert_eq!((&table["total"], &table["users"][0]["userID"]), (&2.into(), &"bob".into()));
    assert_eq!(table["users"][0]["messages"], 1);
    let rest = ada.get("/api/admin/users?sort=messages&desc=true&limit=1&offset=1").await.is(200).json;
    assert_eq!((&rest["users"][0]["userID"], &rest["users"][0]["messages"]), (&"ada".into(), &0.into()));
    let refused = ada.get("/api/admin/users?sort=age").await.is(422);
    assert!(refused.json["fields"]["sort"].is_string());
    bob.get("/api/admin/users").await.is(403);
    bob.get("/api/audit").await.is(403);
}
