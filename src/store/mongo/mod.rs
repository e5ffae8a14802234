//! The shared database: MongoDB, as a replica set (of one will do).
//!
//! Every write is majority-acknowledged and journaled, and every read that leaves the adapter reads what a
//! majority has: nothing that natter answered or showed can be taken back by a failover. The log's numbers
//! are given out by [`writer`], others' commits are followed by [`tail`].

mod connect;
mod documents;
mod log;
mod migrations;
mod networks;
mod node;
mod outbox;
mod presence;
mod sessions;
mod tail;
mod transfer;
mod users;
mod writer;

use std::{future::IntoFuture, sync::Arc, time::Duration};

use async_trait::async_trait;
use mongodb::{
    Client, Collection, Database,
    bson::{Bson, Document, doc},
    error::{ErrorKind, WriteFailure},
    options::{CollectionOptions, ReadConcern},
};
use tokio::sync::Mutex;

pub use self::node::{NodeDatabase, NodeMessage, NodeMessages, NodeUser, NodeUsers, NodeValue};
use self::{
    documents::{LeaseDoc, MessageDoc, PresenceDoc, RemovalDoc, SessionDoc, UserDoc},
    outbox::Outbox,
    presence::Leases,
    writer::Writer,
};
use super::{Error, Events, PresenceStore, Result, Store};

/// Longest one operation may take. The driver itself would wait for a silent server for ever.
const OPERATION: Duration = Duration::from_secs(8);
/// The server's code for a broken unique index.
const DUPLICATE_KEY: i32 = 11000;

pub struct Mongo {
    db: Db,
    writer: Writer,
    outbox: Arc<Outbox>,
    leases: Arc<Leases>,
    /// Account changes that touch the guard go one at a time in this process, so that only other
    /// processes are left to collide with.
    guard: Mutex<()>,
}

/// The collections. Handles are cheap to clone.
#[derive(Clone)]
struct Db {
    database: Database,
    users: Collection<UserDoc>,
    /// The same without waiting for a majority: to find out whether an account is there at this moment.
    users_now: Collection<UserDoc>,
    messages: Collection<MessageDoc>,
    sessions: Collection<SessionDoc>,
    networks: Collection<Document>,
    revoked: Collection<Document>,
    leases: Collection<LeaseDoc>,
    presence: Collection<PresenceDoc>,
    removals: Collection<RemovalDoc>,
    /// Single documents of natter's own: the guard of the admins, the shared secret.
    natter: Collection<Document>,
}

impl Db {
    fn new(database: Database) -> Self {
        let now = CollectionOptions::builder().read_concern(ReadConcern::local()).build();
        Self {
            users: database.collection("users"),
            users_now: database.collection_with_options("users", now),
            messages: database.collection("messages"),
            sessions: database.collection("sessions"),
            networks: database.collection("loginNetworks"),
            revoked: database.collection("revokedTokens"),
            leases: database.collection("leases"),
            presence: database.collection("presence"),
            removals: database.collection("removals"),
            natter: database.collection("natter"),
            database,
        }
    }

    fn client(&self) -> &Client {
        self.database.client()
    }
}

impl Mongo {
    /// Connects, and brings the database's schema up to date as needed.
    pub async fn open(url: &str) -> Result<Self> {
        let db = Db::new(connect::database(url).await?);
        migrations::migrate(&db.database).await?;
        transfer::refuse_unfinished(&db).await?;
        Ok(Self::on(db))
    }

    fn on(db: Db) -> Self {
        let outbox = Arc::new(Outbox::default());
        let writer = Writer::start(db.clone(), Arc::clone(&outbox));
        let leases = Arc::new(Leases::new(db.clone(), Arc::clone(&outbox)));
        Self { db, writer, outbox, leases, guard: Mutex::default() }
    }
}

#[async_trait]
impl Store for Mongo {
    fn events(&self) -> Option<Events> {
        let events = self.outbox.open()?;
        self.outbox.keep(tokio::spawn(tail::follow(self.db.clone(), Arc::clone(&self.outbox))));
        Some(events)
    }

    fn presence(&self) -> Option<Arc<dyn PresenceStore>> {
        Some(Arc::<Leases>::clone(&self.leases))
    }

    async fn ping(&self) -> Result<()> {
        // a primary that can take writes, not just any server that answers
        bounded(self.db.database.run_command(doc! { "ping": 1 })).await.map(drop)
    }

    async fn shared_secret(&self, fresh: &str) -> Result<Option<String>> {
        let new = doc! { "$setOnInsert": { "value": fresh, "createdAt": mongodb::bson::DateTime::now() } };
        let one = doc! { "_id": "secret" };
        match bounded(self.db.natter.update_one(one.clone(), new).upsert(true)).await {
            // two processes at once: the other one's is there now
            Err(error) if !matches!(error, Error::Failed(_)) => return Err(error),
            _ => {}
        }
        let stored = bounded(self.db.natter.find_one(one)).await?;
        let value = stored.as_ref().and_then(|stored| stored.get_str("value").ok());
        value.map(|value| Some(value.to_owned())).ok_or_else(|| Error::Failed("the shared secret is missing".into()))
    }

    async fn close(&self) {
        self.writer.stop().await;
        self.outbox.close();
        self.db.client().clone().shutdown().immediate(true).await;
    }
}

/// Runs an operation of the driver, for [`OPERATION`] at most.
async fn bounded<T>(operation: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T> {
    Ok(timed(operation).await?)
}

/// As [`bounded`], with the driver's error, for who has to tell them apart.
async fn timed<T>(operation: impl IntoFuture<Output = mongodb::error::Result<T>>) -> mongodb::error::Result<T> {
    match tokio::time::timeout(OPERATION, operation.into_future()).await {
        Ok(done) => done,
        Err(_) => {
            let reason = format!("MongoDB did not answer within {} s", OPERATION.as_secs());
            Err(std::io::Error::new(std::io::ErrorKind::TimedOut, reason).into())
        }
    }
}

impl From<mongodb::error::Error> for Error {
    fn from(error: mongodb::error::Error) -> Self {
        match error.kind.as_ref() {
            // nothing was sent to any server
            ErrorKind::ServerSelection { .. } => {
                tracing::warn!("no primary of the MongoDB replica set answers");
                Self::Busy
            }
            kind => Self::Failed(kind.to_string()),
        }
    }
}

/// The server's message where `error` is a broken unique index: it names the index.
fn duplicate(error: &mongodb::error::Error) -> Option<&str> {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(error)) if error.code == DUPLICATE_KEY => Some(&error.message),
        ErrorKind::Command(error) if error.code == DUPLICATE_KEY => Some(&error.message),
        _ => None,
    }
}

/// The index that a message of the server about a broken unique index names.
fn index_named(message: &str) -> &str {
    message.split_once("index: ").and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or_default()
}

/// A number of the log as MongoDB keeps it. The log would have to run for ages to leave the range.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A limit for a query, where 0 would mean none; the callers answer 0 themselves.
fn limit(n: u32) -> i64 {
    i64::from(n.max(1))
}

/// Values for `$in`.
fn any_of<T: Into<Bson>>(values: impl IntoIterator<Item = T>) -> Document {
    doc! { "$in": values.into_iter().map(Into::into).collect::<Vec<Bson>>() }
}
