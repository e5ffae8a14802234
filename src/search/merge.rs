//! Merging all lists of words, which removes what was deleted from the file's bytes.
//!
//! A deletion leaves the words of the document in FTS5's segments and marks it there as deleted. They go when all
//! segments are merged into a new one. That is done in steps. What is deleted meanwhile waits for the next merge.

use rusqlite::{Connection, TransactionBehavior::Immediate, params};

use super::{document::room_tag, error::Result, fts::any_tag, places, segments::Segments};

/// The documents of removed rooms that are deleted for each page of work.
const DOCUMENTS_PER_PAGE: u32 = 20;
/// The pages of 4 KB of lists besides the largest from which a merge is worth its cost.
const MIN_SCATTERED: u64 = 64;
/// FTS5's own default.
const AUTOMERGE: i64 = 4;

/// A step, about `pages` pages of work. Returns whether there is more to do.
pub(super) fn step(connection: &mut Connection, pages: u32) -> Result<bool> {
    let pages = i64::from(pages.max(1));
    let transaction = connection.transaction_with_behavior(Immediate)?;
    if purge_room(&transaction, pages * i64::from(DOCUMENTS_PER_PAGE))? {
        transaction.commit()?;
        return Ok(true);
    }
    let segments = Segments::read(&transaction)?;
    if is_merging(&transaction)? {
        if !segments.is_merging {
            drop(transaction);
            return finish(connection, pages);
        }
        merge(&transaction, pages)?;
    } else if segments.has_deleted || are_scattered(segments) {
        set_automerge(&transaction, 0)?;
        add_segment(&transaction)?;
        merge(&transaction, -pages)?; // a negative number makes all segments one merge
        transaction.execute("UPDATE state SET is_merging = 1", [])?;
    } else {
        return Ok(false);
    }
    transaction.commit()?;
    Ok(true)
}

/// A step after the merge: makes the file smaller, and then the WAL, which still has old pages. Returns whether there is
/// more to do.
fn finish(connection: &Connection, pages: i64) -> Result<bool> {
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if free > 0 {
        let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut rows = vacuum.query([])?; // a row for each page
        while rows.next()?.is_some() {}
        return Ok(true);
    }
    // if a reader hinders the checkpoint, the next step tries again
    let is_hindered: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if !is_hindered {
        set_automerge(connection, AUTOMERGE)?;
        connection.execute("UPDATE state SET is_merging = 0", [])?;
    }
    Ok(is_hindered)
}

/// Sets how many segments of a level FTS5 merges by itself when something is indexed. 0: none, while a merge of all goes on,
/// of which it would do thousands of pages in a transaction that indexes.
fn set_automerge(connection: &Connection, segments: i64) -> Result<()> {
    connection.prepare_cached("INSERT INTO fts (fts, rank) VALUES ('automerge', ?)")?.execute([segments])?;
    Ok(())
}

/// Whether a merge of all lists has begun that is not at its end, or should begin because there are many besides the
/// largest. They make the index larger, and each search reads all of them.
pub(super) fn is_due(connection: &Connection) -> Result<bool> {
    Ok(is_merging(connection)? || are_scattered(Segments::read(connection)?))
}

fn is_merging(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT is_merging FROM state")?.query_row([], |row| row.get(0))?)
}

/// An index that grows is then written five times as a whole.
fn are_scattered(Segments { largest, others, .. }: Segments) -> bool {
    others >= MIN_SCATTERED.max(largest / 4)
}

fn merge(connection: &Connection, pages: i64) -> Result<()> {
    connection.prepare_cached("INSERT INTO fts (fts, rank) VALUES ('merge', ?)")?.execute([pages])?;
    Ok(())
}

/// Adds a segment of nothing. FTS5 goes on with a merge only if it has more segments than there are newer ones: never
/// with a merge of one, as soon as something was posted.
fn add_segment(connection: &Connection) -> Result<()> {
    connection.execute("INSERT INTO fts (rowid, words) VALUES (?, '_')", [i64::MAX])?;
    connection.execute("DELETE FROM fts WHERE rowid = ?", [i64::MAX])?;
    Ok(())
}

/// Deletes documents of a removed room, at most `limit`. Returns whether there was such a room.
fn purge_room(connection: &Connection, limit: i64) -> Result<bool> {
    let removed =
        connection.prepare_cached("SELECT number FROM rooms WHERE id IS NULL LIMIT 1")?.query_row([], |row| row.get(0));
    let room: i64 = match removed {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(false),
        removed => removed?,
    };
    let mut select = connection.prepare_cached("SELECT rowid FROM fts WHERE fts MATCH ? LIMIT ?")?;
    let expression = any_tag(&[room_tag(room)]);
    let ids =
        select.query_map(params![expression, limit], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    for id in &ids {
        connection.prepare_cached("DELETE FROM fts WHERE rowid = ?")?.execute([id])?;
        places::free(connection, *id)?;
    }
    if ids.is_empty() {
        connection.execute("DELETE FROM rooms WHERE number = ?", [room])?;
    }
    Ok(true)
}
