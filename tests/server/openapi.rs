//! The OpenAPI description, and whether the API conforms to it.

use natter::domain::{Email, Name, Password, Text, UserId};
use serde_json::{Value, json};

use crate::support::{Answer, Natter, Script, new_user, password_of};

#[tokio::test]
async fn the_openapi_description_matches_its_snapshot() {
    let natter = Natter::start().await;
    let answer = natter.script().get("/api/openapi.json").await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    insta::assert_snapshot!("openapi", answer.text);
    let page = natter.browser().visit("/api/docs").await.is(200);
    let operations = page.texts("section h2");
    assert_eq!(operations.len(), 9);
    assert!(operations.contains(&"PATCH /api/users/{userID}".to_owned()), "{operations:?}");
    assert!(page.html.contains("<td>An address with a dotted domain; unique, ignoring case.</td>"));
}

struct Api {
    description: Value,
    /// Each operation with a status that was returned.
    seen: Vec<String>,
}

impl Api {
    /// Asserts that the status is documented for the operation, and that the body matches its schema.
    fn documents(&mut self, method: &str, path: &str, answer: Answer, status: u16) {
        let what = format!("{} {path} {status}", method.to_uppercase());
        let answer = answer.is(status);
        let documented = &self.description["paths"][path][method]["responses"][status.to_string()];
        assert!(documented.is_object(), "{what} is not documented");
        for name in documented["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
            assert!(answer.headers.contains_key(name), "{what}: {name} is missing");
        }
        let schema = documented["content"]["application/json"]["schema"].clone();
        if schema.is_object() {
            self.check(&what, &schema, &answer.json);
        } else if status >= 400 {
            assert!(answer.json["message"].is_string(), "{what}: {}", answer.text);
        } else {
            assert_eq!(answer.text, "", "{what}");
        }
        self.seen.push(what);
    }

    fn check(&self, at: &str, schema: &Value, value: &Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.check(at, self.description.pointer(&reference[1..]).expect(reference), value);
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds = &schema["type"];
        assert!(kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.contains(&json!(kind))), "{at}: {value}");
        for item in value.as_array().into_iter().flatten() {
            self.check(&format!("{at}[]"), &schema["items"], item);
        }
        for (name, field) in value.as_object().into_iter().flatten() {
            let property = schema["properties"].get(name).or(schema.get("additionalProperties"));
            let property = property.unwrap_or_else(|| panic!("{at}: {name} is not documented"));
            self.check(&format!("{at}.{name}"), property, field);
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(kind != "object" || value.get(name).is_some(), "{at}: {name} is missing");
        }
    }

    /// What is documented and was not returned.
    fn unseen(&self) -> Vec<String> {
        let mut unseen = Vec::new();
        for (path, methods) in self.description["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let statuses = operation["responses"].as_object().unwrap().keys();
                unseen.extend(statuses.map(|status| format!("{} {path} {status}", method.to_uppercase())));
            }
        }
        unseen.retain(|what| !self.seen.contains(what));
        unseen
    }
}

const USERS: &str = "/api/users";
const USER: &str = "/api/users/{userID}";
const MESSAGES: &str = "/api/messages";
const LOGIN: &str = "/api/login";

#[tokio::test]
async fn every_route_responds_as_documented() {
    let mut natter = Natter::with(&["--account-attempts", "3", "--message-rate", "1"]).await;
    let nobody = natter.script();
    let description = nobody.get("/api/openapi.json").await.is(200).json;
    let mut api = Api { description, seen: Vec::new() };
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    without_token(&mut api, &nobody).await;
    logins(&mut api, &nobody).await;
    messages(&mut api, &ada).await;
    users(&mut api, &nobody, &ada, &bob).await;
    invalid_requests(&mut api, &ada).await;

    natter.restart_with(&["--address-attempts", "1"]).await;
    nobody.post(USERS, json!({})).await.is(422);
    api.documents("post", USERS, nobody.post(USERS, new_user("cyd")).await, 429);
    natter.restart_with(&["--signup", "closed"]).await;
    api.documents("post", USERS, nobody.post(USERS, new_user("cyd")).await, 403);
    // load causes 429 and 503 on every route; other tests cover that
    let unseen = api.unseen().into_iter().filter(|what| !what.ends_with(" 429") && !what.ends_with(" 503"));
    assert_eq!(unseen.collect::<Vec<_>>(), [""; 0]);
}

/// Requests that are refused before a handler runs.
async fn invalid_requests(api: &mut Api, ada: &Script) {
    let own = "/api/users/ada";
    for (method, path, address) in [
        ("post", LOGIN, LOGIN),
        ("post", USERS, USERS),
        ("put", USER, own),
        ("patch", USER, own),
        ("delete", USER, own),
        ("post", MESSAGES, MESSAGES),
    ] {
        let request = || ada.request(method.to_uppercase().parse().unwrap(), address);
        let answer = async |request: reqwest::RequestBuilder| Answer::of(request.send().await.unwrap()).await;
        let foreign = request().header("origin", "https://evil.example").json(&json!({}));
        api.documents(method, path, answer(foreign).await, 403);
        if method == "delete" {
            api.documents(method, path, answer(request().query(&[("message", "keep")])).await, 400);
            continue;
        }
        let json = |body: String| request().header("content-type", "application/json").body(body);
        api.documents(method, path, answer(json("{".into())).await, 400);
        api.documents(method, path, answer(json(" ".repeat(65 * 1024))).await, 413);
        api.documents(method, path, answer(request().body("{}")).await, 415);
    }
    for (path, address) in [(USERS, "/api/users?limit=many"), (MESSAGES, "/api/messages?last=50")] {
        api.documents("get", path, ada.get(address).await, 400);
    }
}

/// Compares the lengths in the description with those in the rules.
#[tokio::test]
async fn the_description_states_the_enforced_limits() {
    let natter = Natter::start().await;
    let api = natter.script().get("/api/openapi.json").await.is(200).json;
    let schemas = &api["components"]["schemas"];
    let limit = |schema: &str, field: &str| {
        let property = &schemas[schema]["properties"][field];
        let described = property["$ref"].as_str().map_or(property, |reference| api.pointer(&reference[1..]).unwrap());
        described["maxLength"].as_u64().unwrap() as usize
    };
    assert_eq!(limit("NewAccount", "userID"), UserId::MAX);
    assert_eq!(limit("NewAccount", "name"), Name::MAX);
    assert_eq!(limit("NewAccount", "email"), Email::MAX);
    assert_eq!(limit("NewAccount", "password"), Password::MAX_BYTES);
    assert_eq!(limit("PostRequest", "message"), Text::MAX);
}

async fn without_token(api: &mut Api, nobody: &Script) {
    api.documents("get", USERS, nobody.get(USERS).await, 401);
    api.documents("get", USER, nobody.get("/api/users/ada").await, 401);
    api.documents("put", USER, nobody.put("/api/users/ada", json!({})).await, 401);
    api.documents("patch", USER, nobody.patch("/api/users/ada", json!({})).await, 401);
    api.documents("delete", USER, nobody.delete("/api/users/ada").await, 401);
    api.documents("get", MESSAGES, nobody.get(MESSAGES).await, 401);
    api.documents("post", MESSAGES, nobody.post(MESSAGES, json!({ "message": "hello" })).await, 401);
}

async fn logins(api: &mut Api, nobody: &Script) {
    // the sign-up was the first of three attempts
    api.documents("post", LOGIN, nobody.try_log_in("bob", &password_of("bob")).await, 200);
    api.documents("post", LOGIN, nobody.try_log_in("bob", "not his secret").await, 401);
    api.documents("post", LOGIN, nobody.try_log_in("bob", &password_of("bob")).await, 429);
    api.documents("post", LOGIN, nobody.post(LOGIN, json!({ "userID": "bob" })).await, 422);
}

async fn messages(api: &mut Api, ada: &Script) {
    let send = |client_id| json!({ "message": "hello", "clientID": client_id });
    api.documents("post", MESSAGES, ada.post(MESSAGES, send("1")).await, 201);
    api.documents("post", MESSAGES, ada.post(MESSAGES, send("1")).await, 200);
    let other = json!({ "message": "another", "clientID": "1" });
    api.documents("post", MESSAGES, ada.post(MESSAGES, other).await, 409);
    api.documents("post", MESSAGES, ada.post(MESSAGES, send("3")).await, 429);
    api.documents("post", MESSAGES, ada.post(MESSAGES, json!({ "message": "" })).await, 422);
    api.documents("get", MESSAGES, ada.get("/api/messages?limit=1").await, 200);
    api.documents("get", MESSAGES, ada.get("/api/messages?after=0&limit=1").await, 200);
    api.documents("get", MESSAGES, ada.get("/api/messages?limit=0").await, 422);
    api.documents("get", MESSAGES, ada.get("/api/messages?author=nobody").await, 404);
}

async fn users(api: &mut Api, nobody: &Script, ada: &Script, bob: &Script) {
    let changes = json!({ "name": "Bob", "email": "bob@example.org", "role": "member" });
    let taken = json!({ "name": "Bob", "email": "ada@example.org" });
    api.documents("post", USERS, nobody.post(USERS, new_user("cyd")).await, 201);
    api.documents("post", USERS, nobody.post(USERS, new_user("cyd")).await, 409);
    api.documents("post", USERS, nobody.post(USERS, json!({ "nickname": "Cyd" })).await, 422);
    api.documents("post", USERS, nobody.with_token("bad").post(USERS, new_user("dan")).await, 401);
    api.documents("get", USERS, ada.get("/api/users?limit=1").await, 200);
    api.documents("get", USERS, ada.get("/api/users?limit=0").await, 422);
    api.documents("get", USER, ada.get("/api/users/ada").await, 200);
    api.documents("get", USER, ada.get("/api/users/nobody").await, 404);
    for (method, one) in [("patch", "PATCH"), ("put", "PUT")] {
        let send = async |who: &Script, user_id: &str, body: &Value| {
            let request = who.request(one.parse().unwrap(), &format!("/api/users/{user_id}"));
            Answer::of(request.json(body).send().await.unwrap()).await
        };
        api.documents(method, USER, send(ada, "bob", &changes).await, 200);
        api.documents(method, USER, send(bob, "bob", &changes).await, 403);
        api.documents(method, USER, send(ada, "nobody", &changes).await, 404);
        api.documents(method, USER, send(bob, "bob", &taken).await, 409);
        api.documents(method, USER, send(bob, "bob", &json!({ "name": "" })).await, 422);
    }
    api.documents("delete", USER, bob.delete("/api/users/cyd").await, 403);
    api.documents("delete", USER, ada.delete("/api/users/nobody").await, 404);
    api.documents("delete", USER, ada.delete("/api/users/ada").await, 409);
    api.documents("delete", USER, ada.delete("/api/users/cyd?messages=some").await, 422);
    api.documents("delete", USER, ada.delete("/api/users/cyd").await, 204);
}
