//! What is not in the log, even if it is detailed.

use reqwest::Method;
use serde_json::json;
use tempfile::tempdir;

use crate::{
    files::multipart,
    support::{Answer, Browser, Process, Socket},
};

const PASSWORD: &str = "zqpassword-Aa1!";
const WRONG: &str = "zqguess-Aa1!";
const TEXT: &str = "zqtext of a message";
const FILE: &str = "zqfilename.txt";
const ALT: &str = "zqalternative";
const SOUGHT: &str = "zqsought";

#[tokio::test]
async fn no_secret_text_or_name_of_a_file_is_logged_and_no_line_is_forged() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &["--log", "info,natter=debug"]);
    let script = natter.script();
    let account = json!({ "userID": "ada", "name": "Ada", "email": "ada@example.org", "password": PASSWORD });
    script.post("/api/users", account).await.is(201);
    script.try_log_in("ada", WRONG).await.is(401);
    let ada = script.log_in("ada", PASSWORD).await;
    let browser = Browser::new(natter.address);
    browser.visit(&format!("/?jwt={}", ada.token())).await.is(200);
    let mut socket = Socket::open(&script, &format!("?jwt={}&after=0", ada.token())).await;
    ada.says(TEXT).await;
    socket.sees(&format!("Ada: {TEXT}")).await;
    let (kind, body) = multipart(&[
        ("message", None, TEXT.as_bytes()),
        ("file", Some(FILE), b"zqcontent"),
        ("alt", None, ALT.as_bytes()),
    ]);
    let posted =
        ada.request(Method::POST, "/api/messages").header("content-type", kind).body(body).send().await.unwrap();
    let posted = Answer::of(posted).await.is(201).json;
    ada.get(posted["files"][0]["url"].as_str().unwrap()).await.is(200);
    ada.get(&format!("/api/search?q={SOUGHT}")).await.is(200);
    ada.get("/api/users/ada%0d%0aERROR%20zqforged").await;
    ada.get("/api/users/ada%0aERROR").await;
    let request = ada.request(Method::GET, "/api/users").header("x-request-id", "id\tERROR zqforged");
    request.send().await.unwrap();
    ada.patch("/api/users/ada", json!({ "password": format!("{PASSWORD}2"), "currentPassword": WRONG })).await;
    ada.post("/api/messages", json!({ "message": { "zqtext": 1 } })).await;

    let log = natter.log();
    assert!(log.lines().count() > 10 && log.contains("/api/search"), "{log}");
    let parts: Vec<&str> = ada.token().split('.').collect();
    for secret in [PASSWORD, WRONG, "zqtext", "zqfilename", ALT, SOUGHT, "zqcontent", "$2b$", parts[1], parts[2]] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    let secret = std::fs::read_to_string(here.path().join("data/secret")).unwrap();
    assert!(!log.contains(secret.trim()));
    // each line begins with its time
    let forged = log.lines().find(|line| !line.starts_with("20") && !line.starts_with("\u{1b}[2m20"));
    assert_eq!(forged, None);
}
