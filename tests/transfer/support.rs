//! The binary, a Node application's database to read, and a natter on what came of it.

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use clap::Parser;
use mongodb::bson::{Document, oid::ObjectId};
use natter::{
    app::Server,
    cli::Cli,
    domain::{Message, UserKey},
    store::Store,
};
use reqwest::Client;
use serde_json::{Value, json};

use crate::store::{Place, whole_log};

/// How a run of natter ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Everything went well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// It was refused by one line, and nothing else was said.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert_eq!((self.code, self.out.as_str(), self.err.lines().count()), (1, "", 1), "{}", self.err);
        self.err.trim_end().to_owned()
    }

    /// The lines that tell of `what`.
    pub fn about(&self, what: &str) -> Vec<&str> {
        self.out.lines().filter(|line| line.contains(what)).collect()
    }

    #[track_caller]
    pub fn says(&self, what: &str) {
        assert!(self.out.contains(what), "no {what:?} in:\n{}\n{}", self.out, self.err);
    }

    pub fn digest(&self) -> String {
        self.about("SHA-256").concat()
    }
}

/// Runs natter with no setting from outside.
pub async fn natter(args: &[&str]) -> Ran {
    natter_with(&[], args).await
}

/// Runs natter with these settings from outside.
pub async fn natter_with(environment: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_natter"));
    command
        .args(args)
        .env_clear()
        .env("NATTER_BCRYPT_COST", "4")
        .envs(environment.iter().copied())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().expect("it ended by itself"), out: text(output.stdout), err: text(output.stderr) }
}

/// A database for the Node application's users.
pub struct Old(pub Place);

impl Old {
    pub async fn new() -> Self {
        Self(Place::mongodb().await)
    }

    /// As the Node application itself wrote it; `node-app.js` tells how.
    pub async fn written_by_node() -> Self {
        let old = Self::new().await;
        old.holds(include_str!("node-app.jsonl").lines().map(|line| serde_json::from_str(line).unwrap())).await;
        old
    }

    pub async fn holds(&self, users: impl IntoIterator<Item = Document>) {
        self.0.raw().await.collection("users").insert_many(users).await.unwrap();
    }

    pub fn url(&self) -> &str {
        self.0.url()
    }

    pub async fn import_into(&self, place: &Place) -> Ran {
        let (flag, value) = setting(place);
        let flag = if flag == "--database" { "--to" } else { flag };
        natter(&["import", "--from", self.url(), flag, &value]).await
    }
}

/// The setting by which a natter finds `place`.
pub fn setting(place: &Place) -> (&'static str, String) {
    match place {
        Place::Embedded(dir) => ("--data-dir", dir.path().to_str().unwrap().to_owned()),
        Place::MongoDb(url) => ("--database", url.clone()),
    }
}

/// How `natter copy` is told of `place`.
pub fn address(place: &Place) -> String {
    setting(place).1
}

/// An ObjectId made at this second since 1970.
pub fn made_at(second: u32, number: u8) -> ObjectId {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&second.to_be_bytes());
    bytes[11] = number;
    ObjectId::from_bytes(bytes)
}

/// Who said what, from the log.
pub async fn said(place: &Place) -> Vec<(String, String)> {
    let store = place.open().await;
    let log = whole_log(store.as_ref()).await;
    store.close().await;
    let author = |message: &Message| message.author.clone().map_or("deleted".into(), |author| author.user_id);
    log.into_iter().map(|message| (author(&message), message.text.unwrap_or_default())).collect()
}

pub async fn log_of(place: &Place) -> Vec<Message> {
    let store = place.open().await;
    let log = whole_log(store.as_ref()).await;
    store.close().await;
    log
}

/// The key of a user.
pub async fn key_of(store: &Arc<dyn Store>, user_id: &str) -> UserKey {
    store.user(&crate::store::id(user_id)).await.unwrap().expect(user_id).key
}

/// A natter that runs in this process.
pub struct Natter {
    server: Server,
    url: String,
}

impl Natter {
    pub async fn start(place: &Place) -> Self {
        let (flag, value) = setting(place);
        let args = ["natter", "--bcrypt-cost", "4", "--rate-limits", "off", "--listen", "127.0.0.1:0", flag, &value];
        let server = Server::start(Cli::try_parse_from(args).map_err(|e| e.to_string()).unwrap().config).await.unwrap();
        let url = format!("http://{}", server.address());
        Self { server, url }
    }

    pub async fn stop(self) {
        self.server.stop().await;
    }

    /// A token, if the password is right.
    pub async fn log_in(&self, user_id: &str, password: &str) -> Option<String> {
        let login = json!({ "userID": user_id, "password": password });
        let answer = Client::new().post(format!("{}/api/login", self.url)).json(&login).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["jwtToken"].as_str().map(str::to_owned)
    }

    pub async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let answer = Client::new().get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The number that a new message gets.
    pub async fn post(&self, token: &str, text: &str) -> u64 {
        let message = json!({ "message": text, "clientID": "next" });
        let post = Client::new().post(format!("{}/api/messages", self.url)).bearer_auth(token).json(&message);
        post.send().await.unwrap().json::<Value>().await.unwrap()["seq"].as_u64().unwrap()
    }
}
