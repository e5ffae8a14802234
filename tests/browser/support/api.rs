//! What scripts do over the API beside the browsers.

use natter_test_support::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Natter, natter::capitalized, person::PASSWORD};

impl Natter {
    /// Signs up and logs in; returns a token.
    pub async fn token(&self, user_id: &str) -> String {
        let user = json!({ "userID": user_id, "name": capitalized(user_id), "email": format!("{user_id}@example.org"),
            "password": PASSWORD });
        self.call(Method::POST, "/api/users", "", user).await;
        self.login(user_id).await
    }

    /// Logs in; returns a token.
    pub async fn login(&self, user_id: &str) -> String {
        let login = json!({ "userID": user_id, "password": PASSWORD });
        self.call(Method::POST, "/api/login", "", login).await["jwtToken"].as_str().unwrap().to_owned()
    }

    /// Posts a message; returns its `seq`.
    pub async fn post(&self, token: &str, message: &str) -> u64 {
        self.call(Method::POST, "/api/messages", token, json!({ "message": message })).await["seq"].as_u64().unwrap()
    }

    /// Creates a room, and returns its id.
    pub async fn room(&self, token: &str, name: &str, kind: &str, members: &[&str]) -> String {
        let room = json!({ "name": name, "kind": kind, "members": members });
        self.call(Method::POST, "/api/rooms", token, room).await["id"].as_str().unwrap().to_owned()
    }

    /// Posts a message to a room; returns its `seq`.
    pub async fn post_to(&self, token: &str, room: &str, message: &str) -> u64 {
        let path = format!("/api/rooms/{room}/messages");
        self.call(Method::POST, &path, token, json!({ "message": message })).await["seq"].as_u64().unwrap()
    }

    /// Opens the direct room with these users, and returns its id.
    pub async fn direct(&self, token: &str, members: &[&str]) -> String {
        let opened = self.call(Method::POST, "/api/direct", token, json!({ "members": members })).await;
        opened["id"].as_str().unwrap().to_owned()
    }

    /// Sets what the user is notified of in a room.
    pub async fn set_level(&self, token: &str, room: &str, level: &str) {
        self.call(Method::PUT, &format!("/api/rooms/{room}/level"), token, json!({ "level": level })).await;
    }

    /// Puts a star on a room.
    pub async fn star(&self, token: &str, room: &str) {
        self.call(Method::PUT, &format!("/api/rooms/{room}/star"), token, Value::Null).await;
    }

    /// Deletes a message of a room.
    pub async fn delete_in(&self, token: &str, room: &str, seq: u64) {
        self.call(Method::DELETE, &format!("/api/rooms/{room}/messages/{seq}"), token, Value::Null).await;
    }

    /// Marks a room as read up to `seq`.
    pub async fn read(&self, token: &str, room: &str, seq: u64) {
        self.call(Method::PUT, &format!("/api/rooms/{room}/read"), token, json!({ "seq": seq })).await;
    }

    /// Changes a room.
    pub async fn patch_room(&self, token: &str, room: &str, change: Value) {
        self.call(Method::PATCH, &format!("/api/rooms/{room}"), token, change).await;
    }

    pub async fn delete_room(&self, token: &str, room: &str) {
        self.call(Method::DELETE, &format!("/api/rooms/{room}"), token, Value::Null).await;
    }

    pub async fn remove_member(&self, token: &str, room: &str, user_id: &str) {
        self.call(Method::DELETE, &format!("/api/rooms/{room}/members/{user_id}"), token, Value::Null).await;
    }

    /// Replies to a message; returns the `seq` of the reply.
    pub async fn reply(&self, token: &str, parent: u64, message: &str) -> u64 {
        let body = json!({ "message": message, "replyTo": parent });
        self.call(Method::POST, "/api/messages", token, body).await["seq"].as_u64().unwrap()
    }

    pub async fn edit(&self, token: &str, seq: u64, message: &str) {
        let present = self.call(Method::GET, &message_path(seq), token, Value::Null).await;
        let edit = json!({ "message": message, "textRev": present["textRev"] });
        self.call(Method::PATCH, &message_path(seq), token, edit).await;
    }

    pub async fn delete(&self, token: &str, seq: u64) {
        self.call(Method::DELETE, &message_path(seq), token, Value::Null).await;
    }

    /// Gives an emoji to a message.
    pub async fn react(&self, token: &str, seq: u64, emoji: &str) {
        self.call(Method::PUT, &format!("{}/reactions/{emoji}", message_path(seq)), token, Value::Null).await;
    }

    /// Takes an emoji back.
    pub async fn take_back(&self, token: &str, seq: u64, emoji: &str) {
        self.call(Method::DELETE, &format!("{}/reactions/{emoji}", message_path(seq)), token, Value::Null).await;
    }

    pub async fn pin(&self, token: &str, seq: u64) {
        self.call(Method::PUT, &format!("{}/pin", message_path(seq)), token, Value::Null).await;
    }

    pub async fn unpin(&self, token: &str, seq: u64) {
        self.call(Method::DELETE, &format!("{}/pin", message_path(seq)), token, Value::Null).await;
    }

    pub async fn rename(&self, token: &str, user_id: &str, name: &str) {
        self.call(Method::PATCH, &format!("/api/users/{user_id}"), token, json!({ "name": name })).await;
    }

    pub async fn delete_account(&self, token: &str, user_id: &str) {
        self.call(Method::DELETE, &format!("/api/users/{user_id}"), token, Value::Null).await;
    }

    /// Reads all messages, oldest first; a deleted one as `(deleted)`.
    pub async fn log(&self, token: &str) -> Vec<String> {
        let page = self.call(Method::GET, "/api/messages?after=0&limit=500", token, Value::Null).await;
        let messages = page["messages"].as_array().unwrap().iter();
        messages.map(|message| message["message"].as_str().unwrap_or("(deleted)").to_owned()).collect()
    }

    /// Waits until the user has read the room up to `seq`: a page reports it within two seconds.
    pub async fn is_read(&self, token: &str, room: &str, seq: u64) {
        let path = format!("/api/rooms/{room}");
        let read =
            || async { (self.call(Method::GET, &path, token, Value::Null).await["readSeq"] == seq).then_some(()) };
        eventually("the mark", read).await;
    }

    /// Posts a message with files: the name and the bytes of each.
    pub async fn post_files(&self, token: &str, room: &str, message: &str, files: &[(&str, &[u8])]) -> u64 {
        let mut ids = Vec::new();
        for (name, bytes) in files {
            let request = self.http.post(self.url("/api/uploads")).query(&[("name", name)]).bearer_auth(token);
            let answer: Value = request.body(bytes.to_vec()).send().await.unwrap().json().await.unwrap();
            ids.push(json!({ "id": answer["id"], "alt": "a file" }));
        }
        let message = json!({ "message": message, "files": ids });
        let posted = self.call(Method::POST, &format!("/api/rooms/{room}/messages"), token, message).await;
        posted["seq"].as_u64().unwrap()
    }

    /// Sends a request to the API, and returns the answer; null: without a body.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: Value) -> Value {
        let request = self.http.request(method, self.url(path));
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default() // a deletion is answered with nothing
    }
}

fn message_path(seq: u64) -> String {
    format!("/api/rooms/lobby/messages/{seq}")
}
