//! The embedded database as a store.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags};

use super::{
    checkpoints::Checkpoints, connection::connect, copy_mark::refuse_unfinished, read_transaction::ReadTransaction,
    readers::Readers, schema, summary_cache::SummaryCache, writer::Writer,
};
use crate::{
    domain::RoomId,
    store::{Database, Error, Events, Objects, PresenceStore, Result, Store, disk::Disk, used_space::UsedSpace},
};

pub struct Sqlite {
    pub(super) writer: Writer,
    pub(super) summaries: Arc<SummaryCache>,
    readers: Arc<Readers>,
    pub(super) objects: Arc<Disk>,
    pub(super) used_space: UsedSpace,
}

/// The writer's page cache in KiB, as SQLite takes it: 64 MiB. The pages that posts write to are the ends of each author's
/// part of the indexes. With SQLite's 2 MB they are read again for each post as soon as there are many authors, and a
/// large transaction writes pages to the WAL more than once.
const WRITER_CACHE: i64 = -65_536;

/// The directory of the objects, beside the database file.
const OBJECTS: &str = "files";

impl Sqlite {
    /// Opens the database file. Creates it or migrates its schema if necessary.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Self::migrated(path)?;
        refuse_unfinished(&connection)?;
        Self::writable(path, connection)
    }

    /// Opens the file read-only. Its schema must be the current one, because a read-only file cannot be migrated.
    pub fn open_source(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = connect(path, flags)?;
        schema::check_current(&connection)?;
        refuse_unfinished(&connection)?;
        Ok(Self::of(path, connection, None, Readers::new(path, flags)))
    }

    /// Opens the file as the target of a copy, even if an earlier copy into it is unfinished.
    pub fn open_target(path: &Path) -> Result<Self> {
        Self::writable(path, Self::migrated(path)?)
    }

    fn migrated(path: &Path) -> Result<Connection> {
        let mut connection = connect(path, OpenFlags::default())?;
        schema::migrate(&mut connection)?;
        Ok(connection)
    }

    fn writable(path: &Path, mut connection: Connection) -> Result<Self> {
        let flags = OpenFlags::default();
        connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
        let checkpoints = Checkpoints::start(&mut connection, connect(path, flags)?)?;
        Ok(Self::of(path, connection, Some(checkpoints), Readers::new(path, flags)))
    }

    fn of(path: &Path, connection: Connection, checkpoints: Option<Checkpoints>, readers: Readers) -> Self {
        let summaries = Arc::<SummaryCache>::default();
        let writer = Writer::start(connection, checkpoints, Arc::clone(&summaries));
        Self {
            writer,
            summaries,
            readers: Arc::new(readers),
            objects: Arc::new(Disk::new(path.with_file_name(OBJECTS))),
            used_space: UsedSpace::default(),
        }
    }

    /// A read transaction on a connection of its own.
    pub(super) async fn read_transaction(&self) -> Result<ReadTransaction> {
        self.readers.transaction().await
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        E: Into<Error>,
        F: FnOnce(&Connection) -> std::result::Result<T, E> + Send + 'static,
    {
        self.readers.read(work).await
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn ping(&self) -> Result<()> {
        // through the writer, because reads can still work when writes do not
        self.writer.run(|_| Ok(())).await
    }
}

#[async_trait]
impl Database for Sqlite {
    fn objects(&self) -> Arc<dyn Objects> {
        Arc::<Disk>::clone(&self.objects)
    }

    fn events(&self) -> Option<Events> {
        let events = self.writer.events()?;
        self.summaries.enable(); // from now on the writes of other processes are noticed
        Some(events)
    }

    fn presence(&self) -> Option<Arc<dyn PresenceStore>> {
        None
    }

    async fn shared_secret(&self, _candidate: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn delete_room(&self, room: &RoomId) -> Result<()> {
        let room = room.clone();
        self.writer.run(move |batch| batch.delete_room(&room)).await
    }

    async fn close(&self) {
        // readers first: the last connection that closes checkpoints the WAL into the database file
        self.readers.close().await;
        self.writer.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::batch::Batch;

    /// Commits survive a power cut only with both settings. A test cannot cut the power, so it checks the settings.
    #[tokio::test]
    async fn the_writer_syncs_the_wal_before_each_commit_returns() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("natter.db")).unwrap();
        let settings = |batch: &mut Batch<'_>| {
            let journal: String = batch.connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous: i64 = batch.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            Ok((journal, synchronous))
        };
        let full = 2;
        assert_eq!(store.writer.run(settings).await.unwrap(), ("wal".to_owned(), full));
    }
}
