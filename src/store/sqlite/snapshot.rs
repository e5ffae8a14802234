//! The rows of one moment: a read transaction that stays open. Meanwhile checkpoints copy what was committed before it, and
//! the WAL keeps and grows by what is committed after it. It is cut when the transaction has ended.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::{copied_uploads, transfer_rows};
use crate::{
    domain::FileId,
    store::{Error, Result, Row, RowReader, Table, UploadRow},
};

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

    async fn read<T, E, F>(&self, work: F) -> Result<T>
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

#[async_trait]
impl RowReader for ReadTransaction {
    async fn count(&self, table: Table) -> Result<u64> {
        self.read(move |c| transfer_rows::count(c, table)).await
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        let after = after.cloned();
        self.read(move |c| transfer_rows::rows(c, table, after.as_ref(), limit)).await
    }

    async fn uploads_after(&self, after: Option<FileId>, limit: u32) -> Result<Vec<UploadRow>> {
        self.read(move |c| copied_uploads::after(c, after, limit)).await
    }
}
