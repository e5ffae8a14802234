//! The OpenAPI description, and whether the API conforms to it.

mod administration;
mod avatars;
mod files;
mod messages;
mod rooms;
mod search;

use natter::domain::{About, Email, Name, Password, RoomName, Text, Topic, UserId};
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
    assert_eq!(operations.len(), 56);
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
        if let Some(either) = schema["oneOf"].as_array() {
            // null or a schema, or schemas of different types
            let fits = |schema: &&Value| schema["type"] == kind || (schema["$ref"].is_string() && !value.is_null());
            return self.check(at, either.iter().find(fits).unwrap_or_else(|| panic!("{at}: {value}")), value);
        }
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
const SETTINGS: &str = "/api/settings";
const MESSAGES: &str = "/api/messages";
const IN_ROOM: &str = "/api/rooms/{room}/messages";
const MESSAGE: &str = "/api/rooms/{room}/messages/{seq}";
const REACTION: &str = "/api/rooms/{room}/messages/{seq}/reactions/{emoji}";
const LOGIN: &str = "/api/login";

#[tokio::test]
async fn every_route_responds_as_documented() {
    let mut natter =
        Natter::with(&["--account-attempts", "3", "--message-rate", "1", "--max-file", "1", "--user-quota", "2"]).await;
    let nobody = natter.script();
    let description = nobody.get("/api/openapi.json").await.is(200).json;
    let mut api = Api { description, seen: Vec::new() };
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    without_token(&mut api, &nobody).await;
    logins(&mut api, &nobody).await;
    limits(&mut api, &ada).await;
    users(&mut api, &nobody, &ada, &bob).await;
    natter.restart_with(&["--message-rate", "1000"]).await;
    let archived = natter.create_archived_room("ada").await;
    for (described, messages) in [(MESSAGES, MESSAGES), (IN_ROOM, "/api/rooms/lobby/messages")] {
        posts(&mut api, &ada, described, messages).await;
    }
    changes(&mut api, &ada, &bob).await;
    in_archived_room(&mut api, &ada, archived.as_str()).await;
    invalid_requests(&mut api, &ada).await;
    messages::messages(&mut api, &nobody, &ada, &bob, archived.as_str()).await;
    files::files(&mut api, &nobody, &ada, &bob, archived.as_str()).await;
    rooms::rooms(&mut api, &mut natter, &ada, &bob).await;
    search::search(&mut api, &nobody, &ada).await;
    avatars::avatars(&mut api, &nobody, &ada, &bob).await;
    administration::administration(&mut api, &natter, &ada, &bob).await;

    natter.restart_with(&["--address-attempts", "1"]).await;
    nobody.post(USERS, json!({})).await.is(422);
    api.documents("post", USERS, nobody.post(USERS, new_user("cyd")).await, 429);
    natter.restart_with(&["--signup", "closed"]).await;
    api.documents("post", USERS, nobody.post(USERS, new_user("cyd")).await, 403);
    // load causes 429 and 503 on every route, and a full disk 507; other tests cover that
    let caused = [" 429", " 503", " 507"];
    let unseen = api.unseen().into_iter().filter(|what| !caused.iter().any(|status| what.ends_with(status)));
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
        ("patch", SETTINGS, SETTINGS),
        ("post", MESSAGES, MESSAGES),
        ("post", IN_ROOM, "/api/rooms/lobby/messages"),
        ("patch", MESSAGE, "/api/rooms/lobby/messages/1"),
        ("delete", MESSAGE, "/api/rooms/lobby/messages/1"),
        ("put", REACTION, "/api/rooms/lobby/messages/1/reactions/👍"),
        ("delete", REACTION, "/api/rooms/lobby/messages/1/reactions/👍"),
    ] {
        let request = || ada.request(method.to_uppercase().parse().unwrap(), address);
        let answer = async |request: reqwest::RequestBuilder| Answer::of(request.send().await.unwrap()).await;
        let foreign = request().header("origin", "https://evil.example").json(&json!({}));
        api.documents(method, path, answer(foreign).await, 403);
        if [MESSAGE, REACTION].contains(&path) && method != "patch" {
            continue; // it has no body and no query
        }
        if method == "delete" {
            api.documents(method, path, answer(request().query(&[("message", "keep")])).await, 400);
            continue;
        }
        let json = |body: String| request().header("content-type", "application/json").body(body);
        api.documents(method, path, answer(json("{".into())).await, 400);
        api.documents(method, path, answer(json(" ".repeat(65 * 1024))).await, 413);
        api.documents(method, path, answer(request().body("{}")).await, 415);
    }
    for (path, address) in [
        (USERS, "/api/users?limit=many"),
        (MESSAGES, "/api/messages?last=50"),
        (IN_ROOM, "/api/rooms/lobby/messages?last=50"),
    ] {
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
    assert_eq!(limit("RoomDraft", "name"), RoomName::MAX);
    assert_eq!(limit("RoomDraft", "topic"), Topic::MAX);
    assert_eq!(schemas["AboutInput"]["maxLength"], About::MAX);
}

async fn without_token(api: &mut Api, nobody: &Script) {
    api.documents("get", USERS, nobody.get(USERS).await, 401);
    api.documents("get", USER, nobody.get("/api/users/ada").await, 401);
    api.documents("put", USER, nobody.put("/api/users/ada", json!({})).await, 401);
    api.documents("patch", USER, nobody.patch("/api/users/ada", json!({})).await, 401);
    api.documents("delete", USER, nobody.delete("/api/users/ada").await, 401);
    api.documents("get", SETTINGS, nobody.get(SETTINGS).await, 401);
    api.documents("patch", SETTINGS, nobody.patch(SETTINGS, json!({})).await, 401);
    api.documents("get", MESSAGES, nobody.get(MESSAGES).await, 401);
    api.documents("post", MESSAGES, nobody.post(MESSAGES, json!({ "message": "hello" })).await, 401);
    let room = "/api/rooms/lobby/messages";
    api.documents("get", IN_ROOM, nobody.get(room).await, 401);
    api.documents("post", IN_ROOM, nobody.post(room, json!({ "message": "hello" })).await, 401);
    api.documents("get", MESSAGE, nobody.get("/api/rooms/lobby/messages/1").await, 401);
    api.documents("patch", MESSAGE, nobody.edits(1, 1, "hello").await, 401);
    api.documents("delete", MESSAGE, nobody.deletes(1).await, 401);
    api.documents("put", REACTION, nobody.reacts(1, "👍").await, 401);
    api.documents("delete", REACTION, nobody.takes_back(1, "👍").await, 401);
}

async fn logins(api: &mut Api, nobody: &Script) {
    // the sign-up was the first of three attempts
    api.documents("post", LOGIN, nobody.try_log_in("bob", &password_of("bob")).await, 200);
    api.documents("post", LOGIN, nobody.try_log_in("bob", "not his secret").await, 401);
    api.documents("post", LOGIN, nobody.try_log_in("bob", &password_of("bob")).await, 429);
    api.documents("post", LOGIN, nobody.post(LOGIN, json!({ "userID": "bob" })).await, 422);
}

async fn limits(api: &mut Api, ada: &Script) {
    for _ in 0..3 {
        ada.says("hello").await;
    }
    let room = "/api/rooms/lobby/messages";
    let hello = json!({ "message": "hello" });
    api.documents("post", MESSAGES, ada.post(MESSAGES, hello.clone()).await, 429);
    api.documents("post", IN_ROOM, ada.post(room, hello).await, 429);
    api.documents("patch", MESSAGE, ada.edits(1, 1, "hello!").await, 429);
    api.documents("delete", MESSAGE, ada.deletes(1).await, 429);
    api.documents("put", REACTION, ada.reacts(1, "👍").await, 429);
    api.documents("delete", REACTION, ada.takes_back(1, "👍").await, 429);
}

/// Reading and posting at the address `messages`, which has the path `described` in the description.
async fn posts(api: &mut Api, ada: &Script, described: &str, messages: &str) {
    let send = json!({ "message": "hello", "clientID": described.len().to_string() });
    let first = ada.post(messages, send.clone()).await;
    let seq = first.json["seq"].as_u64().unwrap();
    api.documents("post", described, first, 201);
    api.documents("post", described, ada.post(messages, send).await, 200);
    let other = json!({ "message": "another", "clientID": described.len().to_string() });
    api.documents("post", described, ada.post(messages, other).await, 409);
    api.documents("post", described, ada.post(messages, json!({ "message": "" })).await, 422);
    let reply = |to: u64| json!({ "message": "a reply", "replyTo": to });
    ada.post(messages, reply(seq)).await.is(201);
    api.documents("post", described, ada.post(messages, reply(999)).await, 404);
    ada.reacts(seq, "👍").await.is(200);
    ada.edits(seq, ada.message(seq).await["textRev"].as_u64().unwrap(), "hello!").await.is(200);
    let get = async |query: &str| ada.get(&format!("{messages}?{query}")).await;
    for query in ["limit=1", "after=0&limit=1", "from=1&limit=1", "around=2&limit=1", "thread=1", "pinned=true"] {
        api.documents("get", described, get(query).await, 200);
    }
    ada.deletes(seq).await.is(204);
    api.documents("post", described, ada.post(messages, reply(seq)).await, 410);
    api.documents("get", described, get("after=0&limit=500").await, 200);
    api.documents("get", described, get("limit=0").await, 422);
    api.documents("get", described, get("author=nobody").await, 404);
}

async fn changes(api: &mut Api, ada: &Script, bob: &Script) {
    let posted = bob.says("hello").await;
    let (seq, rev) = (posted["seq"].as_u64().unwrap(), posted["rev"].as_u64().unwrap());
    let path = format!("/api/rooms/lobby/messages/{seq}");
    api.documents("get", MESSAGE, bob.get(&path).await, 200);
    api.documents("get", MESSAGE, bob.get("/api/rooms/lobby/messages/999").await, 404);
    api.documents("patch", MESSAGE, bob.edits(seq, rev, "hello!").await, 200);
    api.documents("patch", MESSAGE, bob.edits(seq, rev, "hello?").await, 409);
    api.documents("patch", MESSAGE, ada.edits(seq, rev, "not mine").await, 403);
    api.documents("patch", MESSAGE, bob.edits(999, rev, "nothing").await, 404);
    api.documents("patch", MESSAGE, bob.edits(seq, rev, "").await, 422);
    api.documents("put", REACTION, ada.reacts(seq, "👍").await, 200);
    api.documents("put", REACTION, ada.reacts(999, "👍").await, 404);
    api.documents("put", REACTION, ada.reacts(seq, "x").await, 422);
    api.documents("delete", REACTION, ada.takes_back(seq, "👍").await, 200);
    api.documents("delete", REACTION, ada.takes_back(999, "👍").await, 404);
    api.documents("delete", REACTION, ada.takes_back(seq, "x").await, 422);
    api.documents("delete", MESSAGE, bob.deletes(seq).await, 204);
    api.documents("delete", MESSAGE, bob.deletes(999).await, 404);
    let admins = ada.says("by an admin").await["seq"].as_u64().unwrap();
    api.documents("delete", MESSAGE, bob.deletes(admins).await, 403);
    api.documents("patch", MESSAGE, bob.edits(seq, rev, "too late").await, 410);
    api.documents("put", REACTION, ada.reacts(seq, "👍").await, 410);
    api.documents("delete", REACTION, ada.takes_back(seq, "👍").await, 410);
}

async fn in_archived_room(api: &mut Api, ada: &Script, archived: &str) {
    let path = |seq: u64| format!("/api/rooms/{archived}/messages/{seq}");
    let edit = json!({ "message": "hello!", "textRev": 1 });
    api.documents("get", MESSAGE, ada.get(&path(2)).await, 200);
    api.documents("patch", MESSAGE, ada.patch(&path(1), edit).await, 409);
    api.documents("delete", MESSAGE, ada.delete(&path(1)).await, 409);
    for (method, name) in [("PUT", "put"), ("DELETE", "delete")] {
        let request = ada.request(method.parse().unwrap(), &format!("{}/reactions/👍", path(1)));
        api.documents(name, REACTION, Answer::of(request.send().await.unwrap()).await, 409);
    }
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
    api.documents("get", SETTINGS, bob.get(SETTINGS).await, 200);
    api.documents("patch", SETTINGS, bob.patch(SETTINGS, json!({ "theme": "dark" })).await, 200);
    api.documents("patch", SETTINGS, bob.patch(SETTINGS, json!({ "theme": "sepia" })).await, 422);
    api.documents("delete", USER, bob.delete("/api/users/cyd").await, 403);
    api.documents("delete", USER, ada.delete("/api/users/nobody").await, 404);
    api.documents("delete", USER, ada.delete("/api/users/ada").await, 409);
    api.documents("delete", USER, ada.delete("/api/users/cyd?messages=some").await, 422);
    api.documents("delete", USER, ada.delete("/api/users/cyd").await, 204);
}
