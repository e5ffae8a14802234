//! A natter of one's own, with people in it.

use std::{
    fs::File,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use natter::{
    domain::{Email, Name, Phone, RoomId, User, UserId},
    security::tokens::Tokens,
    store::{self, Location, NewUser, PasswordHash, Store},
};
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::{
    http::{self, Http},
    place::{self, Dir},
    process::{Server, free_address},
};

/// Signs the tokens, so that nobody has to log in.
const SECRET: &str = "a secret that is for the benches only";

/// Of [`PASSWORD`] at cost 12.
pub const HASH: &str = "$2b$12$n.cP5AzL4vsMNdTWSJfR9uasmQl817nRGRq6XX3zgXyoOAzpJaH2K";
pub const PASSWORD: &str = "correct horse battery";

pub struct Natter {
    server: Server,
    /// A token for each of the people in it.
    pub tokens: Vec<String>,
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
    pub async fn start(people: usize) -> Result<Self, String> {
        Self::start_with(people, &["--bcrypt-cost", "4"]).await
    }

    pub async fn start_with(people: usize, flags: &[&str]) -> Result<Self, String> {
        let dir = Dir::new();
        let location = Location::Embedded(dir.path().to_owned());
        let natter = Self::start_on(&location, people, flags).await?;
        Ok(Self { _dir: Some(dir), ..natter })
    }

    /// One on a database that may have these people already.
    pub async fn start_on(location: &Location, people: usize, flags: &[&str]) -> Result<Self, String> {
        let store = store::open(location).await.map_err(|why| why.to_string())?;
        let users = users(&store, people).await?;
        store.close().await;
        drop(store);
        let tokens = Tokens::new(&SecretString::from(SECRET));
        let tokens = users.iter().map(|user| tokens.issue(user).0).collect();
        let address = free_address();
        let server = Server::start(command(location, address).args(flags).stdout(Stdio::null()), address)?;
        Ok(Self { server, tokens, _dir: None })
    }

    /// Where a person's socket is.
    pub fn socket(&self, person: usize) -> String {
        format!("/ws?jwt={}", self.tokens[person % self.tokens.len()])
    }

    /// A file of the sockets' addresses, for the load generator.
    pub fn urls(&self, dir: &Path) -> std::path::PathBuf {
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
        let json: serde_json::Value = serde_json::from_str(answer.is(200).body).expect("JSON");
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

/// natter on `location`, listening on `address`, with no setting from outside.
pub fn command(location: &Location, address: SocketAddr) -> Command {
    let mut command = Command::new(place::natter());
    command.env_clear().env("ACCESS_TOKEN_SECRET", SECRET).stdin(Stdio::null());
    match location {
        Location::Embedded(dir) => command.arg("--data-dir").arg(dir),
        Location::Mongo(url) => command.args(["--database", url.as_str()]),
    };
    command.args(["--listen", &address.to_string(), "--rate-limits", "off", "--log", "warn"]);
    command.args(["--max-connections", "18000"]);
    if let Ok(log) = File::options().create(true).append(true).open(place::log()) {
        command.stderr(log);
    }
    command
}

/// The users `user0`, `user1` …, made as far as they are not there.
pub async fn users(store: &Arc<dyn Store>, count: usize) -> Result<Vec<User>, String> {
    let mut making = JoinSet::new();
    for n in 0..count {
        let store = Arc::clone(store);
        making.spawn(async move {
            let user_id = UserId::parse(&format!("user{n}")).map_err(|why| why.0)?;
            if let Some(there) = store.user(&user_id).await.map_err(|why| why.to_string())? {
                return Ok((n, there));
            }
            let new = NewUser {
                user_id,
                name: Name::parse(&format!("User {n}")).map_err(|why| why.0)?,
                email: Email::parse(&format!("user{n}@example.org")).map_err(|why| why.0)?,
                phone: Phone::default(),
                password: PasswordHash(HASH.into()),
                role: None,
            };
            store.create_user(new).await.map(|user| (n, user)).map_err(|why| why.to_string())
        });
    }
    let mut users = Vec::with_capacity(count);
    while let Some(made) = making.join_next().await {
        users.push(made.map_err(|why| why.to_string())??);
    }
    users.sort_by_key(|(n, _)| *n);
    Ok(users.into_iter().map(|(_, user)| user).collect())
}

/// The room everybody is in.
pub fn lobby() -> RoomId {
    RoomId::lobby()
}
