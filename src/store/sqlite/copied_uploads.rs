//! The rows of uploads as they are read and added by copies.

use rusqlite::{Connection, params, types::Value};

use super::{
    connection::sql_integer,
    upload_rows::{COLUMNS, UploadRow, facts_json, upload_row},
};
use crate::{
    domain::{FileId, Message},
    store::{self, FileFacts},
};

/// The first `limit` uploads after `after`.
pub fn after(c: &Connection, after: Option<FileId>, limit: u32) -> rusqlite::Result<Vec<store::UploadRow>> {
    let after = Value::Blob(after.map_or(Vec::new(), |id| id.0.as_bytes().to_vec()));
    let find = format!("SELECT {COLUMNS} FROM uploads WHERE id > ?1 ORDER BY id LIMIT ?2");
    c.prepare_cached(&find)?
        .query_map(params![after, limit], |row| {
            let UploadRow { id, owner, size, .. } = upload_row(row)?;
            Ok(store::UploadRow { id, owner, size, is_taken: row.get(6)? })
        })?
        .collect()
}

/// Adds the files of a copied message at a position as uploads that it has.
pub fn insert_taken(c: &Connection, position: i64, message: &Message) -> rusqlite::Result<()> {
    for file in &message.files {
        c.prepare_cached(
            "INSERT INTO uploads (id, owner, name, size, received, kept_until, facts, message)
             VALUES (?1, ?2, ?3, ?4, ?4, 0, ?5, ?6)",
        )?
        .execute(params![
            file.id.0.as_bytes(),
            message.author_key.0.as_bytes(),
            file.name.as_str(),
            sql_integer(file.size),
            facts_json(&FileFacts::of(file))?,
            position,
        ])?;
    }
    Ok(())
}
