//! Uploading over the API.

use reqwest::Method;
use serde_json::json;

use super::with_two;
use crate::support::{Answer, Natter, Script};

impl Script {
    async fn goes_on(&self, id: &str, offset: u64, bytes: &[u8]) -> Answer {
        let request = self.request(Method::PATCH, &format!("/api/uploads/{id}"));
        let request = request.header("Upload-Offset", offset).body(bytes.to_vec());
        Answer::of(request.send().await.unwrap()).await
    }

    async fn begins(&self, name: &str, size: u64) -> String {
        let request = self.request(Method::POST, "/api/uploads").query(&[("name", name), ("size", &size.to_string())]);
        let answer = Answer::of(request.send().await.unwrap()).await.is(201);
        assert_eq!((&answer.json["offset"], &answer.json["complete"]), (&json!(0), &json!(null)));
        answer.json["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_upload_goes_on_from_its_offset() {
    let (_natter, ada, _) = with_two().await;
    let bytes: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    let id = ada.begins("../../numbers.bin", bytes.len() as u64).await;
    let answer = ada.goes_on(&id, 0, &bytes[..1_000_000]).await.is(200);
    assert_eq!((answer.header("upload-offset"), &answer.json["offset"]), ("1000000", &json!(1_000_000)));
    let state = ada.get(&format!("/api/uploads/{id}")).await.is(200);
    assert_eq!((&state.json["offset"], &state.json["name"]), (&json!(1_000_000), &json!("numbers.bin")));
    let head = ada.request(Method::HEAD, &format!("/api/uploads/{id}")).send().await.unwrap();
    assert_eq!(head.headers()["upload-offset"], "1000000");
    assert_eq!(head.headers()["upload-length"], "2800000");
    assert_eq!(ada.goes_on(&id, 5, &bytes[5..]).await.is(409).header("upload-offset"), "1000000");
    let done = ada.goes_on(&id, 1_000_000, &bytes[1_000_000..]).await.is(200);
    assert_eq!((&done.json["complete"], &done.json["type"]), (&json!(true), &json!("application/octet-stream")));
    // the answer may have been lost
    assert_eq!(ada.goes_on(&id, 1_000_000, &bytes[1_000_000..]).await.is(200).json["complete"], true);
    let posted = ada.posts_files("lobby", "numbers", &[&id]).await.is(201).json;
    let file = &posted["files"][0];
    let sha256 = ring::digest::digest(&ring::digest::SHA256, &bytes);
    assert_eq!(file["sha256"], hex::encode(sha256), "of all bytes, though they came in two requests");
    assert_eq!(ada.reads(file["url"].as_str().unwrap(), &[]).await.bytes, bytes);
}

#[tokio::test]
async fn an_upload_is_of_its_owner_alone() {
    let (_natter, ada, bob) = with_two().await;
    let id = ada.uploads("a.txt", b"mine").await;
    bob.get(&format!("/api/uploads/{id}")).await.is(404);
    bob.goes_on(&id, 0, b"x").await.is(404);
    bob.delete(&format!("/api/uploads/{id}")).await.is(204);
    bob.posts_files("lobby", "stolen", &[&id]).await.is(422);
    ada.get(&format!("/api/uploads/{id}")).await.is(200);
    ada.delete(&format!("/api/uploads/{id}")).await.is(204);
    ada.get(&format!("/api/uploads/{id}")).await.is(404);
    ada.posts_files("lobby", "cancelled", &[&id]).await.blames(
        422,
        "file",
        "This file is not here any more, or a message has it. Add it again.",
    );
    let nobody = ada.with_token("x");
    nobody.uploads_as("a", b"x").await.is(401);
}

#[tokio::test]
async fn a_message_needs_a_text_or_a_file() {
    let (_natter, ada, _) = with_two().await;
    ada.posts_files("lobby", "", &[]).await.blames(422, "message", "Write something first.");
    let id = ada.uploads("a.txt", b"text").await;
    let posted = ada.posts_files("lobby", "", &[&id]).await.is(201).json;
    assert_eq!((&posted["message"], &posted["files"][0]["type"]), (&json!(""), &json!("text/plain")));
    ada.posts_files("lobby", "again", &[&id]).await.is(422);
    let mut many = Vec::new();
    for _ in 0..11 {
        many.push(ada.uploads("a.txt", b"text").await);
    }
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    ada.posts_files("lobby", "", &many).await.blames(422, "file", "A message has at most 10 files.");
    assert_eq!(ada.posts_files("lobby", "", &many[1..]).await.is(201).json["files"].as_array().unwrap().len(), 10);
    for id in ["", "x", "0197f9c4d65f7c8ba8d0f0f0f0f0f0f0"] {
        ada.posts_files("lobby", "no such file", &[id]).await.is(422);
    }
    let too_long = json!({ "message": "", "files": [{ "id": many[0], "alt": "x".repeat(501) }] });
    ada.post("/api/messages", too_long).await.blames(422, "alt", "Use at most 500 characters.");
}

#[tokio::test]
async fn a_repeat_has_the_same_files() {
    let (_natter, ada, _) = with_two().await;
    let (one, two) = (ada.uploads("a.txt", b"one").await, ada.uploads("b.txt", b"two").await);
    let message = |id: &str| json!({ "message": "hi", "clientID": "c1", "files": [{ "id": id, "alt": "a note" }] });
    let first = ada.post("/api/messages", message(&one)).await.is(201).json;
    assert_eq!(ada.post("/api/messages", message(&one)).await.is(200).json, first);
    ada.post("/api/messages", message(&two)).await.is(409);
    ada.post("/api/messages", json!({ "message": "hi", "clientID": "c1" })).await.is(409);
}

#[tokio::test]
async fn the_limits_are_settings_and_their_errors_say_so() {
    let settings = ["--max-file", "1", "--user-quota", "2", "--server-quota", "3", "--upload-rate", "7"];
    let natter = Natter::with(&settings).await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    let mib = vec![1_u8; 1 << 20];
    let too_large = "A file has at most 1 MiB. Make it smaller, or send a link to it.";
    ada.uploads_as("a", &[&mib[..], b"1"].concat()).await.blames(413, "file", too_large);
    ada.uploads_as("a", b"").await.blames(422, "file", "A file without content cannot be sent. Choose another one.");
    ada.uploads("a", &mib).await;
    ada.uploads("b", &mib).await;
    let full = "Your files would need more space than one person has here. Delete some first.";
    ada.uploads_as("c", b"1").await.blames(409, "file", full);
    bob.uploads("a", &mib).await;
    bob.uploads_as("b", b"1").await.blames(
        409,
        "file",
        "There is no space left for files on this server. Ask an admin.",
    );
    for _ in 0..5 {
        bob.uploads_as("b", b"1").await.is(409);
    }
    let answer = bob.uploads_as("b", b"1").await.is(429);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn bytes_beyond_the_size_are_refused() {
    let (_natter, ada, _) = with_two().await;
    let id = ada.begins("a", 3).await;
    ada.goes_on(&id, 0, b"four").await.is(400);
    ada.goes_on(&id, 0, b"abc").await.is(200);
}

#[tokio::test]
async fn what_came_before_the_line_was_cut_is_kept() {
    let (_natter, ada, _) = with_two().await;
    let bytes = vec![7_u8; 1_000_000];
    let id = ada.begins("a", bytes.len() as u64).await;
    let mut connection = crate::support::RawConnection::connect(ada.address).await;
    let head = format!(
        "PATCH /api/uploads/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nUpload-Offset: 0\r\nContent-Length: 1000000\r\n\r\n",
        ada.token()
    );
    connection.send(head.as_bytes()).await;
    connection.send(&bytes[..600_000]).await;
    drop(connection);
    let mut offset = 0;
    for _ in 0..100 {
        offset = ada.get(&format!("/api/uploads/{id}")).await.is(200).json["offset"].as_u64().unwrap();
        if offset > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(offset > 0 && offset <= 600_000, "{offset}");
    let rest = ada.goes_on(&id, offset, &bytes[offset as usize..]).await.is(200);
    assert_eq!(rest.json["complete"], true);
}

#[tokio::test]
async fn a_request_whose_line_is_dead_gives_way_to_the_next_one() {
    let (_natter, ada, _) = with_two().await;
    let bytes: Vec<u8> = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
    let id = ada.begins("a", bytes.len() as u64).await;
    let mut connection = crate::support::RawConnection::connect(ada.address).await;
    let head = format!(
        "PATCH /api/uploads/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nUpload-Offset: 0\r\nContent-Length: 1000000\r\n\r\n",
        ada.token()
    );
    connection.send(head.as_bytes()).await;
    connection.send(&bytes[..400_000]).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    // the first one still waits; the second ends it, and hears what it had recorded
    let answer = ada.goes_on(&id, 0, &bytes).await.is(409);
    let offset: usize = answer.header("upload-offset").parse().unwrap();
    assert!(offset > 0 && offset <= 400_000, "{offset}");
    let done = ada.goes_on(&id, offset as u64, &bytes[offset..]).await.is(200);
    assert_eq!(done.json["complete"], true);
    let posted = ada.posts_files("lobby", "", &[&id]).await.is(201).json;
    let read = ada.reads(posted["files"][0]["url"].as_str().unwrap(), &[]).await;
    assert_eq!(read.bytes, bytes);
    drop(connection);
}
