//! The natter binary, the Node application's database, and a natter in this process on the result.

use std::{process::Output, time::Duration};

use clap::Parser;
use mongodb::bson::{Document, oid::ObjectId};
use natter::{
    app::Server,
    cli::Cli,
    domain::{Message, User},
    store::Database,
};
use natter_test_support::NatterCommand;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::store::{TestDatabase, whole_log};

/// The exit code and the output of a natter command.
#[derive(Debug)]
pub struct CommandOutput {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for CommandOutput {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("natter exits without a signal");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl CommandOutput {
    /// Asserts that the command succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// Asserts that the command was refused with one line and no other output; returns the line.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert_eq!((self.code, self.out.as_str(), self.err.lines().count()), (1, "", 1), "{}", self.err);
        self.err.trim_end().to_owned()
    }

    /// The lines of the output that contain `text`.
    pub fn lines_with(&self, text: &str) -> Vec<&str> {
        self.out.lines().filter(|line| line.contains(text)).collect()
    }

    /// Asserts that the output contains `text`.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.out.contains(text), "no {text:?} in:\n{}\n{}", self.out, self.err);
    }

    /// The digest of the data that `natter copy` prints.
    pub fn digest(&self) -> String {
        self.lines_with("SHA-256").concat()
    }
}

/// Runs natter without environment variables.
pub async fn natter(args: &[&str]) -> CommandOutput {
    natter_with(&[], args).await
}

/// Runs natter with these environment variables.
pub async fn natter_with(environment: &[(&str, &str)], args: &[&str]) -> CommandOutput {
    let command = NatterCommand::new(env!("CARGO_BIN_EXE_natter"), &std::env::temp_dir());
    let command = command.lowest_bcrypt_cost().args(args);
    let command = environment.iter().fold(command, |command, (name, value)| command.env(name, value));
    tokio::task::spawn_blocking(move || command.run("")).await.unwrap().into()
}

/// A database with the users and messages of the Node application.
pub struct NodeDatabase(pub TestDatabase);

impl NodeDatabase {
    pub async fn empty() -> Self {
        Self(TestDatabase::mongodb().await)
    }

    /// The users that the Node application itself wrote; `node-app.js` says how.
    pub async fn written_by_node() -> Self {
        let node = Self::empty().await;
        node.insert_users(include_str!("node-app.jsonl").lines().map(|line| serde_json::from_str(line).unwrap())).await;
        node
    }

    pub async fn insert_users(&self, users: impl IntoIterator<Item = Document>) {
        self.0.mongo().await.collection("users").insert_many(users).await.unwrap();
    }

    pub fn url(&self) -> &str {
        self.0.url()
    }

    /// Runs `natter import` from here into `database`.
    pub async fn import_into(&self, database: &TestDatabase) -> CommandOutput {
        let (flag, value) = setting(database);
        let flag = if flag == "--database" { "--to" } else { flag };
        natter(&["import", "--from", self.url(), flag, &value]).await
    }
}

/// The flag and the value that make natter use `database`.
pub fn setting(database: &TestDatabase) -> (&'static str, String) {
    match database {
        TestDatabase::Embedded(dir) => ("--data-dir", dir.path().to_str().unwrap().to_owned()),
        TestDatabase::MongoDb(url) => ("--database", url.clone()),
    }
}

/// How `natter copy` names `database`.
pub fn address(database: &TestDatabase) -> String {
    setting(database).1
}

/// An ObjectId made at this second since 1970.
pub fn object_id(second: u32, number: u8) -> ObjectId {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&second.to_be_bytes());
    bytes[11] = number;
    ObjectId::from_bytes(bytes)
}

/// The author's userID and the text of each message in the log.
pub async fn texts_of(database: &TestDatabase) -> Vec<(String, String)> {
    let author = |message: &Message| message.author.clone().map_or("deleted".into(), |author| author.user_id);
    let log = log_of(database).await;
    log.into_iter().map(|message| (author(&message), message.text().unwrap_or_default().to_owned())).collect()
}

pub async fn log_of(database: &TestDatabase) -> Vec<Message> {
    let store = database.open().await;
    let log = whole_log(store.as_ref()).await;
    store.close().await;
    log
}

pub async fn user(store: &dyn Database, user_id: &str) -> User {
    store.user(&crate::store::id(user_id)).await.unwrap().expect(user_id)
}

/// Longest time of a request and of a stop. A test that waits for ever would say nothing of why.
const LIMIT: Duration = Duration::from_secs(60);

fn client() -> Client {
    Client::builder().timeout(LIMIT).build().unwrap()
}

/// A natter server in this process.
pub struct Natter {
    server: Server,
    url: String,
}

impl Natter {
    pub async fn start(database: &TestDatabase) -> Self {
        let (flag, value) = setting(database);
        let args = ["natter", "--bcrypt-cost", "4", "--rate-limits", "off", "--listen", "127.0.0.1:0", flag, &value];
        let config = Cli::try_parse_from(args).map_err(|e| e.to_string()).unwrap().config;
        let server = timeout(LIMIT, Server::start(config)).await.expect("natter starts").unwrap();
        let url = format!("http://{}", server.address());
        Self { server, url }
    }

    pub async fn stop(self) {
        timeout(LIMIT, self.server.stop()).await.expect("natter stops");
    }

    /// Logs in; returns a token if the password is right.
    pub async fn log_in(&self, user_id: &str, password: &str) -> Option<String> {
        let login = json!({ "userID": user_id, "password": password });
        let response = client().post(format!("{}/api/login", self.url)).json(&login).send().await.unwrap();
        response.json::<Value>().await.unwrap()["jwtToken"].as_str().map(str::to_owned)
    }

    pub async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let response = client().get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Posts a message; returns its `seq`.
    pub async fn post(&self, token: &str, text: &str) -> u64 {
        let message = json!({ "message": text, "clientID": "next" });
        let post = client().post(format!("{}/api/messages", self.url)).bearer_auth(token).json(&message);
        post.send().await.unwrap().json::<Value>().await.unwrap()["seq"].as_u64().unwrap()
    }
}
