//! The account page.

use crate::support::{Natter, Socket, password_of};

#[tokio::test]
async fn the_profile_is_shown_and_saved() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let page = ada.visit("/account").await.is(200);
    assert_eq!((page.value_of("name"), page.value_of("email")), ("Ada".into(), "ada@example.org".into()));
    let form = [("name", "Ada Lovelace"), ("email", "countess@example.org"), ("phone", "112")];
    let saved = ada.submit("/account", &form).await.leads_to("/account?saved=profile");
    let page = ada.visit(saved.location()).await.is(200);
    assert_eq!(page.text(".done"), "Your profile is saved.");
    assert_eq!((page.value_of("name"), page.value_of("phone")), ("Ada Lovelace".into(), "112".into()));

    let form = [("name", ""), ("email", "countess@"), ("phone", "112")];
    let page = ada.submit("/account", &form).await.is(422);
    assert_eq!(page.error_beside("name"), "Use 1 to 64 characters.");
    assert_eq!(page.error_beside("email"), "Use an address like ada@example.org.");
    assert_eq!((page.value_of("name"), page.value_of("email")), (String::new(), "countess@".into()));
    assert_eq!(ada.visit("/account").await.value_of("email"), "countess@example.org");
}

#[tokio::test]
async fn a_new_password_signs_out_all_other_sessions() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let elsewhere = natter.browser();
    elsewhere.log_in("ada").await;
    let mut tab = Socket::open_in(&elsewhere, "").await;

    let form = [("currentPassword", "not this one"), ("password", "another secret")];
    let page = ada.submit("/account/password", &form).await.is(422);
    assert_eq!(page.error_beside("currentPassword"), "This is not your current password.");
    assert!(!page.html.contains("another secret") && !page.html.contains("not this one"));
    let form = [("currentPassword", password_of("ada")), ("password", "short".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = ada.submit("/account/password", &form).await.is(422);
    assert_eq!(page.error_beside("password"), "Use 8 characters or more.");
    assert!(elsewhere.is_signed_in().await, "nothing has changed so far");

    let form = [form[0], ("password", "another secret")];
    let saved = ada.submit("/account/password", &form).await.leads_to("/account?saved=password");
    let page = ada.visit(saved.location()).await.is(200);
    assert!(page.text(".done").starts_with("Your password is changed."));
    assert_eq!(tab.close_frame().await, (1008, "signed out".to_owned()));
    elsewhere.visit("/").await.leads_to("/login");
    let token = ada.token.clone().unwrap();
    natter.script().with_token(&token).get("/api/users").await.says_token_did_not_match();
    natter.script().log_in("ada", "another secret").await;
}

#[tokio::test]
async fn deleting_the_account_requires_the_password() {
    let natter = Natter::start().await;
    let (mut admin, bob) = (natter.sign_up("ada").await, natter.browse_as("bob").await);
    bob.submit("/rooms/lobby/messages", &[("message", "farewell"), ("clientID", "1")]).await.leads_to("/rooms/lobby");
    let sent = admin.sees("Bob: farewell").await;
    let page = bob.submit("/account/delete", &[("deletePassword", "wrong one")]).await.is(422);
    assert_eq!(page.error_beside("deletePassword"), "This is not your current password.");

    let form = [("deletePassword", password_of("bob")), ("messages", "delete".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    bob.submit("/account/delete", &form).await.leads_to("/login");
    let gone = admin.socket.sees_rev(sent.rev + 1).await;
    assert!(gone.hidden && gone.seq == sent.seq, "{gone:?}");
    bob.visit("/account").await.leads_to("/login?next=%2Faccount");
    admin.script.get("/api/users/bob").await.is(404);
}

#[tokio::test]
async fn the_last_admin_cannot_be_deleted() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    let page = ada.submit("/account/delete", &[("deletePassword", &password_of("ada"))]).await.is(409);
    assert_eq!(page.text(".alert"), "This is the last admin. Make somebody else an admin first.");
    assert!(ada.is_signed_in().await);
}
