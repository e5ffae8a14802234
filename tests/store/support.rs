//! Databases to test on, and people to test with.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use mongodb::{Client, bson::doc};
use natter::{
    domain::{ClientId, Email, Message, Name, Phone, Post, Role, RoomId, Text, Timestamp, User, UserId, UserKey},
    store::{self, Event, Events, NewUser, PasswordHash, Store},
};
use tempfile::TempDir;
use tokio::{sync::OnceCell, time::timeout};

#[path = "../support/port.rs"]
mod port;

/// Where a test's data is. It can be opened again, and MongoDB's by several at once.
pub enum Place {
    Embedded(TempDir),
    MongoDb(String),
}

impl Place {
    pub fn embedded() -> Self {
        Self::Embedded(tempfile::tempdir().unwrap())
    }

    /// A database of its own on the one server of this test run.
    pub async fn mongodb() -> Self {
        static SERVER: OnceCell<Mongod> = OnceCell::const_new();
        static DATABASES: AtomicU32 = AtomicU32::new(1);
        let server = SERVER.get_or_init(Mongod::replica_set).await;
        Self::MongoDb(server.url(&format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed))))
    }

    pub async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(dir) => store::open_embedded(dir.path()).unwrap(),
            Self::MongoDb(url) => store::open_mongo(url).await.unwrap(),
        }
    }

    pub fn url(&self) -> &str {
        match self {
            Self::Embedded(_) => panic!("the embedded database has no address"),
            Self::MongoDb(url) => url,
        }
    }

    /// The database itself, for what the port has no word for.
    pub async fn raw(&self) -> mongodb::Database {
        Client::with_uri_str(self.url()).await.unwrap().default_database().unwrap()
    }
}

/// A server that runs as long as this value, or this process, whichever ends first: its keeper waits for
/// the end of standard input, which even a killed process closes.
pub struct Mongod {
    port: u16,
    keeper: Child,
}

impl Drop for Mongod {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Mongod {
    /// Starts a server; `options` are further ones for its command line.
    pub fn start(options: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mongod");
        let port = port::free_port();
        // the keeper removes it, as it outlives a killed process
        let dir = std::env::temp_dir().join(format!("natter-mongod-{}-{port}", std::process::id()));
        // before the server: fetching it takes longer than a server may take to answer
        let found = Command::new(&script).arg("path").output().unwrap();
        assert!(found.status.success(), "no mongod: {}", String::from_utf8_lossy(&found.stderr));
        let mut command = Command::new(&script);
        command.arg("run").arg(port.to_string()).arg(dir).args(options);
        let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut keeper = keeper.expect("tests/mongod starts");
        let complaints = BufReader::new(keeper.stderr.take().unwrap());
        std::thread::spawn(move || {
            complaints.lines().map_while(Result::ok).for_each(|line| eprintln!("mongod: {line}"));
        });
        Self { port, keeper }
    }

    async fn replica_set() -> Self {
        let server = Self::start(&["--replSet", "rs0"]);
        let client = server.direct().await;
        let members = doc! { "_id": "rs0", "members": [{ "_id": 0, "host": format!("127.0.0.1:{}", server.port) }] };
        client.database("admin").run_command(doc! { "replSetInitiate": members }).await.unwrap();
        let started = Instant::now();
        loop {
            let hello = client.database("admin").run_command(doc! { "hello": 1 }).await.unwrap();
            if hello.get_bool("isWritablePrimary").unwrap() {
                return server;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "the replica set has no primary");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A client of this member, set or not. Returns once it answers.
    pub async fn direct(&self) -> Client {
        let url = format!("mongodb://127.0.0.1:{}/?directConnection=true&serverSelectionTimeoutMS=60000", self.port);
        let client = Client::with_uri_str(url).await.unwrap();
        client.database("admin").run_command(doc! { "ping": 1 }).await.expect("mongod answers within a minute");
        client
    }

    pub fn url(&self, database: &str) -> String {
        format!("mongodb://127.0.0.1:{}/{database}", self.port)
    }
}

pub fn id(user_id: &str) -> UserId {
    UserId::parse(user_id).unwrap()
}

pub fn email(address: &str) -> Email {
    Email::parse(address).unwrap()
}

pub fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

pub fn new_user(user_id: &str, role: Option<Role>) -> NewUser {
    NewUser {
        user_id: id(user_id),
        name: name(&format!("{user_id} the user")),
        email: email(&format!("{user_id}@example.org")),
        phone: Phone::parse("112").unwrap(),
        password: hash(user_id),
        role,
    }
}

/// Not a hash of anything; the store does not look.
pub fn hash(of: &str) -> PasswordHash {
    PasswordHash(format!("hash of {of}"))
}

pub async fn add(store: &dyn Store, user_id: &str) -> User {
    store.create_user(new_user(user_id, None)).await.unwrap()
}

pub fn post(author: UserKey, client: &str, text: &str) -> Post {
    Post {
        room: RoomId::lobby(),
        author,
        client: ClientId::parse(client).unwrap(),
        text: Text::parse(text).unwrap(),
        at: Timestamp::now(),
    }
}

/// Posts `count` messages, one after the other.
pub async fn post_many(store: &dyn Store, author: UserKey, count: u32) -> Vec<Message> {
    let mut posted = Vec::new();
    for n in 0..count {
        let done = store.post(post(author, &format!("c{n}"), &format!("message {n}"))).await.unwrap();
        assert!(!done.repeat);
        posted.push(done.message);
    }
    posted
}

/// The whole log, in order of `rev`.
pub async fn whole_log(store: &dyn Store) -> Vec<Message> {
    let mut log: Vec<Message> = Vec::new();
    loop {
        let after = log.last().map_or(0, |message| message.rev);
        let chunk = store.changes(&RoomId::lobby(), after, 500).await.unwrap();
        log.extend(chunk.messages);
        if !chunk.more {
            return log;
        }
    }
}

/// Waits for the next batch of events, 30 s at most.
pub async fn next(events: &mut Events) -> Vec<Event> {
    timeout(Duration::from_secs(30), events.recv()).await.expect("an event within 30 s").expect("the stream goes on")
}
