//! Ids of objects in columns.

use rusqlite::Row;
use uuid::Uuid;

use crate::domain::FileId;

pub fn file_id(row: &Row<'_>, column: usize) -> rusqlite::Result<FileId> {
    Ok(FileId(Uuid::from_bytes(row.get(column)?)))
}

pub fn file_id_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<FileId>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(|id| FileId(Uuid::from_bytes(id))))
}
