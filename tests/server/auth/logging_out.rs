//! Logging out.

use crate::support::{Natter, Socket, password_of};

#[tokio::test]
async fn a_logout_of_a_script_voids_its_own_token_only() {
    let natter = Natter::start().await;
    let mut ada = natter.sign_up("ada").await;
    let other = natter.script().log_in("ada", &password_of("ada")).await;
    let mut others = Socket::open(&other, "").await;
    ada.script.request(reqwest::Method::POST, "/logout").send().await.unwrap().error_for_status().unwrap();

    ada.script.get("/api/users").await.says_token_did_not_match();
    natter.script().get(&format!("/?jwt={}", ada.script.token())).await.says_token_did_not_match();
    assert_eq!(ada.socket.close_frame().await, (1008, "signed out".to_owned()));
    other.says("still here").await;
    others.sees("Ada: still here").await;
    let again = ada.script.request(reqwest::Method::POST, "/logout").send().await.unwrap();
    assert_eq!(again.status(), 401);
}

#[tokio::test]
async fn a_logout_of_a_browser_ends_its_session_token_and_sockets() {
    let natter = Natter::start().await;
    let browser = natter.browse_as("ada").await;
    let token = browser.token.clone().unwrap();
    let mut tabs = [Socket::open_in(&browser, "").await, Socket::open_in(&browser, "").await];
    let mut script = Socket::open(&natter.script().with_token(&token), "").await;
    let elsewhere = natter.browser();
    elsewhere.log_in("ada").await;
    let before = browser.clone();
    let cookies = before.cookies();

    browser.submit("/logout", &[]).await.leads_to("/login");
    browser.visit("/").await.leads_to("/login");
    for tab in &mut tabs {
        assert_eq!(tab.close_frame().await, (1008, "signed out".to_owned()));
    }
    assert_eq!(script.close_frame().await, (1008, "signed out".to_owned()));
    natter.script().with_token(&token).get("/api/users").await.says_token_did_not_match();
    assert!(elsewhere.is_signed_in().await, "another browser stays signed in");

    let stolen = natter.browser().request(reqwest::Method::GET, "/").header("cookie", cookies);
    assert_eq!(stolen.send().await.unwrap().status(), 303, "the old cookie opens nothing");
    browser.submit("/logout", &[]).await.leads_to("/login");
}
