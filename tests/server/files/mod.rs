//! Files: uploading, sending, reading and removing them, over the API and on pages without JavaScript.

mod forms;
mod reading;
mod room_files;
mod uploads;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Natter, Script};

/// A PNG of one pixel.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\xdac\
    \xfc\xcf\xc0P\x0f\0\x04\x85\x01\x80\x84\xa9\x8c!\0\0\0\0IEND\xaeB`\x82";

impl Script {
    async fn uploads_as(&self, name: &str, bytes: &[u8]) -> Answer {
        let request = self.request(Method::POST, "/api/uploads").query(&[("name", name)]).body(bytes.to_vec());
        Answer::of(request.send().await.unwrap()).await
    }

    /// Uploads a file; returns its id.
    pub async fn uploads(&self, name: &str, bytes: &[u8]) -> String {
        let answer = self.uploads_as(name, bytes).await.is(201);
        assert_eq!(answer.json["complete"], true);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    async fn posts_files(&self, room: &str, message: &str, ids: &[&str]) -> Answer {
        let files: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        self.post(&format!("/api/rooms/{room}/messages"), json!({ "message": message, "files": files })).await
    }

    /// Posts a message with one file; returns the file's JSON.
    pub async fn posts_file(&self, room: &str, name: &str, bytes: &[u8]) -> Value {
        let id = self.uploads(name, bytes).await;
        self.posts_files(room, "", &[&id]).await.is(201).json["files"][0].clone()
    }

    async fn reads(&self, path: &str, headers: &[(&str, &str)]) -> Read {
        let mut request = self.request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Read::of(request.send().await.unwrap()).await
    }
}

/// The answer to a request for a file.
struct Read {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl Read {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A form with files: its Content-Type and its bytes. A part with `Some` has a file's name.
pub fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> (&'static str, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        body.extend(format!("--BOUNDARY\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--BOUNDARY--\r\n");
    ("multipart/form-data; boundary=BOUNDARY", body)
}

/// A natter with two users.
async fn with_two() -> (Natter, Script, Script) {
    let natter = Natter::unlimited().await;
    let (ada, bob) = (natter.register("ada").await, natter.register("bob").await);
    (natter, ada, bob)
}
