//! The calls of sessions and of administration.

use super::Api;
use crate::support::{Answer, Natter, Script};

const SESSIONS: &str = "/api/sessions";
const SESSION: &str = "/api/sessions/{id}";
const USERS: &str = "/api/admin/users";
const DISABLED: &str = "/api/users/{userID}/disabled";
const ALL_SESSIONS: &str = "/api/users/{userID}/sessions";
const LINK: &str = "/api/users/{userID}/login-link";
const AUDIT: &str = "/api/audit";

/// Each operation, with the status of what it answers an admin about bob; the last one ends bob's token.
const OPERATIONS: [(&str, &str, u16); 9] = [
    ("get", SESSIONS, 200),
    ("delete", SESSIONS, 204),
    ("delete", SESSION, 404),
    ("get", USERS, 200),
    ("get", AUDIT, 200),
    ("delete", DISABLED, 204),
    ("post", LINK, 201),
    ("put", DISABLED, 204),
    ("delete", ALL_SESSIONS, 204),
];

/// `ada` is an admin, `bob` is not. Bob is left as he was, but for his tokens.
pub(super) async fn administration(api: &mut Api, natter: &Natter, ada: &Script, bob: &Script) {
    let ask = async |who: &Script, method: &str, path: &str| {
        Answer::of(who.request(method.to_uppercase().parse().unwrap(), path).send().await.unwrap()).await
    };
    let of = |pattern: &str, user_id: &str| pattern.replace("{userID}", user_id).replace("{id}", "none");
    for (method, pattern, _) in OPERATIONS {
        api.documents(method, pattern, ask(&natter.script(), method, &of(pattern, "bob")).await, 401);
        if method != "get" {
            let foreign = ada.request(method.to_uppercase().parse().unwrap(), &of(pattern, "bob"));
            let foreign = foreign.header("origin", "https://evil.example");
            api.documents(method, pattern, Answer::of(foreign.send().await.unwrap()).await, 403);
        }
        if ![SESSIONS, SESSION].contains(&pattern) {
            api.documents(method, pattern, ask(bob, method, &of(pattern, "bob")).await, 403);
        }
        if pattern.contains("{userID}") {
            api.documents(method, pattern, ask(ada, method, &of(pattern, "nobody")).await, 404);
        }
    }
    for pattern in [USERS, AUDIT] {
        api.documents("get", pattern, ask(ada, "get", &format!("{pattern}?limit=many")).await, 400);
        api.documents("get", pattern, ask(ada, "get", &format!("{pattern}?limit=0")).await, 422);
    }
    let browser = natter.browser();
    browser.log_in("bob").await;
    browser.visit("/rooms/lobby").await.is(200);
    let sessions = bob.get(SESSIONS).await;
    let id = sessions.json["sessions"][0]["id"].as_str().unwrap_or_else(|| panic!("{}", sessions.text)).to_owned();
    api.documents("get", SESSIONS, sessions, 200);
    api.documents("delete", SESSION, bob.delete(&format!("/api/sessions/{id}")).await, 204);
    for (method, pattern, status) in OPERATIONS {
        api.documents(method, pattern, ask(ada, method, &of(pattern, "bob")).await, status);
    }
    api.documents("put", DISABLED, ask(ada, "put", &of(DISABLED, "ada")).await, 409);
    let own = ask(ada, "post", &of(LINK, "ada")).await;
    assert!(!own.text.contains("token="), "{}", own.text);
    api.documents("post", LINK, own, 409);
    api.documents("post", LINK, ask(ada, "post", &of(LINK, "bob")).await, 409);
    ask(ada, "delete", &of(DISABLED, "bob")).await.is(204);
}
