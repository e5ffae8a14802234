//! The file of the index: its schema, and how it is opened.
//!
//! What is in it can be read from the rooms' logs again, so a commit need not survive a power cut
//! (`synchronous=NORMAL`), and a file that cannot be used is deleted.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::error::{Error, Result};

/// The version of the schema, and of what tokens and tags mean. Whoever changes one of them counts it up.
const VERSION: i64 = 2;
/// The longest wait for another connection's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The page cache of the writer in KiB, as SQLite takes it.
const WRITER_CACHE: i64 = -8_192;
/// The page cache of a reader. The system caches the file as well.
const READER_CACHE: i64 = -1_024;
/// To which size in bytes the WAL is cut after it was longer.
const WAL_BYTES: i64 = 8 << 20;

/// - `rooms`: to which `rev` the log of each room is indexed. One without `id` was removed, but has documents left.
/// - `authors`: the number of each author.
/// - `docs`: the messages that can be found, by their place in time (see `places`). `text_rev_offset` is how far
///   `text_rev` is above `seq`: 0, which takes no byte, until something else than a post happens in the room. `starts` are the beginnings of the words (see `starts`).
/// - `fts`: the words with the tags, and the parts of each document. It does not keep the texts (`content=''`).
///   `usermerge` is how many segments a merge makes one of at least.
/// - `terms`: the tokens of `fts`.
/// - `state`: one row. `is_merging` as long as a merge of all lists is not at its end (see `merge`).
const SCHEMA: &str = "
    CREATE TABLE rooms (number INTEGER PRIMARY KEY, id TEXT UNIQUE, rev INTEGER NOT NULL) STRICT;
    CREATE TABLE authors (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE) STRICT;
    CREATE TABLE docs (
        id INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL, text_rev_offset INTEGER NOT NULL,
        flags INTEGER NOT NULL, starts BLOB NOT NULL
    ) STRICT;
    CREATE VIRTUAL TABLE fts USING fts5(
        words, parts, content='', contentless_delete=1, tokenize=\"ascii tokenchars '_'\"
    );
    INSERT INTO fts (fts, rank) VALUES ('usermerge', 2);
    CREATE VIRTUAL TABLE terms USING fts5vocab(fts, instance);
    CREATE TABLE state (is_merging INTEGER NOT NULL) STRICT;
    INSERT INTO state VALUES (0);";

/// The only connection that writes. Makes the file anew if it is missing or cannot be used.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    match try_writer(path) {
        Err(Error::Unusable) => {
            remove(path)?;
            try_writer(path)
        }
        opened => opened,
    }
}

fn try_writer(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // a deleted text must not stay in the file: SQLite overwrites it with zeros
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "auto_vacuum", "incremental")?; // a merge gives back what it does not need any more
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    connection.set_prepared_statement_cache_capacity(32);
    if is_new(&connection)? {
        let transaction = connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    check(&connection)?;
    Ok(connection)
}

/// Whether the file has no tables yet.
pub(super) fn is_new(connection: &Connection) -> Result<bool> {
    Ok(connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?)
}

/// A connection that reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = connect_reader(path)?;
    if is_new(&connection)? {
        return Err(Error::NotThere); // it is being made
    }
    check(&connection)?;
    Ok(connection)
}

/// A connection that reads, of which it is not known whether the file can be used.
pub(super) fn connect_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", READER_CACHE)?;
    Ok(connection)
}

/// Whether the file is of this version.
pub(super) fn has_version(connection: &Connection) -> Result<bool> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? == VERSION)
}

/// Reads a little of each table.
pub(super) fn check(connection: &Connection) -> Result<()> {
    if !has_version(connection)? {
        return Err(Error::Unusable);
    }
    let read = "SELECT (SELECT max(number) FROM rooms), (SELECT max(number) FROM authors), (SELECT max(id) FROM docs),
        (SELECT is_merging FROM state), (SELECT min(rowid) FROM fts WHERE fts MATCH '_ _')";
    Ok(connection.query_row(read, [], |_| Ok(()))?)
}

/// All rooms that are indexed and the `rev` up to which their logs are.
pub(super) fn cursors(connection: &Connection) -> Result<Vec<(String, u64)>> {
    let mut select = connection.prepare_cached("SELECT id, rev FROM rooms WHERE id IS NOT NULL ORDER BY id")?;
    let rooms = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
    Ok(rooms.collect::<rusqlite::Result<_>>()?)
}

/// Deletes the file and what belongs to it.
pub(super) fn remove(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::File(error)),
            _ => {}
        }
    }
    Ok(())
}
