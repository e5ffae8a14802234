//! Every page and every answer of the API, of a natter whose texts are markup.

use reqwest::{Method, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use super::{
    checker::Read,
    everything::{Everything, RoomOf},
    texts::HOSTILE,
};
use crate::rights::all_routes;

/// The addresses of all routes that read something of a room, a person or a message.
fn of_room(room: &RoomOf) -> Vec<String> {
    let patterns = all_routes().into_iter().filter(|(method, pattern)| method == "GET" && pattern.contains('{'));
    let address = |pattern: String| match pattern.as_str() {
        "/rooms/{room}/files/{file}/{name}" => room.file.clone(),
        pattern => {
            let seq = room.seq.to_string();
            let names = [("{room}", room.id.as_str()), ("{seq}", &seq), ("{userID}", &room.user_id)];
            names
                .into_iter()
                .fold(pattern.replace("{users}", &room.user_id), |path, (name, value)| path.replace(name, value))
        }
    };
    let user_id = &room.user_id;
    let acts = ["edit", "more", "delete"].map(|act| format!("/admin/users?q={user_id}&{act}={user_id}"));
    let history = format!("/rooms/{}/messages?after=0", room.id);
    patterns.map(|(_, pattern)| address(pattern)).chain(acts).chain([history]).collect()
}

/// The addresses of all other routes that read something.
fn of_no_room() -> Vec<String> {
    let routes = all_routes().into_iter().filter(|(method, pattern)| method == "GET" && !pattern.contains('{'));
    let further = ["/search?q=x", "/search?q=alert", "/search/complete?q=in:", "/rooms/lobby/complete?q=@", "/?jwt=x"];
    let routes = routes.map(|(_, path)| path).filter(|path| path != "/ws" && path != "/search");
    routes.chain(further.map(str::to_owned)).collect()
}

async fn read(of: &Everything, path: &str) -> Response {
    let request = match path.starts_with("/api/") {
        true => of.ada.request(Method::GET, path),
        false => of.browser.request(Method::GET, path),
    };
    request.send().await.unwrap()
}

/// The answer to a path: its status, and what is in it if it is HTML. Checks what has no markup.
async fn answer(of: &Everything, path: &str) -> (StatusCode, Option<Read>) {
    let response = read(of, path).await;
    let status = response.status();
    assert_eq!(response.headers()["x-content-type-options"], "nosniff", "{path}");
    let kind = response.headers().get(CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let body = response.text().await.unwrap();
    match kind.as_str() {
        "text/html; charset=utf-8" => {
            let read = Read::of(&body);
            read.is_clean(path);
            return (status, Some(read));
        }
        "application/json" | "application/manifest+json" => {
            let _: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        "text/plain; charset=utf-8" | "text/plain" | "text/plain; version=0.0.4" | "" => {}
        other => panic!("{path}: {other}"),
    }
    (status, None)
}

/// Asserts that the paths of `hostile` have the elements that those of `plain` have. Returns how many are HTML.
async fn compare(hostile: &Everything, paths: &[String], plain: &[(StatusCode, Option<Read>)]) -> usize {
    let mut pages = 0;
    for (path, (plain_status, plain)) in paths.iter().zip(plain) {
        let (status, read) = answer(hostile, path).await;
        assert_eq!((status, read.is_some()), (*plain_status, plain.is_some()), "{path}");
        if let (Some(read), Some(plain)) = (read, plain) {
            pages += 1;
            // how many hits there are depends on the words of the texts
            if !path.starts_with("/search?") {
                read.has_the_elements_of(plain, path);
            }
        }
    }
    pages
}

async fn answers(of: &Everything, paths: &[String]) -> Vec<(StatusCode, Option<Read>)> {
    let mut answers = Vec::new();
    for path in paths {
        answers.push(answer(of, path).await);
    }
    answers
}

#[tokio::test]
async fn a_text_that_is_markup_is_text_on_every_page() {
    let plain: Vec<String> = (0..HOSTILE.len()).map(|n| format!("plain {n:02} text alert")).collect();
    let plain = Everything::with(&plain).await;
    let hostile = Everything::with(&HOSTILE.map(str::to_owned)).await;
    let pages = compare(&hostile, &of_no_room(), &answers(&plain, &of_no_room()).await).await;
    assert!(pages > 15, "{pages}");
    let plain = answers(&plain, &of_room(&plain.rooms[0])).await;
    // all texts are in the lists above
    for (room, text) in hostile.rooms.iter().zip(HOSTILE).step_by(3) {
        let pages = compare(&hostile, &of_room(room), &plain).await;
        assert!(pages > 12, "{pages}");
        for (path, css) in [
            (format!("/rooms/{}", room.id), &["#room-name", "#room-topic"][..]),
            (format!("/people/{}", room.user_id), &["main h1", ".about"]),
            (format!("/rooms/{}/members", room.id), &[".rows"]),
            (format!("/admin/users?q={}", room.user_id), &["td .name"]),
        ] {
            let page = hostile.browser.visit(&path).await.is(200);
            for css in css {
                assert!(page.texts(css).iter().any(|shown| shown.contains(text)), "{path} {css}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn the_api_returns_what_was_sent() {
    let texts: Vec<String> = HOSTILE.iter().step_by(3).map(|text| (*text).to_owned()).collect();
    let all = Everything::with(&texts).await;
    for (room, text) in all.rooms.iter().zip(&texts) {
        let message = |seq| format!("/api/rooms/{}/messages/{seq}", room.id);
        for (path, pointers) in [
            (format!("/api/users/{}", room.user_id), &["/name", "/about"][..]),
            (format!("/api/rooms/{}", room.id), &["/name", "/topic"]),
            (message(room.seq), &["/message"]),
            (message(room.with_file), &["/message", "/files/0/alt"]),
        ] {
            let answer = all.ada.get(&path).await.is(200);
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
            for pointer in pointers {
                assert_eq!(answer.json.pointer(pointer).and_then(Value::as_str), Some(text.as_str()), "{path}");
            }
        }
        let file = all.ada.request(Method::GET, &room.file).send().await.unwrap();
        let disposition = file.headers()["content-disposition"].to_str().unwrap().to_owned();
        let rest = disposition.strip_prefix("inline; filename=\"").expect("a text");
        let (ascii, utf8) = rest.split_once("\"; filename*=UTF-8''").expect("two names");
        assert!(!ascii.contains(['"', '\\', '%']), "{disposition}");
        assert!(utf8.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%._-".contains(&byte)), "{disposition}");
        assert_eq!(file.text().await.unwrap(), format!("text: {text}"));
    }
    let metrics = all.natter.browser().visit("/metrics").await;
    assert!(!metrics.html.contains("alert"), "{}", metrics.html);
}
