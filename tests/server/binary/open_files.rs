//! The system's limit of open files.

use reqwest::Method;
use serde_json::json;
use tempfile::tempdir;

use crate::support::{Process, RawConnection, Script, Socket, new_user, password_of};

/// natter at a limit of `files`, and its first user.
async fn start(directory: &std::path::Path, files: u32) -> (Process, Script) {
    let natter = Process::with_open_files(directory, files);
    natter.script().post("/api/users", new_user("ada")).await.is(201);
    let ada = natter.script().log_in("ada", &password_of("ada")).await;
    (natter, ada)
}

async fn connect(natter: &Process, count: usize) -> Vec<RawConnection> {
    let mut open = Vec::new();
    for _ in 0..count {
        open.push(RawConnection::connect(natter.address).await);
    }
    open
}

#[tokio::test]
async fn natter_raises_a_low_limit() {
    let here = tempdir().unwrap();
    let (natter, _ada) = start(here.path(), 2_000).await;
    for connection in &mut connect(&natter, 200).await {
        assert!(connection.request_health("").await.unwrap().starts_with("http/1.1 200"));
    }
    assert!(!natter.log().contains("accept failed"), "{}", natter.log());
}

#[tokio::test]
async fn connections_leave_files_for_messages_and_uploads() {
    let here = tempdir().unwrap();
    let (natter, ada) = start(here.path(), 400).await;
    assert!(natter.log().contains("the limit of open files is low"), "{}", natter.log());
    let mut socket = Socket::open(&ada, "").await;
    let silent = connect(&natter, 500).await;
    for number in 0..5 {
        assert!(socket.says(&format!("number {number}")).await["seq"].is_u64());
        let upload = ada.request(Method::POST, "/api/uploads").query(&[("name", "a.txt")]).body(vec![b'a'; 100_000]);
        let id = upload.send().await.unwrap().json::<serde_json::Value>().await.unwrap()["id"].clone();
        let message = json!({ "message": "", "clientID": number.to_string(), "files": [{ "id": id }] });
        ada.post("/api/rooms/lobby/messages", message).await.is(201);
    }
    drop(silent);
    let mut late = RawConnection::connect(natter.address).await;
    assert!(late.request_health("").await.unwrap().starts_with("http/1.1 200"));
    assert!(!natter.log().contains("accept failed"), "{}", natter.log());
}
