//! Login attempts are limited by account and network, so that guesses do not block the user.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Natter, Script, new_user, password_of};

/// Sends JSON from an address, as a proxy reports it.
async fn send_from(script: &Script, address: &str, method: Method, path: &str, body: serde_json::Value) -> Answer {
    let request = script.request(method, path).header("x-forwarded-for", address).json(&body);
    Answer::of(request.send().await.unwrap()).await
}

async fn log_in(natter: &Natter, address: &str, password: &str) -> Answer {
    send_from(&natter.script(), address, Method::POST, "/api/login", json!({ "userID": "ada", "password": password }))
        .await
}

const HOME: &str = "2001:db8:0:1::7";
const SAME_HOME: &str = "2001:db8:0:1:ffff::1";

/// Starts natter; ada signs up from [`HOME`].
async fn natter_with_ada() -> Natter {
    let natter = Natter::with(&["--account-attempts", "2", "--proxies", "1"]).await;
    send_from(&natter.script(), HOME, Method::POST, "/api/users", new_user("ada")).await.is(201);
    natter
}

#[tokio::test]
async fn guesses_from_one_network_do_not_block_other_networks() {
    let natter = natter_with_ada().await;
    for status in [401, 401, 429, 429] {
        log_in(&natter, "10.0.0.1", "not her secret").await.is(status);
    }
    log_in(&natter, "10.0.0.2", &password_of("ada")).await.is(200);
    log_in(&natter, HOME, "a slip of hers").await.is(401);
    log_in(&natter, SAME_HOME, &password_of("ada")).await.is(200);
    log_in(&natter, HOME, &password_of("ada")).await.is(429); // all addresses of a network count together
}

#[tokio::test]
async fn guesses_from_many_networks_do_not_block_networks_of_earlier_logins() {
    let mut natter = natter_with_ada().await;
    log_in(&natter, "10.0.0.1", &password_of("ada")).await.is(200);
    for n in 0..19 {
        log_in(&natter, &format!("10.1.0.{n}"), "not her secret").await.is(401);
    }
    log_in(&natter, "10.2.0.1", &password_of("ada")).await.is(429);
    log_in(&natter, "10.2.0.2", "not her secret").await.is(429);
    log_in(&natter, "10.0.0.1", &password_of("ada")).await.is(200);
    log_in(&natter, SAME_HOME, &password_of("ada")).await.is(200);
    // the networks of earlier logins are stored
    natter.restart().await;
    for n in 0..20 {
        log_in(&natter, &format!("10.1.0.{n}"), "not her secret").await.is(401);
    }
    log_in(&natter, "10.2.0.1", &password_of("ada")).await.is(429);
    log_in(&natter, HOME, &password_of("ada")).await.is(200);
}

#[tokio::test]
async fn a_failed_login_does_not_record_its_network() {
    let natter = natter_with_ada().await;
    log_in(&natter, "10.3.0.1", "not her secret").await.is(401);
    for n in 0..19 {
        log_in(&natter, &format!("10.1.0.{n}"), "not her secret").await.is(401);
    }
    log_in(&natter, "10.3.0.1", &password_of("ada")).await.is(429);
}

#[tokio::test]
async fn guesses_do_not_block_a_password_change() {
    let natter = natter_with_ada().await;
    let token = log_in(&natter, HOME, &password_of("ada")).await.is(200).json["jwtToken"].as_str().unwrap().to_owned();
    let ada = natter.script().with_token(&token);
    for n in 0..30 {
        log_in(&natter, &format!("10.1.0.{n}"), "not her secret").await;
    }
    let wrong = json!({ "password": "another secret", "currentPassword": "not this one" });
    send_from(&ada, "10.4.0.1", Method::PATCH, "/api/users/ada", wrong.clone()).await.is(422);
    let change = json!({ "password": "another secret", "currentPassword": password_of("ada") });
    send_from(&ada, "10.4.0.2", Method::PATCH, "/api/users/ada", change).await.is(200);

    // guesses with a stolen token are limited, and do not block the owner of the account
    let token = log_in(&natter, HOME, "another secret").await.is(200).json["jwtToken"].as_str().unwrap().to_owned();
    let ada = natter.script().with_token(&token);
    for status in [422, 422, 429] {
        send_from(&ada, "10.4.0.3", Method::PATCH, "/api/users/ada", wrong.clone()).await.is(status);
    }
    // all unknown networks share 20 attempts, of which the requests above used four
    for n in 0..16 {
        send_from(&ada, &format!("10.5.0.{n}"), Method::PATCH, "/api/users/ada", wrong.clone()).await.is(422);
    }
    send_from(&ada, "10.5.1.1", Method::PATCH, "/api/users/ada", wrong).await.is(429);
    let change = json!({ "password": "a third secret", "currentPassword": "another secret" });
    send_from(&ada, HOME, Method::PATCH, "/api/users/ada", change).await.is(200);
}
