//! Opening a connection to the database file, and converting its values and errors.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, functions::FunctionFlags};

use crate::{
    domain::fold,
    store::{Error, Result},
};

/// The maximum wait for another process that writes to the file: `natter user` and a backup share it with the server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // a file that is only read has the mode that it was written with
    if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
        connection.pragma_update(None, "journal_mode", "wal")?;
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // a deleted text must not stay in the file: SQLite overwrites it with zeros
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    // otherwise a statement that may use a partial index is prepared again for each value
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // SQLite's own functions and its NOCASE fold ASCII only
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold", 1, flags, |call| Ok(fold(call.get_raw(0).as_str()?)))?;
    Ok(connection)
}

/// A `seq` or `rev` as SQLite stores it. No log reaches the end of the range.
pub fn sql_integer(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}
