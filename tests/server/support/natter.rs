//! A natter in this process, on a directory and a port of its own.

use std::net::SocketAddr;

use clap::Parser;
use natter::{
    app::{Config, Server},
    cli::Cli,
    domain::{Action, ClientId, Command, RoomAction, RoomId, RoomKind, Text, User, UserId},
    store::{self, Database, NewRoom, PasswordHash},
};
use serde_json::json;
use tempfile::TempDir;

use super::{Browser, Person, Script, Socket, name_of, password_of};

pub struct Natter {
    server: Option<Server>,
    pub address: SocketAddr,
    directory: TempDir,
    settings: Vec<String>,
}

impl Natter {
    /// Starts natter with default settings.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts natter without rate limits, for tests that send many messages.
    pub async fn unlimited() -> Self {
        Self::with(&["--rate-limits", "off"]).await
    }

    /// Starts natter with further settings.
    pub async fn with(settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::start(config(&directory, &settings, address)).await.unwrap();
        Self { address: server.address(), server: Some(server), directory, settings }
    }

    /// Stops as after SIGTERM.
    pub async fn stop(&mut self) {
        self.server.take().expect("natter runs").stop().await;
    }

    /// Starts again on the same data and the same port.
    pub async fn start_again(&mut self) {
        let config = config(&self.directory, &self.settings, self.address);
        self.server = Some(Server::start(config).await.unwrap());
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Restarts with further settings.
    pub async fn restart_with(&mut self, settings: &[&str]) {
        // a setting replaces an earlier one of the same name
        let names: Vec<_> = settings.iter().step_by(2).collect();
        let kept = self.settings.chunks(2).filter(|pair| !names.contains(&&pair[0].as_str())).flatten().cloned();
        self.settings = kept.chain(settings.iter().map(|&setting| setting.to_owned())).collect();
        self.restart().await;
    }

    /// The file of the embedded database.
    pub fn database(&self) -> std::path::PathBuf {
        self.directory.path().join("data/natter.db")
    }

    /// The stored hash of a user's password.
    pub async fn hash_of(&self, user_id: &str) -> String {
        let store = store::open_embedded(&self.directory.path().join("data")).unwrap();
        let (_, PasswordHash(hash)) = store.credentials(&UserId::parse(user_id).unwrap()).await.unwrap().unwrap();
        store.close().await;
        hash
    }

    /// Creates a room whose owner is this user.
    pub async fn create_room(&self, kind: RoomKind, owner: &str) -> RoomId {
        self.create_room_with(kind, owner, Vec::new()).await
    }

    /// Creates an archived room with a text of its owner and the notice that it is archived; returns its id.
    pub async fn create_archived_room(&self, owner: &str) -> RoomId {
        let text = Command::post(ClientId::generate(), Text::parse("before").unwrap());
        let archive = Command::new(Action::Room(RoomAction::Archive));
        self.create_room_with(RoomKind::Open, owner, vec![text, archive]).await
    }

    async fn create_room_with(&self, kind: RoomKind, owner: &str, commands: Vec<Command>) -> RoomId {
        let store = store::open_embedded(&self.directory.path().join("data")).unwrap();
        let owner = store.user(&UserId::parse(owner).unwrap()).await.unwrap().unwrap();
        let (name, topic) = ("A room".to_owned(), String::new());
        let new = NewRoom { kind, name, topic, owner: owner.key, members: Vec::new() };
        let room = store.create_room(new).await.unwrap();
        change(store.as_ref(), &owner, &room.id, commands).await;
        store.close().await;
        room.id
    }

    /// Changes the lobby as another process on the database does: this natter learns of it later, and all at once.
    pub async fn change_elsewhere(&self, user_id: &str, commands: Vec<Command>) {
        let store = store::open_embedded(&self.directory.path().join("data")).unwrap();
        let user = store.user(&UserId::parse(user_id).unwrap()).await.unwrap().unwrap();
        change(store.as_ref(), &user, &RoomId::lobby(), commands).await;
        store.close().await;
    }

    /// Deletes a room as another process on the database does.
    pub async fn delete_room_elsewhere(&self, room: &RoomId) {
        let store = store::open_embedded(&self.directory.path().join("data")).unwrap();
        store.delete_room(room).await.unwrap();
        store.close().await;
    }

    /// Adds messages after the lobby's last one, of its author, as another process on the database does: in one commit.
    pub fn posts_elsewhere(&self, count: i64) {
        let database = rusqlite::Connection::open(self.database()).unwrap();
        let posts = "
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
            INSERT INTO messages (id, post_rev, text_rev, author, client_id, sent_at, text, deleted, room_texts,
                                  author_texts, replies, joins)
            SELECT id + n, post_rev + n, post_rev + n, author, 'elsewhere' || n, sent_at, 'elsewhere ' || n, 0,
                   room_texts + n, author_texts + n, 0, 0
            FROM numbers, (SELECT * FROM messages ORDER BY id DESC LIMIT 1)";
        database.execute(posts, [count]).unwrap();
    }

    /// Gives a user a name that is not allowed, as an account may have that is older than the rule.
    pub fn rename(&self, user_id: &str, name: &str) {
        let database = rusqlite::Connection::open(self.database()).unwrap();
        database.execute("UPDATE users SET name = ?2 WHERE user_id = ?1", [user_id, name]).unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A browser without a session.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A script without a token.
    pub fn script(&self) -> Script {
        Script::new(self.address)
    }

    /// Signs up over the API and logs in; returns a script with a token.
    pub async fn register(&self, user_id: &str) -> Script {
        let script = self.script();
        script.post("/api/users", new_user(user_id)).await.is(201);
        script.log_in(user_id, &password_of(user_id)).await
    }

    /// Signs up over the API, logs in and opens a socket.
    pub async fn sign_up(&self, user_id: &str) -> Person {
        let script = self.register(user_id).await;
        let socket = Socket::open(&script, "").await;
        Person { script, socket }
    }

    /// Signs up with the form; returns a browser with a session.
    pub async fn browse_as(&self, user_id: &str) -> Browser {
        let mut browser = self.browser();
        let (name, email, password) = (name_of(user_id), format!("{user_id}@example.org"), password_of(user_id));
        let form = [("userID", user_id), ("name", &name), ("email", &email), ("phone", ""), ("password", &password)];
        let redirect = browser.submit("/signup", &form).await.is(303);
        browser.token = redirect.location().strip_prefix("/?jwt=").map(str::to_owned);
        assert!(browser.token.is_some(), "{}", redirect.location());
        browser
    }
}

async fn change(store: &dyn Database, user: &User, room: &RoomId, commands: Vec<Command>) {
    for command in commands {
        store.change(&store.access(user, room).await.unwrap(), command).await.unwrap();
    }
}

fn config(directory: &TempDir, settings: &[String], address: SocketAddr) -> Config {
    let (data, address) = (directory.path().join("data").display().to_string(), address.to_string());
    let cost =
        if settings.iter().any(|setting| setting == "--bcrypt-cost") { [].as_slice() } else { &["--bcrypt-cost", "4"] };
    let arguments = ["natter", "--data-dir", &data, "--listen", &address].into_iter().chain(cost.iter().copied());
    let arguments = arguments.chain(settings.iter().map(String::as_str));
    Cli::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}")).config
}

/// The JSON with which `user_id` signs up.
pub fn new_user(user_id: &str) -> serde_json::Value {
    json!({
        "userID": user_id,
        "name": name_of(user_id),
        "email": format!("{user_id}@example.org"),
        "password": password_of(user_id),
    })
}
