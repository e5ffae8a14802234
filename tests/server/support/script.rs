//! A client of the JSON API.

use std::net::SocketAddr;

use reqwest::{Client, Method, redirect::Policy};
use serde_json::{Value, json};

use super::Answer;

#[derive(Clone)]
pub struct Script {
    client: Client,
    pub address: SocketAddr,
    pub token: Option<String>,
}

impl Script {
    pub fn new(address: SocketAddr) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, address, token: None }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub async fn log_in(&self, user_id: &str, password: &str) -> Self {
        let answer = self.try_log_in(user_id, password).await.is(200);
        self.with_token(answer.json["jwtToken"].as_str().unwrap())
    }

    pub async fn try_log_in(&self, user_id: &str, password: &str) -> Answer {
        self.post("/api/login", json!({ "userID": user_id, "password": password })).await
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().expect("logged in")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// Makes a request that the other methods cannot.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Creates a room with these members beside the user; returns its id.
    pub async fn creates(&self, kind: &str, name: &str, members: &[&str]) -> String {
        let room = json!({ "kind": kind, "name": name, "members": members });
        self.post("/api/rooms", room).await.is(201).json["id"].as_str().unwrap().to_owned()
    }

    /// Opens the direct room with these users; returns its id.
    pub async fn opens_direct(&self, members: &[&str]) -> String {
        let answer = self.post("/api/direct", json!({ "members": members })).await;
        answer.json["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
    }

    /// A room as the user sees it.
    pub async fn room(&self, room: &str) -> Value {
        self.get(&format!("/api/rooms/{room}")).await.is(200).json
    }

    /// Posts a message to a room; returns its `seq`.
    pub async fn says_in(&self, room: &str, message: &str) -> u64 {
        let answer = self.post(&format!("/api/rooms/{room}/messages"), json!({ "message": message })).await;
        answer.json["seq"].as_u64().unwrap_or_else(|| panic!("{}", answer.text))
    }

    /// The notices of a room's log, oldest first.
    pub async fn notices_of(&self, room: &str) -> Vec<String> {
        let messages = self.get(&format!("/api/rooms/{room}/messages?limit=500")).await.is(200).json;
        let notices = messages["messages"].as_array().unwrap().iter();
        notices.filter_map(|message| message["notice"].as_str()).map(str::to_owned).collect()
    }

    /// Posts a message; returns the JSON of the response.
    pub async fn says(&self, message: &str) -> Value {
        self.post("/api/messages", json!({ "message": message })).await.is(201).json
    }

    /// Replies to a message in the lobby; returns the JSON of the response.
    pub async fn replies(&self, to: u64, message: &str) -> Value {
        self.post("/api/messages", json!({ "message": message, "replyTo": to })).await.is(201).json
    }

    /// The present state of a message in the lobby.
    pub async fn message(&self, seq: u64) -> Value {
        self.get(&message_path(seq)).await.is(200).json
    }

    pub async fn edits(&self, seq: u64, text_rev: u64, message: &str) -> Answer {
        self.patch(&message_path(seq), json!({ "message": message, "textRev": text_rev })).await
    }

    pub async fn deletes(&self, seq: u64) -> Answer {
        self.delete(&message_path(seq)).await
    }

    pub async fn reacts(&self, seq: u64, emoji: &str) -> Answer {
        self.send(Method::PUT, &format!("{}/reactions/{emoji}", message_path(seq)), None).await
    }

    pub async fn takes_back(&self, seq: u64, emoji: &str) -> Answer {
        self.delete(&format!("{}/reactions/{emoji}", message_path(seq))).await
    }

    /// Reads all messages changed after `rev`, in pages of `limit`.
    pub async fn reads_after(&self, rev: u64, limit: u32) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = Some(format!("/api/messages?after={rev}&limit={limit}"));
        while let Some(path) = next {
            let answer = self.get(&path).await.is(200);
            all.extend(answer.json["messages"].as_array().unwrap().iter().cloned());
            next = answer.json["next"].as_str().map(str::to_owned);
        }
        all
    }
}

/// The address of a message in the lobby.
fn message_path(seq: u64) -> String {
    format!("/api/rooms/lobby/messages/{seq}")
}
