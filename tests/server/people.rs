//! The pages of people.

use natter_test_support::eventually;
use serde_json::json;

use crate::support::{Natter, Socket};

#[tokio::test]
async fn people_are_found_by_name_and_user_id_and_by_nothing_else() {
    let natter = Natter::unlimited().await;
    let (_bob, cyd) = (natter.register("bob").await, natter.register("cyd").await);
    cyd.patch("/api/users/cyd", json!({ "name": "Zoë", "phone": "112" })).await.is(200);
    let browser = natter.browse_as("ada").await;
    let names = async |query: &str| browser.visit(&format!("/people?q={query}")).await.is(200).texts(".rows .text a");
    assert_eq!(names("").await, ["Ada", "Bob", "Zoë"]);
    assert_eq!(names("ZO%C3%8B").await, ["Zoë"]);
    assert_eq!(names("cyd").await, ["Zoë"]);
    for private in ["example.org", "112"] {
        assert_eq!(names(private).await, [""; 0], "{private}");
    }
}

#[tokio::test]
async fn a_persons_page_says_what_they_show() {
    let natter = Natter::unlimited().await;
    let bob = natter.register("bob").await;
    let browser = natter.browse_as("ada").await;
    bob.patch("/api/users/bob", json!({ "about": "I grow <b>trees</b>" })).await.is(200);
    let page = browser.visit("/people/bob").await.is(200);
    assert_eq!((page.text("main h1"), page.text(".about")), ("Bob".into(), "I grow <b>trees</b>".into()));
    assert_eq!(page.attribute("main .avatar", "data-presence"), "offline");
    assert_eq!(page.attribute("main .buttons a.button", "href"), "/direct/bob");
    assert!(!page.html.contains("bob@example.org"));
    let _socket = Socket::open(&bob, "").await;
    let presence = async || browser.visit("/people/bob").await.is(200).attribute("main .avatar", "data-presence");
    // the hub learns of a socket a moment later
    eventually("bob is online", async || (presence().await == "online").then_some(())).await;
    browser.visit("/people/nobody").await.is(404);
    let own = browser.visit("/people/ada").await.is(200);
    assert_eq!(own.texts("main .buttons a").len(), 2, "the own page leads to the account");
}

#[tokio::test]
async fn the_account_page_changes_about_and_whether_last_seen_is_shown() {
    let natter = Natter::unlimited().await;
    let browser = natter.browse_as("ada").await;
    let ada = natter.script().with_token(browser.token.as_deref().unwrap());
    let profile = |about: &'static str| {
        [("name", "Ada"), ("email", "ada@example.org"), ("phone", ""), ("about", about), ("showsLastSeen", "true")]
    };
    let is_checked = async || browser.visit("/account").await.texts("input[name=showsLastSeen][checked]").len() == 1;
    assert!(is_checked().await, "the default");
    browser.submit("/account", &profile("grows trees")[..4]).await.is(303);
    let user = ada.get("/api/users/ada").await.is(200).json;
    assert_eq!((&user["about"], &user["showsLastSeen"]), (&json!("grows trees"), &json!(false)));
    assert!(!is_checked().await);
    browser.submit("/account", &profile("grows trees")).await.is(303);
    assert!(is_checked().await);
    let too_long: &'static str = Box::leak("x".repeat(201).into_boxed_str());
    let refused = browser.submit("/account", &profile(too_long)).await.is(422);
    assert_eq!(
        (refused.text("#about-note.error"), refused.text("#about")),
        ("Use at most 200 characters.".into(), too_long.into())
    );
}

#[tokio::test]
async fn who_reads_without_the_script_was_seen_too() {
    let natter = Natter::start().await;
    let (ada, bob) = (natter.register("ada").await, natter.browse_as("bob").await);
    bob.visit("/rooms/lobby").await.is(200);
    let members = ada.get("/api/rooms/lobby/members").await.is(200).json["members"].clone();
    let member = members.as_array().unwrap().iter().find(|member| member["userID"] == "bob").unwrap();
    assert!(member["lastSeen"].is_string(), "{member}");
}
