//! The mark of an unfinished `natter copy`: `PRAGMA application_id` in the header of the file.

use rusqlite::Connection;

use crate::store::{Error, Result, transfer::UNFINISHED_COPY};

/// "natu" in ASCII.
const UNFINISHED_ID: i32 = 0x6e61_7475;

pub fn is_unfinished(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(id == UNFINISHED_ID)
}

pub fn set_unfinished(connection: &Connection, is_unfinished: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", if is_unfinished { UNFINISHED_ID } else { 0 })
}

pub fn refuse_unfinished(connection: &Connection) -> Result<()> {
    if is_unfinished(connection)? { Err(Error::Failed(UNFINISHED_COPY.into())) } else { Ok(()) }
}
