//! Changing passwords over the API.

use serde_json::json;

use crate::support::{Natter, Socket, password_of};

#[tokio::test]
async fn a_password_change_requires_the_current_password() {
    let natter = Natter::start().await;
    let ada = natter.register("ada").await;
    let answer = ada.patch("/api/users/ada", json!({ "password": "another secret" })).await;
    answer.blames(422, "currentPassword", "Your current password is needed to set a new one.");
    let wrong = json!({ "password": "another secret", "currentPassword": "not this one" });
    let answer = ada.patch("/api/users/ada", wrong).await;
    answer.blames(422, "currentPassword", "This is not your current password.");
    let weak = json!({ "password": "short", "currentPassword": password_of("ada") });
    ada.patch("/api/users/ada", weak).await.blames(422, "password", "Use 8 characters or more.");
    ada.get("/api/users/ada").await.is(200);
    natter.script().try_log_in("ada", &password_of("ada")).await.is(200);
}

#[tokio::test]
async fn a_changed_password_ends_every_token_session_and_socket_of_that_user() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let mut tab = Socket::open_in(&browser, "").await;
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    let mut socket = Socket::open(&ada, "").await;
    let mut bob = natter.sign_up("bob").await;

    let change = json!({ "password": "another secret", "currentPassword": password_of("ada") });
    ada.patch("/api/users/ada", change).await.is(200);
    ada.get("/api/users").await.says_token_did_not_match();
    ada.post("/api/messages", json!({ "message": "still here?" })).await.says_token_did_not_match();
    assert!(!browser.is_signed_in().await);
    assert_eq!(socket.close_frame().await, (1008, "signed out".to_owned()));
    assert_eq!(tab.close_frame().await, (1008, "signed out".to_owned()));

    natter.script().try_log_in("ada", &password_of("ada")).await.is(401);
    let ada = natter.script().log_in("ada", "another secret").await;
    ada.says("back again").await;
    bob.sees("Ada: back again").await;
}

#[tokio::test]
async fn an_admin_sets_a_users_password_without_the_current_one() {
    let natter = Natter::start().await;
    let (ada, mut bob) = (natter.register("ada").await, natter.sign_up("bob").await);
    ada.patch("/api/users/bob", json!({ "password": "a new one for bob" })).await.is(200);
    bob.script.get("/api/users").await.says_token_did_not_match();
    assert_eq!(bob.socket.close_frame().await.0, 1008);
    natter.script().log_in("bob", "a new one for bob").await;
    let own = ada.patch("/api/users/ada", json!({ "password": "a new one for ada" })).await;
    own.is(422); // admins need theirs too
}
