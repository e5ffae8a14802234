//! Changing users over the API.

use serde_json::json;

use crate::support::Natter;

#[tokio::test]
async fn users_change_their_own_profile_only() {
    let natter = Natter::start().await;
    let (_admin, bob, cyd) = (natter.register("ada").await, natter.register("bob").await, natter.register("cyd").await);
    let changed = bob.patch("/api/users/bob", json!({ "name": "Robert", "phone": "112" })).await.is(200).json;
    assert_eq!((&changed["name"], &changed["phone"]), (&json!("Robert"), &json!("112")));
    assert_eq!(changed["email"], "bob@example.org", "an omitted field stays");
    assert_eq!(cyd.get("/api/users/bob").await.json["name"], "Robert");

    let why = "Only the user and admins may do that.";
    cyd.patch("/api/users/bob", json!({ "name": "Bobby" })).await.says(403, why);
    cyd.put("/api/users/bob", json!({ "name": "Bobby", "email": "bobby@example.org" })).await.says(403, why);
    cyd.delete("/api/users/bob").await.says(403, why);
    assert_eq!(cyd.get("/api/users/bob").await.json, changed, "nothing changed");
    natter.script().patch("/api/users/bob", json!({ "name": "Bobby" })).await.is(401);
    cyd.patch("/api/users/nobody", json!({})).await.says(404, "There is no such user.");
}

#[tokio::test]
async fn put_requires_the_whole_profile() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    ada.patch("/api/users/ada", json!({ "phone": "112" })).await.is(200);
    let answer = ada.put("/api/users/ada", json!({ "userID": "ada", "name": "Ada Lovelace" })).await;
    answer.blames(422, "email", "Use an address like ada@example.org.");
    let answer = ada.put("/api/users/ada", json!({ "name": "Ada Lovelace", "email": "countess@example.org" })).await;
    let ada_now = answer.is(200).json;
    assert_eq!(ada_now["name"], "Ada Lovelace");
    assert_eq!(ada_now["email"], "countess@example.org");
    assert_eq!(ada_now["phone"], "", "an omitted phone number is removed");
    assert_eq!(ada_now["role"], "admin", "an omitted role stays");
    ada.put("/api/users/ada", json!({ "nickname": "Addie" })).await.is(422);
    let without_phone = json!({ "name": "Ada Lovelace", "email": "countess@example.org", "phone": null });
    assert_eq!(ada.put("/api/users/ada", without_phone).await.is(200).json["phone"], "");
}

#[tokio::test]
async fn a_change_is_validated_like_a_sign_up() {
    let natter = Natter::start().await;
    let (ada, _bob) = (natter.register("ada").await, natter.register("bob").await);
    ada.patch("/api/users/ada", json!({ "name": "" })).await.blames(422, "name", "Use 1 to 64 characters.");
    let taken = ada.patch("/api/users/ada", json!({ "email": "BOB@example.org" })).await;
    taken.blames(409, "email", "There is an account with this e-mail address already.");
    let role = ada.patch("/api/users/bob", json!({ "role": "king" })).await;
    role.blames(422, "role", "Use \"member\" or \"admin\".");
    let unknown = ada.patch("/api/users/ada", json!({ "createdAt": "1815" })).await.is(422);
    assert!(unknown.json["fields"]["createdAt"].as_str().unwrap().starts_with("unknown field"));
    let moved = ada.patch("/api/users/ada", json!({ "userID": "countess" })).await;
    moved.blames(422, "userID", "It cannot be changed.");
    ada.patch("/api/users/ada", json!({ "userID": "ADA" })).await.is(200);
    assert_eq!(ada.get("/api/users/ada").await.json["userID"], "ada", "the spelling of the sign-up stays");
}

#[tokio::test]
async fn admins_change_every_user_and_grant_roles() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    bob.patch("/api/users/bob", json!({ "role": "admin" })).await.says(403, "Only admins give roles.");
    bob.put("/api/users/bob", json!({ "name": "Bob", "email": "bob@example.org", "role": "admin" })).await.is(403);
    assert_eq!(bob.get("/api/users/bob").await.json["role"], "member");

    assert_eq!(ada.patch("/api/users/bob", json!({ "name": "Bobby" })).await.is(200).json["name"], "Bobby");
    assert_eq!(ada.patch("/api/users/bob", json!({ "role": "admin" })).await.is(200).json["role"], "admin");
    assert_eq!(bob.patch("/api/users/ada", json!({ "role": "member" })).await.is(200).json["role"], "member");
    ada.patch("/api/users/bob", json!({ "name": "Bob" })).await.is(403);
}

#[tokio::test]
async fn the_last_admin_is_kept() {
    let natter = Natter::start().await;
    let (ada, _bob) = (natter.register("ada").await, natter.register("bob").await);
    let why = "This is the last admin. Make somebody else an admin first.";
    ada.patch("/api/users/ada", json!({ "role": "member" })).await.blames(409, "role", why);
    ada.delete("/api/users/ada").await.blames(409, "role", why);
    ada.delete("/api/users/ada?messages=delete").await.blames(409, "role", why);
    assert_eq!(ada.get("/api/users/ada").await.is(200).json["role"], "admin");
    ada.patch("/api/users/bob", json!({ "role": "admin" })).await.is(200);
    ada.delete("/api/users/ada").await.is(204);
}

#[tokio::test]
async fn a_new_name_is_shown_at_old_messages() {
    let natter = Natter::start().await;
    let mut bob = natter.sign_up("bob").await;
    bob.says("hello").await;
    bob.script.patch("/api/users/bob", json!({ "name": "Robert" })).await.is(200);
    bob.socket.sees_roster(&["Robert"]).await;
    assert_eq!(bob.script.reads_after(0, 50).await[0]["name"], "Robert");
}
