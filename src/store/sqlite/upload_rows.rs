//! The rows of uploads.

use rusqlite::{
    Connection, OptionalExtension, Row, params,
    types::{FromSqlError, FromSqlResult},
};
use uuid::Uuid;

use super::file_ids::file_id;
use crate::{
    domain::{File, FileId, FileName, Timestamp, UserKey, rules},
    store::{Attempt, FileFacts, stored_file::StoredFacts},
};

pub fn facts_json(facts: &FileFacts) -> rusqlite::Result<String> {
    serde_json::to_string(&StoredFacts::from(facts))
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn facts(json: &str) -> FromSqlResult<FileFacts> {
    let stored: StoredFacts = serde_json::from_str(json).map_err(FromSqlError::other)?;
    stored.facts().ok_or(FromSqlError::InvalidType)
}

/// A row of `uploads`.
pub struct UploadRow {
    pub id: FileId,
    pub owner: UserKey,
    pub name: FileName,
    pub size: u64,
    pub received: u64,
    pub facts: Option<FileFacts>,
    pub attempt: Attempt,
}

pub const COLUMNS: &str = "id, owner, name, size, received, facts, message IS NOT NULL, attempt";

pub fn upload_row(row: &Row<'_>) -> rusqlite::Result<UploadRow> {
    let json = row.get::<_, Option<String>>(5)?;
    Ok(UploadRow {
        id: file_id(row, 0)?,
        owner: UserKey(Uuid::from_bytes(row.get(1)?)),
        name: FileName::stored(row.get(2)?),
        size: row.get::<_, i64>(3)? as u64,
        received: row.get::<_, i64>(4)? as u64,
        facts: json.map(|json| facts(&json)).transpose()?,
        attempt: Attempt(row.get(7)?),
    })
}

/// The complete uploads among these that have not expired, for the rules.
pub fn complete(
    c: &Connection,
    ids: impl Iterator<Item = FileId>,
    now: Timestamp,
) -> rusqlite::Result<Vec<rules::Upload>> {
    let mut found = Vec::new();
    for id in ids {
        let find = format!(
            "SELECT {COLUMNS} FROM uploads WHERE id = ?1 AND facts IS NOT NULL AND (message IS NOT NULL OR kept_until > ?2)"
        );
        let upload = c
            .prepare_cached(&find)?
            .query_row(params![id.0.as_bytes(), now.0], |row| Ok((upload_row(row)?, row.get(6)?)))
            .optional()?;
        let Some((UploadRow { owner, name, facts: Some(facts), .. }, is_taken)) = upload else { continue };
        found.push(rules::Upload { owner, is_taken, file: facts.file(id, name) });
    }
    Ok(found)
}

/// Makes uploads the files of the message at a position. Those that it does not have any more expire at once.
pub fn take(c: &Connection, message: i64, before: &[File], after: &[File]) -> rusqlite::Result<()> {
    let has = |files: &[File], id| files.iter().any(|file| file.id == id);
    for file in after.iter().filter(|file| !has(before, file.id)) {
        c.prepare_cached("UPDATE uploads SET message = ?2 WHERE id = ?1")?
            .execute(params![file.id.0.as_bytes(), message])?;
    }
    for file in before.iter().filter(|file| !has(after, file.id)) {
        c.prepare_cached("UPDATE uploads SET message = NULL, kept_until = 0 WHERE id = ?1")?
            .execute([file.id.0.as_bytes()])?;
    }
    Ok(())
}

/// Ends the uploads that the message at a position has, because it is removed.
pub fn end_of_message(c: &Connection, message: i64) -> rusqlite::Result<()> {
    c.prepare_cached("UPDATE uploads SET message = NULL, kept_until = 0 WHERE message = ?1")?
        .execute([message])
        .map(drop)
}
