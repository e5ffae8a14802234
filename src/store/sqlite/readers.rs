//! The pool of read-only connections.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::{connection::connect, read_transaction::ReadTransaction};
use crate::store::{Error, Result};

/// The number of concurrent reads. A read takes microseconds and the machine has few cores, so more connections would
/// only cost memory.
const READERS: u32 = 4;
/// Each reader's page cache in KiB, as SQLite takes it: 512 KiB. The upper pages of all indexes fit in, and the system
/// caches the file as well.
const READER_CACHE: i64 = -512;

/// Read-only connections. Each is opened when it is first needed, and kept.
pub struct Readers {
    path: PathBuf,
    flags: OpenFlags,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub fn new(path: &Path, flags: OpenFlags) -> Self {
        let permits = Arc::new(Semaphore::new(READERS as usize));
        Self { path: path.to_owned(), flags, idle: Mutex::default(), permits }
    }

    /// Runs a read on a blocking thread, in one snapshot of the database.
    pub async fn read<T, E, F>(self: &Arc<Self>, work: F) -> Result<T>
    where
        T: Send + 'static,
        E: Into<Error>,
        F: FnOnce(&Connection) -> std::result::Result<T, E> + Send + 'static,
    {
        let readers = Arc::clone(self);
        let permit = Arc::clone(&readers.permits).acquire_owned().await.map_err(|_| Error::Failed("closed".into()))?;
        let run = move || {
            let _permit = permit; // held here, because the read continues if its caller is dropped
            let mut connection = readers.take()?;
            let snapshot = connection.transaction()?;
            let out = work(&snapshot);
            snapshot.finish()?;
            readers.idle.lock().push(connection);
            out.map_err(Into::into)
        };
        tokio::task::spawn_blocking(run).await.map_err(|e| Error::Failed(e.to_string()))?
    }

    /// Begins a read transaction on a connection of its own, which is not one of the pool.
    pub async fn transaction(self: &Arc<Self>) -> Result<ReadTransaction> {
        let readers = Arc::clone(self);
        let begin = move || ReadTransaction::begin(readers.connect()?);
        tokio::task::spawn_blocking(begin).await.map_err(|e| Error::Failed(e.to_string()))?
    }

    /// Waits for the current reads, then closes all connections. Later reads fail.
    pub async fn close(&self) {
        let _all = self.permits.acquire_many(READERS).await;
        self.permits.close();
        self.idle.lock().clear();
    }

    fn take(&self) -> Result<Connection> {
        if let Some(connection) = self.idle.lock().pop() {
            return Ok(connection);
        }
        self.connect()
    }

    fn connect(&self) -> Result<Connection> {
        let connection = connect(&self.path, self.flags)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", READER_CACHE)?;
        Ok(connection)
    }
}
