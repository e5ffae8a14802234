//! Databases to test on, and users and messages to test with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mongodb::Client;
use natter::{
    domain::{ClientId, Command, Email, Message, Name, Phone, Role, RoomId, Text, User, UserId},
    store::{self, Access, Database, Event, Events, NewUser, PasswordHash},
};
use natter_test_support::ReplicaSet;
use tempfile::TempDir;
use tokio::{sync::OnceCell, time::timeout};

/// A database of a test. It can be opened again; on MongoDB, several times at once.
pub enum TestDatabase {
    Embedded(TempDir),
    MongoDb(String),
}

impl TestDatabase {
    pub fn embedded() -> Self {
        Self::Embedded(tempfile::tempdir().unwrap())
    }

    /// An empty database on the MongoDB server that all tests of this process share.
    pub async fn mongodb() -> Self {
        static SET: OnceCell<ReplicaSet> = OnceCell::const_new();
        static DATABASES: AtomicU32 = AtomicU32::new(1);
        let set = SET.get_or_init(ReplicaSet::disposable).await;
        Self::MongoDb(set.members[0].url(&format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed))))
    }

    /// Opens the store as a natter process does.
    pub async fn open(&self) -> Arc<dyn Database> {
        match self {
            Self::Embedded(dir) => store::open_embedded(dir.path()).unwrap(),
            Self::MongoDb(url) => store::open_mongo(url).await.unwrap(),
        }
    }

    /// Opens the store as another process does at the same time. `None` for the embedded database, which is of one process.
    pub async fn open_another(&self) -> Option<Arc<dyn Database>> {
        match self {
            Self::Embedded(_) => None,
            Self::MongoDb(_) => Some(self.open().await),
        }
    }

    /// The same database on MongoDB, for a process that the server knows by this name.
    pub fn named_process(&self, name: &str) -> Self {
        Self::MongoDb(format!("{}?appName={name}", self.url()))
    }

    /// The URL of a database on MongoDB. Panics for the embedded database, which has none.
    pub fn url(&self) -> &str {
        match self {
            Self::Embedded(_) => panic!("the embedded database has no URL"),
            Self::MongoDb(url) => url,
        }
    }

    /// The MongoDB database itself, for what the store's traits do not offer.
    pub async fn mongo(&self) -> mongodb::Database {
        Client::with_uri_str(self.url()).await.unwrap().default_database().unwrap()
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
        entry: None,
    }
}

/// A text that is no hash: the store takes any.
pub fn hash(of: &str) -> PasswordHash {
    PasswordHash(format!("hash of {of}"))
}

/// Creates a user.
pub async fn add(store: &dyn Database, user_id: &str) -> User {
    store.create_user(new_user(user_id, None)).await.unwrap()
}

/// What `user` may do in the lobby.
pub async fn lobby(store: &dyn Database, user: &User) -> Access {
    store.access(user, &RoomId::lobby()).await.unwrap()
}

pub fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

pub fn post(client: &str, what: &str) -> Command {
    Command::post(ClientId::parse(client).unwrap(), text(what))
}

/// Posts `count` messages to the lobby, one after another.
pub async fn post_many(store: &dyn Database, author: &User, count: u32) -> Vec<Message> {
    let access = lobby(store, author).await;
    let mut posted = Vec::new();
    for n in 0..count {
        let done = store.change(&access, post(&format!("c{n}"), &format!("message {n}"))).await.unwrap();
        assert!(!done.repeat);
        posted.push(done.message);
    }
    posted
}

/// The lobby's whole log, in order of `rev`.
pub async fn whole_log(store: &dyn Database) -> Vec<Message> {
    log_of(store, &RoomId::lobby()).await
}

/// A room's whole log, in order of `rev`.
pub async fn log_of(store: &dyn Database, room: &RoomId) -> Vec<Message> {
    let mut log: Vec<Message> = Vec::new();
    loop {
        let after = log.last().map_or(0, |message| message.rev);
        let page = store.changes(room, after, 500).await.unwrap();
        log.extend(page.messages);
        if !page.has_more {
            return log;
        }
    }
}

pub fn seqs(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.id.seq).collect()
}

pub fn revs(messages: &[Message]) -> Vec<u64> {
    messages.iter().map(|message| message.rev).collect()
}

/// Waits for the next batch of events, 30 s at most.
pub async fn next(events: &mut Events) -> Vec<Event> {
    timeout(Duration::from_secs(30), events.recv())
        .await
        .expect("an event within 30 s")
        .expect("the event stream stays open")
}
