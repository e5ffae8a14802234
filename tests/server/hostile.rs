//! Rubbish in bodies, paths and queries: a refusal that says why, on both stores, and never an error of the server.

use natter_test_support::ReplicaSet;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    rights::all_routes,
    support::{Answer, Natter, Script, password_of},
};

/// natter on each store, without rate limits. The replica set ends after them.
async fn natters() -> (Vec<Natter>, ReplicaSet) {
    let set = ReplicaSet::disposable().await;
    let url = set.url("UsersData");
    let embedded = Natter::unlimited().await;
    (vec![embedded, Natter::with(&["--rate-limits", "off", "--database", &url]).await], set)
}

/// An admin, another user, and a message of the admin in the lobby.
async fn admin_of(natter: &Natter) -> Script {
    let ada = natter.register("ada").await;
    natter.register("bob").await;
    ada.says("hello").await;
    ada
}

/// Logs in again if what was sent before ended the token, so that all of it is sent by somebody who may.
async fn still_in(ada: Script) -> Script {
    if ada.get("/api/users/ada").await.status == 200 { ada } else { ada.log_in("ada", &password_of("ada")).await }
}

fn filled(path: &str, with: impl Fn(&str) -> String) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(name) => with(name),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn valid(name: &str) -> String {
    let value = match name {
        "room" => "lobby",
        "seq" => "1",
        "userID" => "bob",
        "emoji" => "%F0%9F%91%8D",
        _ => "01a21e443a757293ac047c48a55e0f14",
    };
    value.to_owned()
}

/// The names of the properties of the JSON that an operation takes. Empty if it takes none.
fn properties(description: &Value, method: &str, path: &str) -> Vec<String> {
    let body =
        &description["paths"][path][method.to_lowercase()]["requestBody"]["content"]["application/json"]["schema"];
    let schema = body["$ref"].as_str().and_then(|reference| description.pointer(&reference[1..])).unwrap_or(body);
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// JSON that no operation takes, whatever its properties.
fn rubbish() -> Vec<Vec<u8>> {
    let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
    let texts = [
        String::new(),
        "{".into(),
        "null".into(),
        "[]".into(),
        "1e400".into(),
        "\"text\"".into(),
        "{\"$ne\": null}".into(),
        "{\"$where\": \"sleep(1000)\", \"a.b\": 1, \"\": 2}".into(),
        deep(1_000),
        deep(100_000),
        ["{\"a\":".repeat(1_000), "1".into(), "}".repeat(1_000)].concat(),
    ];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    all.push(b"{\"message\": \"\xFF\xFE\"}".to_vec());
    all
}

async fn send(ada: &Script, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = ada.request(method, path).header("content-type", kind).body(body);
    Answer::of(request.send().await.unwrap()).await
}

fn is_refusal(answer: &Answer) -> bool {
    (400..500).contains(&answer.status) && answer.json["message"].as_str().is_some_and(|message| !message.is_empty())
}

/// A route that takes a body.
struct Operation {
    method: String,
    /// The path, with ids of what is there.
    place: String,
    /// See [`properties`].
    names: Vec<String>,
}

async fn operations(ada: &Script) -> Vec<Operation> {
    let description = ada.get("/api/openapi.json").await.is(200).json;
    let routes = all_routes().into_iter().filter(|(method, _)| ["POST", "PUT", "PATCH"].contains(&method.as_str()));
    let operation = |(method, path): (String, String)| Operation {
        names: properties(&description, &method, &path),
        place: filled(&path, valid),
        method,
    };
    routes.map(operation).collect()
}

#[tokio::test]
async fn rubbish_in_json_is_refused() {
    let (natters, _set) = natters().await;
    for natter in &natters {
        let mut ada = admin_of(natter).await;
        let mut refused = 0;
        for Operation { method, place, names } in operations(&ada).await {
            for body in rubbish() {
                let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
                let answer = send(&ada, &method, &place, "application/json", body).await;
                assert!(answer.status < 500, "{method} {place} {shown}: {} {}", answer.status, answer.text);
                if !names.is_empty() {
                    assert!(is_refusal(&answer), "{method} {place} {shown}: {} {}", answer.status, answer.text);
                    refused += 1;
                }
            }
            ada = still_in(ada).await;
        }
        assert!(refused > 100, "{refused}");
        assert_eq!(ada.message(1).await["message"], "hello");
    }
}

#[tokio::test]
async fn an_operator_in_place_of_a_value_is_refused() {
    let (natters, _set) = natters().await;
    for natter in &natters {
        let mut ada = admin_of(natter).await;
        let mut refused = 0;
        for Operation { method, place, names } in operations(&ada).await {
            for name in &names {
                for value in
                    ["{\"$ne\":null}", "{\"$gt\":\"\"}", "[{\"$regex\":\".*\"}]", "1e400", "{\"a\":{\"a\":[[]]}}"]
                {
                    let body = format!("{{\"{name}\":{value}}}").into_bytes();
                    let answer = send(&ada, &method, &place, "application/json", body).await;
                    assert!(is_refusal(&answer), "{method} {place} {name} {value}: {} {}", answer.status, answer.text);
                    // the same name twice: neither counts
                    let body = format!("{{\"{name}\":\"a\",\"{name}\":{value}}}").into_bytes();
                    let answer = send(&ada, &method, &place, "application/json", body).await;
                    assert!(is_refusal(&answer), "{method} {place} {name} {value} twice: {}", answer.text);
                    refused += 2;
                }
                let nul = format!("{{\"{name}\":\"a\\u0000b\"}}").into_bytes();
                let answer = send(&ada, &method, &place, "application/json", nul).await;
                assert!(answer.status < 500, "{method} {place} {name} with NUL: {}", answer.text);
            }
            ada = still_in(ada).await;
        }
        assert!(refused > 300, "{refused}");
        let login = json!({ "userID": { "$ne": null }, "password": { "$ne": null } });
        assert!(is_refusal(&natter.script().post("/api/login", login).await));
    }
}

#[tokio::test]
async fn a_wrong_content_type_is_refused() {
    let (natters, _set) = natters().await;
    for natter in &natters {
        let mut ada = admin_of(natter).await;
        for Operation { method, place, names } in operations(&ada).await {
            for (kind, body) in [
                ("text/plain", "{}"),
                ("application/xml", "<a/>"),
                ("multipart/form-data", "no boundary"),
                ("multipart/form-data; boundary=x", "--y\r\n\r\n"),
                ("application/x-www-form-urlencoded", "%FF=%00&a[$ne]=1&&&=%"),
                ("\t", ""),
            ] {
                let answer = send(&ada, &method, &place, kind, body.as_bytes().to_vec()).await;
                assert!(answer.status < 500, "{method} {place} {kind}: {} {}", answer.status, answer.text);
                if !names.is_empty() {
                    assert!(answer.status >= 400, "{method} {place} {kind}: {} {}", answer.status, answer.text);
                }
            }
            ada = still_in(ada).await;
        }
    }
}

#[tokio::test]
async fn rubbish_in_paths_and_queries_is_refused() {
    let (natters, _set) = natters().await;
    let long = "a".repeat(4_000);
    let values = [
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "$ne",
        "%7B%22$ne%22:null%7D",
        "%FF",
        "-1",
        "1e400",
        "9999999999999999999",
        &long,
    ];
    let queries = [
        "limit=1e400&after[$ne]=1",
        "q=%00&sort=%FF",
        "limit=-1",
        "after=99999999999999999999",
        "before=%7B%7D",
        &long,
    ];
    for natter in &natters {
        let ada = admin_of(natter).await;
        for (method, path) in all_routes().into_iter().filter(|(method, _)| method == "GET" || method == "DELETE") {
            for value in values.iter().filter(|_| path.contains('{')) {
                let place = filled(&path, |_| (*value).to_owned());
                let answer = send(&ada, &method, &place, "text/plain", Vec::new()).await;
                // what is not there is deleted already
                let is_gone = method == "DELETE" && answer.status == 204;
                let is_refused = (300..500).contains(&answer.status);
                assert!(is_refused || is_gone, "{method} {place}: {} {}", answer.status, answer.text);
            }
            for query in queries.iter().filter(|_| method == "GET") {
                let place = format!("{}?{query}", filled(&path, valid));
                let answer = send(&ada, &method, &place, "text/plain", Vec::new()).await;
                assert!(answer.status < 500, "{method} {place}: {} {}", answer.status, answer.text);
            }
        }
        ada.get("/api/users/bob").await.is(200);
    }
}
