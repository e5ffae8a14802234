//! Every route, asked by everybody who is not in the room.

use reqwest::{Method, Response, header::ORIGIN};
use serde_json::{Value, json};

use super::{
    outsiders::{Outsider, outsiders},
    routes::all_routes,
    secret_rooms::betrays_nothing,
};
use crate::support::Natter;

/// The routes that name no room. Those that are read are asked too: they must not show anything of the rooms. A new route
/// belongs here only if it reads and writes no room, or no room but those of the user.
const OF_NO_ROOM: [&str; 31] = [
    "/",
    "/account",
    "/account/delete",
    "/account/password",
    "/admin/users",
    "/admin/users/{userID}",
    "/admin/users/{userID}/delete",
    "/api/direct",
    "/api/docs",
    "/api/login",
    "/api/messages",
    "/api/openapi.json",
    "/api/rooms",
    "/api/users",
    "/api/users/{userID}",
    "/direct/{users}",
    "/direct/{users}/messages",
    "/healthz",
    "/login",
    "/logout",
    "/metrics",
    "/people",
    "/people/{userID}",
    "/readyz",
    "/rooms",
    "/rooms/new",
    "/rooms/read-all",
    "/sidebar",
    "/signup",
    "/switch",
    // its frames are asked in `frames`
    "/ws",
];

#[tokio::test]
async fn every_route_of_a_room_answers_404_to_everybody_else() {
    let natter = Natter::unlimited().await;
    let (outsiders, rooms) = outsiders(&natter).await;
    let routes = all_routes();
    let unclassified: Vec<_> =
        routes.iter().filter(|(_, path)| !path.contains("{room}") && !OF_NO_ROOM.contains(&path.as_str())).collect();
    assert!(unclassified.is_empty(), "name the room as {{room}}, or add it to OF_NO_ROOM: {unclassified:?}");
    let stale: Vec<_> = OF_NO_ROOM.iter().filter(|known| routes.iter().all(|(_, path)| path != *known)).collect();
    assert!(stale.is_empty(), "remove from OF_NO_ROOM: {stale:?}");
    for outsider in &outsiders {
        for (method, pattern) in routes.iter().filter(|(_, pattern)| pattern.contains("{room}")) {
            for room in rooms.ids() {
                let path = path(pattern, room);
                let what = format!("{} {method} {path}", outsider.who);
                let response = outsider.asks(method, &path, body(method, pattern)).await;
                let (status, to) = (response.status().as_u16(), location(&response));
                match (outsider.exists, path.starts_with("/api/")) {
                    (true, _) => assert_eq!(status, 404, "{what}"),
                    (false, true) => assert_eq!(status, 401, "{what}"),
                    (false, false) => assert!(status == 303 && to.starts_with("/login"), "{what}: {status} {to}"),
                }
                betrays_nothing(&what, &format!("{to} {}", response.text().await.unwrap()));
            }
        }
    }
    // nothing has changed
    for room in rooms.ids() {
        let cyd = natter.script().log_in("cyd", &crate::support::password_of("cyd")).await;
        let members = cyd.get(&format!("/api/rooms/{room}/members")).await.is(200).json;
        let mut members: Vec<&str> =
            members["members"].as_array().unwrap().iter().map(|member| member["userID"].as_str().unwrap()).collect();
        members.sort_unstable();
        assert_eq!(members, ["cyd", "dan"]);
    }
}

#[tokio::test]
async fn no_list_shows_a_room_to_everybody_else() {
    let natter = Natter::unlimited().await;
    let (outsiders, rooms) = outsiders(&natter).await;
    let further = [
        "/api/rooms?browse=true&limit=200",
        "/api/rooms?browse=true&q=secret",
        "/rooms?q=secret",
        "/people?q=cyd",
        "/api/users/cyd",
        "/api/messages?author=cyd",
        "/api/messages?after=0",
        "/api/rooms/lobby/messages?author=cyd",
    ];
    let routes = all_routes();
    let read = routes.iter().filter(|(method, path)| method == "GET" && OF_NO_ROOM.contains(&path.as_str()));
    let paths: Vec<String> = read.map(|(_, pattern)| path(pattern, "")).chain(further.map(String::from)).collect();
    for outsider in &outsiders {
        for path in paths.iter().filter(|path| *path != "/ws") {
            let response = outsider.asks("GET", path, None).await;
            let what = format!("{} GET {path}", outsider.who);
            let text = format!("{} {}", location(&response), response.text().await.unwrap());
            betrays_nothing(&what, &text);
            rooms.ids().iter().for_each(|id| assert!(!text.contains(id), "{what}: the id of a room in {text}"));
        }
    }
}

/// The address of a route. What it names exists, so that the room is the only reason for 404.
fn path(pattern: &str, room: &str) -> String {
    let path = pattern.replace("{room}", room).replace("{seq}", "1").replace("{emoji}", "👍");
    path.replace("{userID}", "cyd").replace("{users}", "cyd")
}

/// A valid body of an API call.
fn body(method: &str, pattern: &str) -> Option<Value> {
    let end = pattern.strip_prefix("/api/rooms/{room}")?;
    match (method, end) {
        ("PATCH", "") => Some(json!({ "topic": "x" })),
        ("POST", "/messages") => Some(json!({ "message": "x" })),
        ("PATCH", "/messages/{seq}") => Some(json!({ "message": "x", "textRev": 1 })),
        ("PUT", "/read") => Some(json!({ "seq": 1 })),
        ("PUT", "/level") => Some(json!({ "level": "nothing" })),
        ("PUT", "/members/{userID}") => Some(json!({ "role": "member" })),
        _ => None,
    }
}

fn location(response: &Response) -> String {
    response.headers().get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default()
}

impl Outsider {
    /// Asks as a script below `/api`, as a browser elsewhere; a form has every field that any form has.
    async fn asks(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let method: Method = method.parse().unwrap();
        let request = match path.starts_with("/api/") {
            true => self.script.request(method.clone(), path),
            false => {
                self.browser.request(method.clone(), path).header(ORIGIN, format!("http://{}", self.browser.address))
            }
        };
        let form = [
            ("message", "x"),
            ("clientID", "x"),
            ("seq", "1"),
            ("level", "nothing"),
            ("starred", "true"),
            ("everyone", "true"),
            ("members", "cyd"),
            ("role", "member"),
            ("name", "x"),
            ("topic", "x"),
            ("kind", "open"),
        ];
        let request = match body {
            Some(body) => request.json(&body),
            None if method == Method::POST => request.form(&form),
            None => request,
        };
        request.send().await.unwrap()
    }
}
