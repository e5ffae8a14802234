//! A natter of one's own, with people in it. It is used by its flags and its API alone, so that binaries of other
//! commits can be measured too.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    place::{self, Dir},
    process::{Server, free_address},
    run::Run,
};

/// Signs the tokens, so that they outlast a restart.
const SECRET: &str = "a secret that is for the benches only";
pub const PASSWORD: &str = "correct horse battery";
/// Connections that sign people up at a time.
const CLIENTS: usize = 4;

/// Where a natter keeps its data.
pub enum Database {
    Embedded(PathBuf),
    Mongo(String),
}

pub struct Natter {
    server: Server,
    /// A token for each of the people in it.
    tokens: Vec<String>,
    _dir: Option<Dir>,
}

impl std::ops::Deref for Natter {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Natter {
    /// One on a fresh embedded database, with this many people.
    pub async fn start(run: &Run, people: usize) -> Result<Self, String> {
        let dir = Dir::new();
        let natter = Self::start_on(run, &Database::Embedded(dir.path().to_owned()), people).await?;
        Ok(Self { _dir: Some(dir), ..natter })
    }

    /// One on a database that may have these people already.
    pub async fn start_on(run: &Run, database: &Database, people: usize) -> Result<Self, String> {
        let tokens = Self::prepare(run, database, people).await?;
        Self::start_prepared(run, database, tokens, &[])
    }

    /// One that has just started, on a database that [`Natter::prepare`] put people into.
    pub fn start_prepared(run: &Run, database: &Database, tokens: Vec<String>, flags: &[&str]) -> Result<Self, String> {
        let address = free_address();
        let server = Server::start(command(run, database, address).args(flags).stdout(Stdio::null()), address)?;
        Ok(Self { server, tokens, _dir: None })
    }

    /// Signs up `user0`, `user1` … as far as they are not there, by a natter of its own. Returns a token for each.
    pub async fn prepare(run: &Run, database: &Database, people: usize) -> Result<Vec<String>, String> {
        let natter = Self::start_prepared(run, database, Vec::new(), &["--bcrypt-cost", "4"])?;
        let mut signing_up = JoinSet::new();
        // the first becomes the admin, whoever else comes at the same time
        sign_up(natter.address, vec![0]).await?;
        for client in 0..CLIENTS {
            signing_up.spawn(sign_up(natter.address, (client..people).step_by(CLIENTS).collect()));
        }
        let mut tokens = Vec::with_capacity(people);
        while let Some(done) = signing_up.join_next().await {
            tokens.extend(done.map_err(|why| why.to_string())??);
        }
        tokens.sort();
        Ok(tokens.into_iter().map(|(_, token)| token).collect())
    }

    /// Where a person's socket is.
    pub fn socket(&self, person: usize) -> String {
        format!("/ws?jwt={}", self.tokens[person % self.tokens.len()])
    }

    /// A file of the sockets' addresses, for the load generator.
    pub fn urls(&self, dir: &Path) -> PathBuf {
        let path = dir.join("natter.urls");
        let urls: Vec<_> =
            (0..self.tokens.len()).map(|n| format!("ws://{}{}\n", self.address, self.socket(n))).collect();
        std::fs::write(&path, urls.concat()).expect("the directory can be written to");
        path
    }

    pub fn bearer(&self, person: usize) -> String {
        format!("Authorization: Bearer {}\r\n", self.tokens[person % self.tokens.len()])
    }

    /// The log's latest `rev`.
    pub async fn head(&self) -> u64 {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let request = http::get("/api/messages?limit=1", &self.bearer(0));
        let answer = http.ask(&request).await.expect("natter answers");
        let json: Value = serde_json::from_str(answer.is(200).body).expect("JSON");
        json["rev"].as_u64().expect("a number")
    }

    /// A counter of `/metrics`; 0 where it has not counted yet.
    pub async fn counter(&self, name: &str) -> f64 {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let request = http::get("/metrics", "");
        let answer = http.ask(&request).await.expect("natter answers");
        let value = answer.is(200).body.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_default()
    }

    /// Posts `count` messages of about 50 characters, by everybody in turn.
    pub async fn post(&self, count: usize) {
        let mut http = Http::open(self.address).await.expect("natter answers");
        for n in 0..count {
            http.ask(&self.a_post(n)).await.expect("natter answers").is(201);
        }
    }

    /// The request that posts a message.
    pub fn a_post(&self, person: usize) -> Vec<u8> {
        let id = uuid::Uuid::new_v4();
        let json = format!(r#"{{"message":"The quick brown fox jumps over the lazy dog, again","clientID":"{id}"}}"#);
        http::post("/api/messages", &self.bearer(person), &json)
    }

    /// The cookie of a browser in which `person` came with a token.
    pub async fn session(&self, person: usize) -> String {
        let mut http = Http::open(self.address).await.expect("natter answers");
        let request = http::get(&format!("/?jwt={}", self.tokens[person]), "");
        let answer = http.ask(&request).await.expect("natter answers");
        let cookie = answer.is(200).header("set-cookie").expect("a cookie");
        format!("Cookie: {}\r\n", cookie.split(';').next().unwrap_or_default())
    }
}

/// natter on `database`, listening on `address`, with no setting from outside.
pub fn command(run: &Run, database: &Database, address: SocketAddr) -> Command {
    let mut command = Command::new(&run.binary);
    command.env_clear().env("ACCESS_TOKEN_SECRET", SECRET).stdin(Stdio::null());
    match database {
        Database::Embedded(dir) => command.arg("--data-dir").arg(dir),
        Database::Mongo(url) => command.args(["--database", url.as_str()]),
    };
    command.args(["--listen", &address.to_string(), "--rate-limits", "off", "--log", "warn"]);
    command.args(["--max-connections", "18000"]).args(&run.flags);
    if let Ok(log) = File::options().create(true).append(true).open(place::log()) {
        command.stderr(log);
    }
    command
}

/// Signs up the people of these numbers, or finds them there, and logs each in. Returns the numbers with the tokens.
async fn sign_up(address: SocketAddr, people: Vec<usize>) -> Result<Vec<(usize, String)>, String> {
    let mut http = Http::open(address).await.map_err(|why| why.to_string())?;
    let mut tokens = Vec::with_capacity(people.len());
    for n in people {
        let (id, email) = (format!("user{n}"), format!("user{n}@example.org"));
        let account = json!({ "userID": id, "name": format!("User {n}"), "email": email, "password": PASSWORD });
        let answer = http.ask(&http::post("/api/users", "", &account.to_string())).await;
        let answer = answer.map_err(|why| format!("sign-up: {why}"))?;
        if !matches!(answer.status, 201 | 409) {
            return Err(format!("sign-up: {}: {}", answer.status, answer.body));
        }
        let login = json!({ "userID": id, "password": PASSWORD }).to_string();
        let answer = http.ask(&http::post("/api/login", "", &login)).await.map_err(|why| format!("login: {why}"))?;
        let body: Value = serde_json::from_str(answer.body).unwrap_or_default();
        let token = body["jwtToken"].as_str().ok_or_else(|| format!("login: {}: {}", answer.status, answer.body))?;
        tokens.push((n, token.to_owned()));
    }
    Ok(tokens)
}
