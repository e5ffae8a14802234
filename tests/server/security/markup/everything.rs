//! A natter in which every field that a user can set has a text of a list.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, Natter, Script, new_user, password_of};

/// For each text a user with it as name, and a room with it as name and topic, in which it was said.
pub struct Everything {
    pub natter: Natter,
    pub rooms: Vec<RoomOf>,
    /// An admin, who is in all rooms.
    pub ada: Script,
    pub browser: Browser,
}

/// The room of a text.
pub struct RoomOf {
    pub id: String,
    pub user_id: String,
    /// An edited message with replies and a reaction, which is pinned and saved.
    pub seq: u64,
    /// A message with a file, and the address of the file.
    pub with_file: u64,
    pub file: String,
}

impl Everything {
    pub async fn with(texts: &[String]) -> Self {
        let natter = Natter::unlimited().await;
        let browser = natter.browse_as("ada").await;
        let ada = natter.script().log_in("ada", &password_of("ada")).await;
        let mut rooms = Vec::new();
        for (n, text) in texts.iter().enumerate() {
            rooms.push(fill(&natter, &ada, n, text).await);
        }
        Self { natter, rooms, ada, browser }
    }
}

async fn fill(natter: &Natter, ada: &Script, n: usize, text: &str) -> RoomOf {
    let user_id = format!("user{n:02}");
    let mut user = new_user(&user_id);
    user["name"] = json!(text);
    natter.script().post("/api/users", user).await.is(201);
    let eve = natter.script().log_in(&user_id, &password_of(&user_id)).await;
    eve.patch(&format!("/api/users/{user_id}"), json!({ "about": text })).await.is(200);
    let room = eve.creates("open", &format!("before {n:02}"), &["ada"]).await;
    let path = format!("/api/rooms/{room}");
    eve.patch(&path, json!({ "name": text, "topic": text })).await.is(200);
    let seq = eve.says_in(&room, "first").await;
    let message = format!("{path}/messages/{seq}");
    eve.patch(&message, json!({ "message": text, "textRev": seq })).await.is(200);
    let reply = json!({ "message": format!("@ada {text}"), "replyTo": seq });
    eve.post(&format!("{path}/messages"), reply).await.is(201);
    let id = eve.uploads(text, format!("text: {text}").as_bytes()).await;
    let with_file = json!({ "message": text, "files": [{ "id": id, "alt": text }] });
    let posted = eve.post(&format!("{path}/messages"), with_file).await.is(201).json;
    let id = eve.uploads(&format!("{text}.png"), &pixel()).await;
    let picture = json!({ "message": "", "replyTo": seq, "files": [{ "id": id, "alt": text }] });
    eve.post(&format!("{path}/messages"), picture).await.is(201);
    for (who, mark) in [(&eve, "reactions/👍"), (ada, "pin"), (ada, "saved")] {
        let marked = who.request(Method::PUT, &format!("{message}/{mark}")).send().await.unwrap();
        assert!(marked.status().is_success(), "{mark}: {}", marked.status());
    }
    eve.says(text).await;
    RoomOf {
        id: room,
        user_id,
        seq,
        with_file: posted["seq"].as_u64().unwrap(),
        file: posted["files"][0]["url"].as_str().unwrap().to_owned(),
    }
}

fn pixel() -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    RgbImage::new(1, 1).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}
