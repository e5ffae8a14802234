//! The own sessions in the API.

use reqwest::Method;

use crate::support::{Browser, Natter, password_of};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

async fn elsewhere(natter: &Natter) -> Browser {
    let browser = natter.browser();
    browser.log_in("ada").await;
    let page = browser.request(Method::GET, "/rooms/lobby").header("user-agent", FIREFOX).send().await.unwrap();
    assert_eq!(page.status(), 200);
    browser
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let natter = Natter::start().await;
    let script = natter.register("ada").await;
    assert_eq!(script.get("/api/sessions").await.is(200).json["sessions"].as_array().unwrap().len(), 0);
    let (first, second) = (elsewhere(&natter).await, elsewhere(&natter).await);
    let listed = script.get("/api/sessions").await.is(200).json;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        assert_eq!((&session["device"]["browser"], &session["device"]["system"]), (&"Firefox".into(), &"Linux".into()));
        assert_eq!((&session["address"], &session["current"]), (&"127.0.0.1".into(), &false.into()));
        assert!(session["lastSeen"].as_str().unwrap().ends_with('Z'));
    }
    let id = sessions[0]["id"].as_str().unwrap();
    script.delete(&format!("/api/sessions/{id}")).await.is(204);
    assert!(first.is_signed_in().await != second.is_signed_in().await, "one of them has ended");
    script.delete(&format!("/api/sessions/{id}")).await.is(404);
    script.delete("/api/sessions").await.is(204);
    assert!(!first.is_signed_in().await && !second.is_signed_in().await);
    script.get("/api/users/ada").await.is(200);
}

#[tokio::test]
async fn the_session_of_the_token_is_marked_and_kept() {
    let natter = Natter::start().await;
    let ada = natter.browse_as("ada").await;
    ada.visit("/rooms/lobby").await.is(200);
    let of_session = natter.script().with_token(ada.token.as_deref().unwrap());
    let other = elsewhere(&natter).await;
    let current = async || {
        let sessions = of_session.get("/api/sessions").await.is(200).json["sessions"].clone();
        let mut current: Vec<bool> =
            sessions.as_array().unwrap().iter().map(|session| session["current"].as_bool().unwrap()).collect();
        current.sort_unstable();
        current
    };
    assert_eq!(current().await, [false, true]);
    of_session.delete("/api/sessions").await.is(204);
    assert_eq!(current().await, [true]);
    assert!(ada.is_signed_in().await && !other.is_signed_in().await);
}

#[tokio::test]
async fn nobody_sees_or_ends_the_sessions_of_others() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let browser = elsewhere(&natter).await;
    let id = ada.get("/api/sessions").await.is(200).json["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert!(bob.get("/api/sessions").await.is(200).json["sessions"].as_array().unwrap().is_empty());
    for id in [id.as_str(), "none"] {
        bob.delete(&format!("/api/sessions/{id}")).await.is(404);
    }
    bob.delete("/api/sessions").await.is(204);
    natter.script().log_in("bob", &password_of("bob")).await;
    assert!(browser.is_signed_in().await);
}
