//! File permissions, the log and SIGTERM.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use serde_json::json;
use tempfile::tempdir;
use tokio::task::spawn_blocking;

use crate::support::{Browser, Process, Socket, new_user, password_of};

#[tokio::test]
async fn only_the_owner_can_read_the_data() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    let mode = |path: &str| fs::metadata(here.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/secret"), 0o600);
    assert!(fs::read(here.path().join("data/secret")).unwrap().len() >= 32);
    assert!(here.path().join("data/natter.db").is_file());
    natter.kill();
}

#[tokio::test]
async fn sigterm_closes_sockets_and_ends_natter() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &[]);
    let script = natter.script();
    script.post("/api/users", new_user("ada")).await.is(201);
    let ada = script.log_in("ada", &password_of("ada")).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(Socket::open(&ada, "").await);
    }
    // a socket that does not read must not delay the stop
    let silent = Socket::open(&ada, "").await;
    ada.says("the last word").await;
    let address = natter.address;
    let ending = spawn_blocking(move || natter.terminate());
    for socket in &mut sockets {
        assert_eq!(socket.close_frame().await, (1012, "restarting".to_owned()));
    }
    let (status, took) = ending.await.unwrap();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(silent);

    let natter = Process::start_on(here.path(), address, &[]);
    assert_eq!(ada.reads_after(0, 50).await[0]["message"], "the last word");
    natter.kill();
}

#[tokio::test]
async fn the_log_contains_no_secrets() {
    let here = tempdir().unwrap();
    let natter = Process::start(here.path(), &["--log", "debug", "--log-format", "json"]);
    let script = natter.script();
    script.post("/api/users", new_user("ada")).await.is(201);
    let ada = script.log_in("ada", &password_of("ada")).await;
    let browser = Browser::new(natter.address);
    browser.visit(&format!("/?jwt={}", ada.token())).await.is(200);
    browser.log_in("ada").await;
    let mut socket = Socket::open(&script, &format!("?jwt={}", ada.token())).await;
    socket.says("nobody's business").await;
    script.try_log_in("ada", "a wrong secret").await.is(401);
    ada.patch("/api/users/ada", json!({ "password": "short" })).await.is(422);
    script.post("/api/users", json!({ "password": 12_345_678 })).await.is(422);
    let (status, _) = spawn_blocking(move || natter.terminate()).await.unwrap();
    assert!(status.success());

    let log = fs::read_to_string(here.path().join("log")).unwrap();
    assert!(log.contains("\"path\":\"/ws\"") && log.contains("stopping"), "{log}");
    let secret = fs::read_to_string(here.path().join("data/secret")).unwrap();
    let signature = ada.token().rsplit('.').next().unwrap();
    for hidden in [
        signature,
        "jwt=",
        &password_of("ada"),
        "a wrong secret",
        "$2b$",
        &secret,
        &browser.cookies(),
        "nobody's business",
        "12345678",
    ] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}
