//! A natter process with users. The benches use only its flags and its API, so that they can measure binaries of other
//! commits too.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use natter_test_support::{NatterCommand, NatterProcess, ServerProcess, TemporaryDirectory};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    paths,
    run::Run,
};

/// Signs the tokens, so that they stay valid after a restart.
const SECRET: &str = "a secret that is for the benches only";
pub const PASSWORD: &str = "correct horse battery";
/// Connections that sign up users at the same time.
const CLIENTS: usize = 4;

/// Where natter keeps its data.
pub enum Database {
    Embedded(PathBuf),
    Mongo(String),
}

pub struct Natter {
    process: NatterProcess,
    /// A token for each user.
    tokens: Vec<String>,
    _directory: Option<TemporaryDirectory>,
}

impl std::ops::Deref for Natter {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

impl Natter {
    /// Starts natter on an empty embedded database and signs up this many users.
    pub async fn start(run: &Run, users: usize) -> Result<Self, String> {
        let directory = paths::temporary();
        let mut natter = Self::start_on(run, &Database::Embedded(directory.path().to_owned()), users).await?;
        natter._directory = Some(directory);
        Ok(natter)
    }

    /// Starts natter on a database and signs up this many users, unless they are there already.
    pub async fn start_on(run: &Run, database: &Database, users: usize) -> Result<Self, String> {
        let tokens = Self::sign_up_users(run, database, users).await?;
        Self::start_with_users(run, database, tokens, &[])
    }

    /// Starts natter on a database with the users of [`Natter::sign_up_users`].
    pub fn start_with_users(
        run: &Run,
        database: &Database,
        tokens: Vec<String>,
        flags: &[&str],
    ) -> Result<Self, String> {
        let process = command(run, database).args(flags).try_start()?;
        Ok(Self { process, tokens, _directory: None })
    }

    /// Kills natter and starts it again on the same database, with the same users.
    pub fn restart(self, run: &Run, database: &Database) -> Result<Self, String> {
        let Self { process, tokens, .. } = self;
        drop(process);
        Self::start_with_users(run, database, tokens, &[])
    }

    /// Signs up `user0`, `user1` … unless they are there already. Returns a token for each.
    ///
    /// A natter process of its own does this, so that the measured one has just started.
    pub async fn sign_up_users(run: &Run, database: &Database, users: usize) -> Result<Vec<String>, String> {
        let natter = Self::start_with_users(run, database, Vec::new(), &["--bcrypt-cost", "4"])?;
        let mut signing_up = JoinSet::new();
        // the first user becomes the admin: sign up user0 before all others
        sign_up(natter.address, vec![0]).await?;
        for client in 0..CLIENTS {
            signing_up.spawn(sign_up(natter.address, (client..users).step_by(CLIENTS).collect()));
        }
        let mut tokens = Vec::with_capacity(users);
        while let Some(done) = signing_up.join_next().await {
            tokens.extend(done.map_err(|why| why.to_string())??);
        }
        tokens.sort();
        Ok(tokens.into_iter().map(|(_, token)| token).collect())
    }

    /// The path of a user's socket.
    pub fn socket_path(&self, user: usize) -> String {
        format!("/ws?jwt={}", self.tokens[user % self.tokens.len()])
    }

    /// Writes a file with the URL of a socket for each user, for the load generator.
    pub fn write_urls(&self, dir: &Path) -> PathBuf {
        self.write_urls_of(0..self.tokens.len(), &dir.join("natter.urls"))
    }

    /// Writes a file with the URL of a socket of each of these users, for the load generator.
    pub fn write_urls_of(&self, users: impl Iterator<Item = usize>, path: &Path) -> PathBuf {
        let urls: Vec<_> = users.map(|n| format!("ws://{}{}\n", self.address, self.socket_path(n))).collect();
        std::fs::write(path, urls.concat()).expect("the directory can be written to");
        path.to_owned()
    }

    /// The `Authorization` header of a user.
    pub fn bearer(&self, user: usize) -> String {
        format!("Authorization: Bearer {}\r\n", self.tokens[user % self.tokens.len()])
    }

    /// The log's latest `rev`.
    pub async fn head(&self) -> u64 {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let request = http::get("/api/messages?limit=1", &self.bearer(0));
        let response = http.send(&request).await.expect("natter answers");
        let json: Value = serde_json::from_str(response.is(200).body).expect("JSON");
        json["rev"].as_u64().expect("a number")
    }

    /// The value of a counter in `/metrics`; 0 if it is not there yet.
    pub async fn counter(&self, name: &str) -> f64 {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let request = http::get("/metrics", "");
        let response = http.send(&request).await.expect("natter answers");
        let value = response.is(200).body.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_default()
    }

    /// Posts `count` messages of about 50 characters; the users take turns.
    pub async fn post(&self, count: usize) {
        let mut http = Http::open(self.address).await.expect("natter answers");
        for n in 0..count {
            http.send(&self.post_request(n)).await.expect("natter answers").is(201);
        }
    }

    /// A request that posts a message.
    pub fn post_request(&self, user: usize) -> Vec<u8> {
        let id = uuid::Uuid::now_v7();
        let json = format!(r#"{{"message":"The quick brown fox jumps over the lazy dog, again","clientID":"{id}"}}"#);
        http::post("/api/messages", &self.bearer(user), &json)
    }

    /// The path of the lobby's page; `/` before there were rooms.
    pub async fn page_path(&self, session: &str) -> String {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let response = http.send(&http::get("/", session)).await.expect("natter answers");
        if response.status == 200 { "/".into() } else { response.header("location").expect("a redirect").into() }
    }

    /// Marks a room as read, so that its page shows the latest messages. Before there were rooms it always does.
    pub async fn mark_read(&self, user: usize, room: &str) {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let mark = json!({ "seq": u32::MAX }).to_string();
        let request = http::with_body("PUT", &format!("/api/rooms/{room}/read"), &self.bearer(user), &mark);
        http.send(&request).await.expect("natter answers");
    }

    /// Opens the chat page with a token; returns the `Cookie` header of the session.
    pub async fn session(&self, user: usize) -> String {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let request = http::get(&format!("/?jwt={}", self.tokens[user]), "");
        let response = http.send(&request).await.expect("natter answers");
        let cookie = response.is(200).header("set-cookie").expect("a cookie");
        format!("Cookie: {}\r\n", cookie.split(';').next().unwrap_or_default())
    }
}

/// natter on `database`, without the environment of this process.
pub fn command(run: &Run, database: &Database) -> NatterCommand {
    let command = NatterCommand::new(&run.binary, &paths::kept()).log(paths::log()).env("ACCESS_TOKEN_SECRET", SECRET);
    let command = match database {
        Database::Embedded(directory) => command.arg("--data-dir").arg(directory),
        Database::Mongo(url) => command.args(["--database", url.as_str()]),
    };
    command.args(["--rate-limits", "off", "--log", "warn", "--max-connections", "18000"]).args(&run.flags)
}

/// Signs up the users of these numbers, unless they are there already, and logs each in. Returns numbers and tokens.
async fn sign_up(address: SocketAddr, users: Vec<usize>) -> Result<Vec<(usize, String)>, String> {
    let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
    let mut tokens = Vec::with_capacity(users.len());
    for n in users {
        let (id, email) = (format!("user{n}"), format!("user{n}@example.org"));
        let account = json!({ "userID": id, "name": format!("User {n}"), "email": email, "password": PASSWORD });
        let response = http.send(&http::post("/api/users", "", &account.to_string())).await;
        let response = response.map_err(|why| format!("sign-up: {why}"))?;
        if !matches!(response.status, 201 | 409) {
            return Err(format!("sign-up: {}: {}", response.status, response.body));
        }
        let login = json!({ "userID": id, "password": PASSWORD }).to_string();
        let response = http.send(&http::post("/api/login", "", &login)).await.map_err(|why| format!("login: {why}"))?;
        let body: Value = serde_json::from_str(response.body).unwrap_or_default();
        let token =
            body["jwtToken"].as_str().ok_or_else(|| format!("login: {}: {}", response.status, response.body))?;
        tokens.push((n, token.to_owned()));
    }
    Ok(tokens)
}
