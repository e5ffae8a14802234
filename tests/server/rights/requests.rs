//! Every route, asked by everybody who is not in the room.

use reqwest::{Method, Response, header::ORIGIN};
use serde_json::{Value, json};

use super::{
    outsiders::{Outsider, outsiders},
    routes::all_routes,
    secret_rooms::betrays_nothing,
};
use crate::support::Natter;

/// The routes that name no room. They are asked too: they must not show anything of the rooms. A new route belongs here
/// only if it reads and writes no room, or no room but those of the user.
const OF_NO_ROOM: [(&str, &str); 85] = [
    ("DELETE", "/api/sessions"),
    ("DELETE", "/api/sessions/{id}"),
    ("DELETE", "/api/uploads/{id}"),
    ("DELETE", "/api/users/{userID}"),
    ("DELETE", "/api/users/{userID}/avatar"),
    ("DELETE", "/api/users/{userID}/disabled"),
    ("DELETE", "/api/users/{userID}/sessions"),
    ("GET", "/"),
    ("GET", "/account"),
    ("GET", "/admin/audit"),
    ("GET", "/admin/rooms"),
    ("GET", "/admin/users"),
    ("GET", "/api/admin/users"),
    ("GET", "/api/audit"),
    ("GET", "/api/docs"),
    ("GET", "/api/mentions"),
    ("GET", "/api/messages"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/rooms"),
    ("GET", "/api/saved"),
    ("GET", "/api/search"),
    ("GET", "/api/sessions"),
    ("GET", "/api/settings"),
    ("GET", "/api/uploads/{id}"),
    ("GET", "/api/users"),
    ("GET", "/api/users/{userID}"),
    ("GET", "/avatars/{avatar}"),
    ("GET", "/direct/{users}"),
    ("GET", "/emoji"),
    ("GET", "/healthz"),
    ("GET", "/keys"),
    ("GET", "/login"),
    ("GET", "/login/link"),
    ("GET", "/login/password"),
    ("GET", "/manifest.webmanifest"),
    ("GET", "/mentions"),
    ("GET", "/metrics"),
    ("GET", "/notifications"),
    ("GET", "/people"),
    ("GET", "/people/{userID}"),
    ("GET", "/readyz"),
    ("GET", "/rooms"),
    ("GET", "/rooms/new"),
    ("GET", "/saved"),
    ("GET", "/search"),
    ("GET", "/search/complete"),
    ("GET", "/sidebar"),
    ("GET", "/signup"),
    // its frames are asked in `frames`
    ("GET", "/ws"),
    ("PATCH", "/api/settings"),
    ("PATCH", "/api/uploads/{id}"),
    ("PATCH", "/api/users/{userID}"),
    ("POST", "/account"),
    ("POST", "/account/avatar"),
    ("POST", "/account/avatar/remove"),
    ("POST", "/account/delete"),
    ("POST", "/account/password"),
    ("POST", "/account/sessions/end"),
    ("POST", "/account/settings"),
    ("POST", "/admin/users"),
    ("POST", "/admin/users/{userID}"),
    ("POST", "/admin/users/{userID}/delete"),
    ("POST", "/admin/users/{userID}/disable"),
    ("POST", "/admin/users/{userID}/enable"),
    ("POST", "/admin/users/{userID}/link"),
    ("POST", "/admin/users/{userID}/logout"),
    ("POST", "/api/direct"),
    ("POST", "/api/login"),
    ("POST", "/api/messages"),
    ("POST", "/api/rooms"),
    ("POST", "/api/uploads"),
    ("POST", "/api/users"),
    ("POST", "/api/users/{userID}/login-link"),
    ("POST", "/direct/{users}/messages"),
    ("POST", "/login"),
    ("POST", "/login/link"),
    ("POST", "/login/password"),
    ("POST", "/logout"),
    ("POST", "/rooms/new"),
    ("POST", "/rooms/read-all"),
    ("POST", "/signup"),
    ("POST", "/switch"),
    ("PUT", "/api/users/{userID}"),
    ("PUT", "/api/users/{userID}/avatar"),
    ("PUT", "/api/users/{userID}/disabled"),
];

/// Those that are not asked: they end the accounts and the sessions with which the others are asked.
const NOT_ASKED: [(&str, &str); 9] = [
    ("DELETE", "/api/users/{userID}"),
    ("DELETE", "/api/users/{userID}/sessions"),
    ("GET", "/ws"),
    ("POST", "/admin/users/{userID}/delete"),
    ("POST", "/admin/users/{userID}/disable"),
    ("POST", "/admin/users/{userID}/logout"),
    ("POST", "/logout"),
    ("PUT", "/api/users/{userID}/disabled"),
    ("DELETE", "/api/sessions"),
];

#[tokio::test]
async fn every_route_of_a_room_answers_404_to_everybody_else() {
    let natter = Natter::unlimited().await;
    let (outsiders, rooms) = outsiders(&natter).await;
    let routes = all_routes();
    let of_no_room: Vec<(&str, &str)> = routes
        .iter()
        .filter(|(_, path)| !path.contains("{room}"))
        .map(|(method, path)| (method.as_str(), path.as_str()))
        .collect();
    let unclassified: Vec<_> = of_no_room.iter().filter(|route| !OF_NO_ROOM.contains(route)).collect();
    assert!(unclassified.is_empty(), "name the room as {{room}}, or add it to OF_NO_ROOM: {unclassified:?}");
    let stale: Vec<_> = OF_NO_ROOM.iter().filter(|known| !of_no_room.contains(known)).collect();
    assert!(stale.is_empty(), "remove from OF_NO_ROOM: {stale:?}");
    for outsider in &outsiders {
        for (method, pattern) in routes.iter().filter(|(_, pattern)| pattern.contains("{room}")) {
            for room in rooms.ids() {
                let path = path(pattern, room).replace("{file}", &rooms.file);
                let what = format!("{} {method} {path}", outsider.who);
                let response = outsider.asks(method, &path, body(method, pattern)).await;
                let (status, to) = (response.status().as_u16(), location(&response));
                match (outsider.exists, path.starts_with("/api/")) {
                    (true, _) => assert_eq!(status, 404, "{what}"),
                    (false, true) => assert_eq!(status, 401, "{what}"),
                    // what was typed stays
                    _ if (method.as_str(), pattern.as_str()) == ("POST", "/rooms/{room}/messages") => {
                        assert_eq!(status, 401, "{what}");
                    }
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
async fn no_other_route_shows_a_room_to_everybody_else() {
    let natter = Natter::unlimited().await;
    let (outsiders, rooms) = outsiders(&natter).await;
    // in the index: what follows is not found because it may not be read
    let cyd = natter.script().log_in("cyd", &crate::support::password_of("cyd")).await;
    cyd.finds_in_time("still nobody knows", 1).await;
    let closed = &rooms.closed;
    let searches =
        ["treasure", "nobody knows", "between two", "from:cyd", "has:file", "is:mine", &format!("in:{closed}")]
            .map(|q| url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish());
    let searches = searches
        .iter()
        .flat_map(|q| [format!("/api/search?{q}"), format!("/api/search?{q}&sort=best"), format!("/search?{q}")]);
    let further = [
        "/search/complete?q=in:secret",
        "/api/rooms?browse=true&limit=200",
        "/api/rooms?browse=true&q=secret",
        "/rooms?q=secret",
        "/people?q=cyd",
        "/api/users/cyd",
        "/api/messages?author=cyd",
        "/api/messages?after=0",
        "/api/rooms/lobby/messages?author=cyd",
    ];
    let routes = OF_NO_ROOM.iter().filter(|route| !NOT_ASKED.contains(route));
    let requests: Vec<_> = routes
        .map(|(method, pattern)| (*method, path(pattern, ""), body(method, pattern)))
        .chain(further.map(str::to_owned).into_iter().chain(searches).map(|path| ("GET", path, None)))
        .collect();
    for outsider in &outsiders {
        for (method, path, body) in &requests {
            let response = outsider.asks(method, path, body.clone()).await;
            let what = format!("{} {method} {path}", outsider.who);
            let text = format!("{} {}", location(&response), response.text().await.unwrap());
            betrays_nothing(&what, &text);
            for id in rooms.ids() {
                if !path.contains(id) {
                    assert!(!text.contains(id), "{what}: the id of a room in {text}");
                } else if path.starts_with("/search") {
                    // shows what was typed, and no more than of a room that does not exist
                    let unknown = "x".repeat(id.len());
                    let other = outsider.asks(method, &path.replace(id, &unknown), None).await;
                    let other = format!("{} {}", location(&other), other.text().await.unwrap());
                    assert_eq!(text.replace(id, &unknown), other, "{what}");
                }
            }
        }
    }
}

/// The address of a route. What it names exists, so that the room is the only reason for 404.
fn path(pattern: &str, room: &str) -> String {
    let path =
        pattern.replace("{room}", room).replace("{seq}", "1").replace("{emoji}", "👍").replace("{name}", "a.txt");
    path.replace("{userID}", "cyd").replace("{users}", "cyd+dan").replace("{id}", "x")
}

/// A valid body of an API call.
fn body(method: &str, pattern: &str) -> Option<Value> {
    match (method, pattern.strip_prefix("/api")?) {
        ("POST", "/direct") => Some(json!({ "members": ["cyd", "dan"] })),
        ("POST", "/messages" | "/rooms/{room}/messages") => Some(json!({ "message": "x" })),
        ("POST", "/rooms") => Some(json!({ "name": "x", "kind": "closed", "members": ["cyd", "dan"] })),
        ("PATCH", "/settings") => Some(json!({ "theme": "light" })),
        ("PATCH", "/users/{userID}") => Some(json!({ "about": "x" })),
        ("PATCH", "/rooms/{room}") => Some(json!({ "topic": "x" })),
        ("PATCH", "/rooms/{room}/messages/{seq}") => Some(json!({ "message": "x", "textRev": 1 })),
        ("PUT", "/rooms/{room}/read") => Some(json!({ "seq": 1 })),
        ("PUT", "/rooms/{room}/level") => Some(json!({ "level": "nothing" })),
        ("PUT", "/rooms/{room}/members/{userID}") => Some(json!({ "role": "member" })),
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
            ("emoji", "👍"),
            ("textRev", "1"),
        ];
        let request = match body {
            Some(body) => request.json(&body),
            None if method == Method::POST => request.form(&form),
            None => request,
        };
        request.send().await.unwrap()
    }
}
