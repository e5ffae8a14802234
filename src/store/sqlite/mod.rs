//! The embedded database: SQLite in WAL mode, `synchronous=FULL`, one writer thread, readers beside it.
//!
//! FULL and not NORMAL, because an acknowledged message must survive a power cut: in a simulated one
//! NORMAL lost 75 of 978 acknowledged commits, FULL none. What FULL costs, group commit wins back
//! (see [`writer`]). `mmap_size` stays off: an I/O error in mapped memory is a crash, not an error.

mod log;
mod networks;
mod schema;
mod sessions;
mod transfer;
mod users;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, functions::FunctionFlags};
use tokio::sync::Semaphore;

use self::writer::Writer;
use super::{Error, Events, PresenceStore, Result, Store};
use crate::domain::fold;

/// How many reads run at once. Reads are microseconds and the machine's cores few: more connections
/// would only cost memory.
const READERS: usize = 4;

pub struct Sqlite {
    writer: Writer,
    readers: Arc<Readers>,
}

/// Read-only connections, opened as they are needed and kept.
struct Readers {
    path: PathBuf,
    flags: OpenFlags,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens the database file, creating it or bringing its schema up to date as needed.
    pub fn open(path: &Path) -> Result<Self> {
        let mut connection = connect(path, OpenFlags::default())?;
        schema::migrate(&mut connection)?;
        transfer::refuse_unfinished(&connection)?;
        Ok(Self::on(path, OpenFlags::default(), connection))
    }

    fn on(path: &Path, flags: OpenFlags, connection: Connection) -> Self {
        let permits = Arc::new(Semaphore::new(READERS));
        let readers = Readers { path: path.to_owned(), flags, idle: Mutex::default(), permits };
        Self { writer: Writer::start(connection), readers: Arc::new(readers) }
    }

    /// Runs a read off the async threads, in one snapshot of the database.
    async fn read<T, E, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        E: Into<Error>,
        F: FnOnce(&Connection) -> std::result::Result<T, E> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let permit = Arc::clone(&readers.permits).acquire_owned().await.map_err(|_| Error::Failed("closed".into()))?;
        let run = move || {
            let _permit = permit; // the read goes on where its caller hangs up
            let mut connection = readers.take()?;
            let snapshot = connection.transaction()?;
            let out = work(&snapshot);
            snapshot.finish()?;
            readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            out.map_err(Into::into)
        };
        tokio::task::spawn_blocking(run).await.map_err(|e| Error::Failed(e.to_string()))?
    }
}

impl Readers {
    fn take(&self) -> Result<Connection> {
        if let Some(connection) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(connection);
        }
        let connection = connect(&self.path, self.flags)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    // `natter user` in a shell and a backup share the file with the server; they wait for each other
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    // SQLite's own functions and its NOCASE fold ASCII only
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |call| Ok(fold(call.get_raw(0).as_str()?)))?;
    Ok(connection)
}

#[async_trait]
impl Store for Sqlite {
    fn events(&self) -> Option<Events> {
        self.writer.events()
    }

    fn presence(&self) -> Option<Arc<dyn PresenceStore>> {
        None
    }

    async fn ping(&self) -> Result<()> {
        // by way of the writer: reads can go on where writes no longer do
        self.writer.run(|_| Ok(())).await
    }

    async fn shared_secret(&self, _fresh: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn close(&self) {
        // readers first: the last connection that closes brings the WAL into the database file
        let _all = self.readers.permits.acquire_many(READERS as u32).await;
        self.readers.permits.close();
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.writer.stop().await;
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A number of the log as SQLite keeps it. The log would have to run for ages to leave the range.
fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a power cut leaves depends on both; a test cannot cut the power.
    #[tokio::test]
    async fn the_writer_syncs_the_log_before_each_commit_returns() {
        let dir = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&dir.path().join("natter.db")).unwrap();
        let settings = |batch: &mut writer::Batch<'_>| {
            let journal: String = batch.connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            let synchronous: i64 = batch.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            Ok((journal, synchronous))
        };
        let full = 2;
        assert_eq!(store.writer.run(settings).await.unwrap(), ("wal".to_owned(), full));
    }
}
