//! The rows of one moment: those that a read transaction sees.

use async_trait::async_trait;

use super::{copied_uploads, read_transaction::ReadTransaction, transfer_rows};
use crate::{
    domain::FileId,
    store::{Result, Row, RowReader, Table, UploadRow},
};

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
