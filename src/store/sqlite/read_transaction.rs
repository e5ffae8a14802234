//! A read transaction that stays open. Meanwhile checkpoints copy what was committed before it, and the WAL keeps and grows by
//! what is committed after it. It is cut when the transaction has ended.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use crate::store::{Error, Result};

/// A connection with an open read transaction. It ends when this is dropped.
pub struct ReadTransaction {
    connection: Arc<Mutex<Connection>>,
}

impl ReadTransaction {
    pub fn begin(connection: Connection) -> Result<Self> {
        connection.execute_batch("BEGIN")?;
        // the first read decides of which moment the rows are
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    pub async fn read<T, E, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        E: Into<Error>,
        F: FnOnce(&Connection) -> std::result::Result<T, E> + Send + 'static,
    {
        let connection = Arc::clone(&self.connection);
        let read = move || work(&connection.lock()).map_err(Into::into);
        spawn_blocking(read).await.map_err(|error| Error::Failed(error.to_string()))?
    }
}
