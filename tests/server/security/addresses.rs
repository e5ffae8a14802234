//! The address of a client: what it says itself does not count, and a network counts as one.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Browser, Natter, Page, new_user, password_of};

/// Headers in which a client or a proxy may name an address.
const HEADERS: [&str; 8] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
];

async fn guess(natter: &Natter, headers: &[(&str, String)]) -> u16 {
    let guess = json!({ "userID": "ada", "password": "not her secret" });
    let request = natter.script().request(Method::POST, "/api/login").json(&guess);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    Answer::of(request.send().await.unwrap()).await.status
}

#[tokio::test]
async fn without_a_proxy_no_header_gives_another_address() {
    let natter = Natter::with(&["--address-attempts", "4"]).await;
    natter.register("ada").await;
    let mut statuses = Vec::new();
    for n in 0..4 {
        let headers = HEADERS.map(|name| (name, format!("10.0.0.{n}")));
        statuses.push(guess(&natter, &headers).await);
    }
    assert_eq!(statuses, [401, 401, 429, 429], "the sign-up and the login count too");
    for name in HEADERS {
        assert_eq!(guess(&natter, &[(name, "10.1.1.1".to_owned())]).await, 429, "{name}");
    }
}

async fn address_of_session(browser: &Browser, forwarded: &[&str]) -> String {
    let visit = async |path: &str| {
        let request = browser.request(Method::GET, path);
        let request = forwarded.iter().fold(request, |request, value| request.header("x-forwarded-for", *value));
        Page::of(request.send().await.unwrap()).await.is(200)
    };
    // shown from the second visit on
    visit("/rooms").await;
    let page = visit("/account").await;
    page.texts("section .rows small").remove(0).split(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn behind_proxies_the_entries_that_they_add_count() {
    for (proxies, forwarded, expected) in [
        ("0", &["1.1.1.1"][..], "127.0.0.1"),
        ("1", &["1.1.1.1"], "1.1.1.1"),
        ("1", &["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
        // a second header is behind the first
        ("1", &["6.6.6.6", "1.1.1.1"], "1.1.1.1"),
        ("2", &["6.6.6.6, 1.1.1.1, 2.2.2.2"], "1.1.1.1"),
        ("2", &["6.6.6.6, 1.1.1.1", "2.2.2.2"], "1.1.1.1"),
        // fewer entries than proxies: the request did not come through them
        ("2", &["6.6.6.6"], "127.0.0.1"),
        ("1", &["unknown"], "127.0.0.1"),
        ("1", &["6.6.6.6, <script>"], "127.0.0.1"),
        ("1", &[""], "127.0.0.1"),
        ("1", &["6.6.6.6,"], "127.0.0.1"),
        ("1", &["[2001:db8::1]:443"], "2001:db8::1"),
        ("1", &["::ffff:1.1.1.1"], "1.1.1.1"),
        ("1", &["0x7f.1"], "127.0.0.1"),
    ] {
        let natter = Natter::with(&["--proxies", proxies]).await;
        let browser = natter.browse_as("ada").await;
        assert_eq!(address_of_session(&browser, forwarded).await, expected, "{proxies} {forwarded:?}");
    }
}

#[tokio::test]
async fn sign_ups_and_guesses_of_a_network_count_together() {
    let natter = Natter::with(&["--address-attempts", "3", "--proxies", "1"]).await;
    let sign_up = async |from: &str, user_id: &str| {
        let request = natter.script().request(Method::POST, "/api/users").json(&new_user(user_id));
        Answer::of(request.header("x-forwarded-for", from).send().await.unwrap()).await.status
    };
    let home = ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:1:0:1:2:3"];
    for (n, from) in home.into_iter().enumerate() {
        assert_eq!(sign_up(from, &format!("user{n}")).await, 201);
    }
    assert_eq!(sign_up("2001:db8:0:1::4", "user4").await, 429);
    let forwarded = |from: &str| [("x-forwarded-for", from.to_owned())];
    assert_eq!(guess(&natter, &forwarded("2001:db8:0:1:8::9")).await, 429);
    for (n, other) in ["2001:db8:0:2::1", "2001:db9:0:1::1", "::ffff:10.0.0.1"].into_iter().enumerate() {
        assert_eq!(sign_up(other, &format!("other{n}")).await, 201, "{other}");
    }
    // an IPv4 address is the same in both forms
    for _ in 0..2 {
        assert_eq!(guess(&natter, &forwarded("10.0.0.1")).await, 401);
    }
    assert_eq!(guess(&natter, &forwarded("::ffff:10.0.0.1")).await, 429);
}

#[tokio::test]
async fn messages_and_uploads_are_limited_by_user_whatever_the_address() {
    let natter = Natter::with(&["--proxies", "1", "--message-rate", "1", "--upload-rate", "2"]).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let again = natter.script().log_in("ada", &password_of("ada")).await;
    let mut statuses = Vec::new();
    for n in 0..5 {
        let who = if n % 2 == 0 { &ada } else { &again };
        let request = who.request(Method::POST, "/api/messages").header("x-forwarded-for", format!("10.0.{n}.1"));
        let request = request.json(&json!({ "message": "x" }));
        statuses.push(Answer::of(request.send().await.unwrap()).await.status);
    }
    assert_eq!(statuses[..3], [201; 3], "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
    bob.says("x").await;
    let mut statuses = Vec::new();
    for n in 0..3 {
        let request = ada.request(Method::POST, "/api/uploads").header("x-forwarded-for", format!("10.0.{n}.1"));
        statuses.push(Answer::of(request.query(&[("name", "a")]).body("x").send().await.unwrap()).await.status);
    }
    assert_eq!(statuses, [201, 201, 429]);
}
