//! The shared database as a store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mongodb::bson::{self, Bson, DateTime, doc};
use tokio::{sync::Mutex, time::timeout};

use super::{
    collections::Collections,
    connect,
    copy_mark::refuse_unfinished,
    driver::{close, with_timeout},
    migrations,
    objects::GridFs,
    outbox::Outbox,
    presence::Leases,
    room_queries::present,
    tail,
    writer::Writer,
};
use crate::{
    domain::RoomId,
    store::{Database, Error, Events, Objects, PresenceStore, Result, Store, used_space::UsedSpace},
};

/// The maximum time until the waiting writes are done at the stop. One that waits longer is not acknowledged.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

pub struct Mongo {
    pub(super) db: Collections,
    pub(super) writer: Writer,
    pub(super) outbox: Arc<Outbox>,
    leases: Arc<Leases>,
    pub(super) grid_fs: Arc<GridFs>,
    pub(super) used_space: UsedSpace,
    /// Tells this process's documents from those of others.
    process: bson::Uuid,
    /// Lets this process run one transaction on the guard document at a time, so that only other processes can
    /// conflict with it.
    pub(super) guard: Mutex<()>,
}

impl Mongo {
    /// Connects, and migrates the database's schema if necessary.
    pub async fn open(url: &str) -> Result<Self> {
        let db = Collections::new(connect::database(url).await?);
        let ready = async {
            migrations::migrate(&db.database).await?;
            refuse_unfinished(&db).await
        };
        Self::opened(&db, ready.await).await
    }

    /// Connects as the source of a copy. The schema must be this natter's, because the database is not migrated.
    pub async fn open_source(url: &str) -> Result<Self> {
        let db = Collections::new(connect::database(url).await?);
        let ready = async {
            migrations::check_current(&db.database).await?;
            refuse_unfinished(&db).await?;
            settle_rooms(&db).await
        };
        Self::opened(&db, ready.await).await
    }

    /// Connects as the target of a copy, even if an earlier copy into it is unfinished.
    pub async fn open_target(url: &str) -> Result<Self> {
        let db = Collections::new(connect::database(url).await?);
        let ready = migrations::migrate(&db.database).await;
        Self::opened(&db, ready).await
    }

    async fn opened(db: &Collections, ready: Result<()>) -> Result<Self> {
        connect::closed_on_error(db.database.clone(), ready).await?;
        Ok(Self::new(db.clone()))
    }

    fn new(db: Collections) -> Self {
        let outbox = Arc::new(Outbox::default());
        let writer = Writer::new(db.clone(), Arc::clone(&outbox));
        let process = bson::Uuid::new();
        let leases = Arc::new(Leases::new(db.clone(), Arc::clone(&outbox), process));
        let grid_fs = Arc::new(GridFs::new(db.clone()));
        let used_space = UsedSpace::default();
        Self { db, writer, outbox, leases, grid_fs, used_space, process, guard: Mutex::default() }
    }
}

/// Derives the newest change of each room: a copy reads states.
async fn settle_rooms(db: &Collections) -> Result<()> {
    let rooms = with_timeout(db.rooms.distinct("_id", present(doc! {}))).await?;
    let mut session = db.reads().await?;
    for room in rooms.iter().filter_map(Bson::as_str) {
        match db.settled_head(&RoomId::named(room), &mut session).await {
            Ok(_) | Err(Error::NoSuchRoom) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[async_trait]
impl Store for Mongo {
    async fn ping(&self) -> Result<()> {
        // the driver sends this to a primary, which can take writes
        with_timeout(self.db.database.run_command(doc! { "ping": 1 })).await.map(drop)
    }
}

#[async_trait]
impl Database for Mongo {
    fn objects(&self) -> Arc<dyn Objects> {
        Arc::<GridFs>::clone(&self.grid_fs)
    }

    fn events(&self) -> Option<Events> {
        let events = self.outbox.open()?;
        self.outbox.set_tail(tokio::spawn(tail::follow(self.db.clone(), Arc::clone(&self.outbox), self.process)));
        Some(events)
    }

    fn presence(&self) -> Option<Arc<dyn PresenceStore>> {
        Some(Arc::<Leases>::clone(&self.leases))
    }

    async fn shared_secret(&self, candidate: &str) -> Result<Option<String>> {
        let new = doc! { "$setOnInsert": { "value": candidate, "createdAt": DateTime::now() } };
        let secret = doc! { "_id": "secret" };
        match with_timeout(self.db.natter.update_one(secret.clone(), new).upsert(true)).await {
            // `Failed` includes a duplicate key: another process stored its secret at the same time. The read decides
            Ok(_) | Err(Error::Failed(_)) => {}
            Err(error) => return Err(error),
        }
        let stored = with_timeout(self.db.natter.find_one(secret)).await?;
        let value = stored.as_ref().and_then(|stored| stored.get_str("value").ok());
        value.map(|value| Some(value.to_owned())).ok_or_else(|| Error::Failed("the shared secret is missing".into()))
    }

    async fn delete_room(&self, room: &RoomId) -> Result<()> {
        self.db.room(room, &mut self.db.reads().await?).await?;
        self.writer.delete_room(room).await.map(drop)
    }

    async fn close(&self) {
        if timeout(STOP_TIMEOUT, self.writer.stop()).await.is_err() {
            tracing::warn!(timeout = ?STOP_TIMEOUT, "writes to MongoDB not finished at the stop");
        }
        self.outbox.close();
        close(&self.db.database).await;
    }
}
