//! Files of messages on the embedded database: natter killed between a file and its message, and a disk that is full.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use uuid::Uuid;

use crate::support::Natter;

/// Bytes of which no two parts are alike.
fn bytes(length: u32) -> Vec<u8> {
    (0..length / 4).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

impl Natter {
    async fn begin_upload(&self, token: &str, size: usize, bytes: &[u8]) -> Response {
        let path = format!("/api/uploads?name=numbers.bin&size={size}");
        self.request(Method::POST, &path, token).body(bytes.to_vec()).send().await.unwrap()
    }

    async fn go_on(&self, token: &str, id: &str, offset: usize, bytes: &[u8]) -> Response {
        let request = self.request(Method::PATCH, &format!("/api/uploads/{id}"), token);
        request.header("Upload-Offset", offset).body(bytes.to_vec()).send().await.unwrap()
    }

    /// The bytes of an upload that are durable.
    async fn offset(&self, token: &str, id: &str) -> usize {
        let state = self.request(Method::HEAD, &format!("/api/uploads/{id}"), token).send().await.unwrap();
        state.headers()["upload-offset"].to_str().unwrap().parse().unwrap()
    }

    async fn post_file(&self, token: &str, id: &str) -> Response {
        let post = json!({ "message": "numbers", "clientID": Uuid::new_v4(), "files": [{ "id": id }] });
        self.request(Method::POST, "/api/rooms/lobby/messages", token).json(&post).send().await.unwrap()
    }
}

async fn json(response: Response, status: u16) -> Value {
    assert_eq!(response.status().as_u16(), status, "{}", response.text().await.unwrap());
    response.json().await.unwrap()
}

async fn upload_id(response: Response) -> String {
    json(response, 201).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_whole_or_not_there_if_natter_is_killed_before_its_message() {
    let mut natter = Natter::embedded();
    let (ada, bytes) = (natter.register("ada").await, bytes(2_000_000));
    // one that is complete, one that is interrupted, and one in the middle of a request
    let whole = upload_id(natter.begin_upload(&ada, bytes.len(), &bytes).await).await;
    let part = upload_id(natter.begin_upload(&ada, bytes.len(), &bytes[..700_000]).await).await;
    let mut connection = TcpStream::connect(natter.address).await.unwrap();
    let head = format!(
        "PATCH /api/uploads/{part} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada}\r\n\
         Upload-Offset: 700000\r\nContent-Length: 1300000\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&bytes[700_000..1_500_000]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    natter.kill();
    natter.start_again();

    let offset = natter.offset(&ada, &part).await;
    assert_eq!(offset, 700_000, "what was recorded; what was written after it does not count");
    json(natter.go_on(&ada, &part, offset, &bytes[offset..]).await, 200).await;
    for id in [&whole, &part] {
        let posted = json(natter.post_file(&ada, id).await, 201).await;
        let url = posted["files"][0]["url"].as_str().unwrap();
        let read = natter.request(Method::GET, url, &ada).send().await.unwrap();
        assert!(read.bytes().await.unwrap() == bytes, "{posted}");
    }
}

/// The disk is a file system in memory of 40 MiB, which only natter's process sees. This needs root, or user namespaces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_natter_goes_on_once_there_is_space() {
    let natter = Natter::on_small_disk(40);
    let (ada, bytes) = (natter.register("ada").await, bytes(20 << 20));
    let first = upload_id(natter.begin_upload(&ada, bytes.len(), &bytes).await).await;
    let url = json(natter.post_file(&ada, &first).await, 201).await["files"][0]["url"].as_str().unwrap().to_owned();
    let small = upload_id(natter.begin_upload(&ada, 1 << 20, &bytes[..1 << 20]).await).await;
    let full = natter.begin_upload(&ada, bytes.len() + (4 << 20), &[&bytes[..], &bytes[..4 << 20]].concat()).await;
    let error = json(full, 507).await;
    assert!(error.to_string().contains("no space left"), "{error}");
    // in several requests
    let part = upload_id(natter.begin_upload(&ada, 25 << 20, &bytes[..1 << 20]).await).await;
    let rest = [&bytes[1 << 20..], &bytes[..5 << 20]].concat();
    json(natter.go_on(&ada, &part, 1 << 20, &rest).await, 507).await;
    let state = natter.request(Method::GET, &format!("/api/uploads/{part}"), &ada).send().await.unwrap();
    assert_eq!(state.status().as_u16(), 404, "it is ended");

    // what is there is read, and the beginning of what did not fit takes no space
    let read = natter.request(Method::GET, &url, &ada).send().await.unwrap();
    assert!(read.bytes().await.unwrap() == bytes);
    json(natter.post_file(&ada, &small).await, 201).await;
    let next = upload_id(natter.begin_upload(&ada, 8 << 20, &bytes[..8 << 20]).await).await;
    json(natter.post_file(&ada, &next).await, 201).await;

    // the messages themselves fill it
    let text = "x".repeat(3900);
    let mut stored = natter.whole_log(&ada).await.len();
    let refused = loop {
        match natter.post(&ada, &text).await {
            201 => stored += 1,
            status => break status,
        }
    };
    assert_eq!((refused, natter.post(&ada, &text).await), (507, 507));
    assert_eq!(natter.whole_log(&ada).await.len(), stored, "what was acknowledged, and nothing else");
    let read = natter.request(Method::GET, &url, &ada).send().await.unwrap();
    assert!(read.bytes().await.unwrap() == bytes);
}
