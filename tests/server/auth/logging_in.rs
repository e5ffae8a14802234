//! Logging in, and the limits on attempts.

use futures_util::{StreamExt, stream::FuturesUnordered};
use serde_json::json;

use crate::support::{Answer, Natter, new_user, password_of};

#[tokio::test]
async fn a_login_returns_a_token_for_an_hour_and_its_user() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let answer = natter.script().try_log_in("ADA", &password_of("ada")).await.is(200);
    let token = answer.json["jwtToken"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3);
    let expected = json!({
        "jwtToken": token, "expiresIn": 3600, "user": { "userID": "ada", "name": "Ada", "role": "admin" },
    });
    assert_eq!(answer.json, expected);
    assert_eq!(answer.header("cache-control"), "no-store");
    natter.script().with_token(token).get("/api/users/ada").await.is(200);
}

/// What a client can compare.
fn visible_parts(answer: &Answer) -> (u16, String, Vec<String>) {
    let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    (answer.status, answer.text.clone(), headers)
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_response() {
    let natter = Natter::start().await;
    natter.register("ada").await;
    let wrong = natter.script().try_log_in("ada", "not her secret").await;
    assert_eq!(wrong.json, json!({ "message": "This user ID and password don't match." }));
    assert_eq!(wrong.status, 401);
    for (user_id, password) in [("bob", "not her secret"), ("no user id", "x"), ("", ""), ("ada", "")] {
        assert_eq!(
            visible_parts(&natter.script().try_log_in(user_id, password).await),
            visible_parts(&wrong),
            "{user_id:?}"
        );
    }
    natter.script().post("/api/login", json!({ "userID": "ada" })).await.is(422);
    let unknown = json!({ "userID": "ada", "password": "x", "remember": true });
    natter.script().post("/api/login", unknown).await.is(422);
}

#[tokio::test]
async fn attempts_are_limited_by_account() {
    let natter = Natter::with(&["--account-attempts", "3"]).await;
    natter.script().post("/api/users", new_user("ada")).await.is(201);
    natter.script().post("/api/users", new_user("bob")).await.is(201);
    for user_id in ["ada", "Ada", "ADA"] {
        natter.script().try_log_in(user_id, "not her secret").await.is(401);
    }
    let limited = natter.script().try_log_in("ada", &password_of("ada")).await;
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((240..=300).contains(&wait), "a third of a quarter of an hour, but {wait} s");
    limited.says(429, "Too many attempts. Try again in 5 minutes.");
    natter.script().try_log_in("bob", &password_of("bob")).await.is(200);

    let browser = natter.browser();
    let page = browser.submit("/login", &[("userID", "ada"), ("password", &password_of("ada"))]).await.is(429);
    assert!(page.headers.contains_key("retry-after"));
    assert_eq!(page.text(".alert"), "Too many attempts. Try again in 5 minutes.");
    assert_eq!((page.value_of("userID"), page.value_of("password")), ("ada".into(), String::new()));
}

#[tokio::test]
async fn attempts_and_sign_ups_are_limited_by_address() {
    let natter = Natter::with(&["--address-attempts", "3", "--proxies", "1"]).await;
    let attempt = async |from: &str, user_id: &str| {
        let login = json!({ "userID": user_id, "password": "a guess of mine" });
        let request = natter.script().request(reqwest::Method::POST, "/api/login").json(&login);
        // only the last entry is the proxy's; a client may send the ones before it
        let request = request.header("x-forwarded-for", format!("10.9.9.9, {from}"));
        Answer::of(request.send().await.unwrap()).await.status
    };
    for user_id in ["ada", "bob", "cyd"] {
        assert_eq!(attempt("10.0.0.1", user_id).await, 401);
    }
    assert_eq!(attempt("10.0.0.1", "dan").await, 429);
    assert_eq!(attempt("10.0.0.2", "dan").await, 401);
    let request = natter.script().request(reqwest::Method::POST, "/api/users").json(&new_user("ada"));
    let answer = Answer::of(request.header("x-forwarded-for", "10.0.0.1").send().await.unwrap()).await;
    assert_eq!((answer.status, answer.headers.contains_key("retry-after")), (429, true));
}

#[tokio::test]
async fn logins_beyond_the_queue_are_refused_at_once() {
    let natter = Natter::with(&["--bcrypt-cost", "9", "--rate-limits", "off"]).await;
    let script = natter.script();
    let mut logins: FuturesUnordered<_> = (0..120).map(|_| script.try_log_in("ada", "a guess of mine")).collect();
    let busy = loop {
        let answer = logins.next().await.expect("only 64 logins may wait");
        if answer.status != 401 {
            break answer;
        }
    };
    assert_eq!(busy.header("retry-after"), "5");
    busy.says(503, "The server is busy. Nothing was changed; try again in a moment.");
    drop(logins); // a login whose connection is closed leaves the queue
    script.try_log_in("ada", "a guess of mine").await.is(401);
}
