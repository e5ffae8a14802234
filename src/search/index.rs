//! The index of the messages of all rooms: one file, written here and read by [`Reader`](super::Reader).

use std::{collections::HashMap, path::Path};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior::Immediate, params};

use super::{
    document::{Columns, Document},
    error::Result,
    index_file::{self, cursors, open_writer},
    merge,
    places::{self, PASSED, Place, Places},
    segments::Segments,
};

/// The index, and the only one that writes to it. Others can read the file meanwhile, in other processes too: each of
/// their searches sees what one [`Index::apply_all`] left.
pub struct Index {
    connection: Connection,
}

impl Index {
    /// Opens the file. One that is missing, damaged or of another version is made anew: it is empty, and the cursors of
    /// all rooms are 0.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { connection: open_writer(path)? })
    }

    /// Deletes the file, which nobody uses. The next [`Index::open`] makes it anew.
    pub fn remove(path: &Path) -> Result<()> {
        index_file::remove(path)
    }

    /// The `rev` up to which the log of a room is indexed. 0 if nothing is.
    pub fn cursor(&self, room_id: &str) -> Result<u64> {
        let select = "SELECT rev FROM rooms WHERE id = ?";
        let rev = self.connection.prepare_cached(select)?.query_row([room_id], |row| row.get(0)).optional()?;
        Ok(rev.map_or(0, i64::cast_unsigned))
    }

    /// All rooms that are indexed and their cursors.
    pub fn cursors(&self) -> Result<Vec<(String, u64)>> {
        cursors(&self.connection)
    }

    /// Indexes what changed in rooms, in one transaction: all of it is found, or nothing. Returns how many documents
    /// were written: those that are as indexed are not.
    ///
    /// A transaction costs as much as about 10 messages, so what changed in many rooms should share one. A new file is
    /// made in half the time, and smaller, if old messages come before newer ones, whatever their rooms.
    pub fn apply_all(&mut self, rooms: &[RoomChanges<'_>]) -> Result<usize> {
        let transaction = self.connection.transaction_with_behavior(Immediate)?;
        let mut batch = Batch::new(&transaction)?;
        let mut documents = Vec::new();
        for RoomChanges { room_id, changes, rev } in rooms {
            let room = set_cursor(&transaction, room_id, *rev)?;
            documents.extend(latest(changes).map(|document| (room, document)));
        }
        documents.sort_by_key(|(_, document)| document.sent_ms); // rows that are written in order fill their pages
        for (room, document) in documents {
            batch.write_row(room, document)?;
        }
        let written = batch.finish()?;
        transaction.commit()?;
        Ok(written)
    }

    /// Forgets a room: from now on nothing in it is found, and its cursor is 0. [`Index::merge`] removes its documents.
    pub fn remove_room(&mut self, room_id: &str) -> Result<()> {
        self.connection.execute("UPDATE rooms SET id = NULL WHERE id = ?", [room_id])?;
        Ok(())
    }

    /// Whether so much was indexed since the last merge that the next is worth its cost, or one has begun.
    pub fn is_merge_due(&self) -> Result<bool> {
        merge::is_due(&self.connection)
    }

    /// Whether the file has words that were deleted: a merge removes them.
    pub fn has_deleted(&self) -> Result<bool> {
        Ok(Segments::read(&self.connection)?.has_deleted)
    }

    /// Does a part of the work that merges all lists of words and removes what was deleted from the file, and writes about
    /// `pages` pages of 4 KB. Returns whether there is more to do. Called in pauses until then, so that nothing of a
    /// deleted text stays in the file: FTS5 only marks it as deleted, and secure_delete overwrites it when its lists are
    /// merged.
    ///
    /// The merge writes the whole index again once. A text that is deleted meanwhile waits for the next.
    pub fn merge(&mut self, pages: u32) -> Result<bool> {
        merge::step(&mut self.connection, pages)
    }
}

/// What changed in a room.
#[derive(Debug, Clone, Copy)]
pub struct RoomChanges<'a> {
    pub room_id: &'a str,
    /// Of several with the same `seq` the last counts.
    pub changes: &'a [Document],
    /// The cursor of the room from then on.
    pub rev: u64,
}

/// Sets the cursor of a room. Returns its number.
fn set_cursor(transaction: &Transaction<'_>, room_id: &str, rev: u64) -> Result<i64> {
    let upsert = "INSERT INTO rooms (id, rev) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET rev = excluded.rev
        RETURNING number";
    let mut upsert = transaction.prepare_cached(upsert)?;
    Ok(upsert.query_row(params![room_id, rev.cast_signed()], |row| row.get(0))?)
}

/// The last of the changes of each `seq`.
fn latest(changes: &[Document]) -> impl Iterator<Item = &Document> {
    let last: HashMap<_, _> = changes.iter().enumerate().map(|(n, document)| (document.seq, n)).collect();
    changes
        .iter()
        .enumerate()
        .filter(move |(n, document)| last.get(&document.seq) == Some(n))
        .map(|(_, document)| document)
}

/// What a transaction writes.
struct Batch<'a> {
    connection: &'a Connection,
    authors: HashMap<[u8; 16], i64>,
    places: Places<'a>,
    listed: Vec<Listed>,
}

/// What the lists have to learn about a document.
struct Listed {
    id: i64,
    was_listed: bool,
    /// `None` if it is gone.
    columns: Option<Columns>,
}

impl<'a> Batch<'a> {
    fn new(connection: &'a Connection) -> Result<Self> {
        Ok(Self { connection, authors: HashMap::new(), places: Places::new(connection)?, listed: Vec::new() })
    }

    /// Writes the lists.
    fn finish(mut self) -> Result<usize> {
        self.listed.sort_by_key(|listed| listed.id); // FTS5 begins new lists if an id is lower than the one before
        let mut delete = self.connection.prepare_cached("DELETE FROM fts WHERE rowid = ?")?;
        let mut insert = self.connection.prepare_cached("INSERT INTO fts (rowid, words, parts) VALUES (?, ?, ?)")?;
        for Listed { id, was_listed, columns } in &self.listed {
            if *was_listed {
                delete.execute([id])?;
            }
            if let Some(columns) = columns {
                insert.execute(params![id, columns.words, columns.parts])?;
            }
        }
        Ok(self.listed.len())
    }

    /// Writes the row of a document, if it changes.
    fn write_row(&mut self, room: i64, document: &Document) -> Result<()> {
        let (seq, flags) = (document.seq.cast_signed(), document.flags.bits());
        let text_rev = document.text_rev.cast_signed();
        let Place { id, known, passed } = self.places.find(document.sent_ms, room, seq)?;
        let was_listed = known.is_some();
        let Some(text) = &document.text else {
            if was_listed {
                places::free(self.connection, id)?;
                self.listed.push(Listed { id, was_listed, columns: None });
            }
            return Ok(());
        };
        if known.as_ref().is_some_and(|known| (known.text_rev, known.flags & !PASSED) == (text_rev, flags)) {
            return Ok(());
        }
        let columns = Columns::new(text, document.flags, room, self.author(document.author)?);
        let upsert =
            "INSERT OR REPLACE INTO docs (id, room, seq, text_rev_offset, flags, starts) VALUES (?, ?, ?, ?, ?, ?)";
        let flags = flags | known.map_or(0, |known| known.flags & PASSED);
        let values = params![id, room, seq, text_rev - seq, flags, columns.starts];
        self.connection.prepare_cached(upsert)?.execute(values)?;
        for passed in passed {
            let update = "UPDATE docs SET flags = flags | ? WHERE id = ?";
            self.connection.prepare_cached(update)?.execute([PASSED, passed])?;
        }
        self.listed.push(Listed { id, was_listed, columns: Some(columns) });
        Ok(())
    }

    /// The number of an author.
    fn author(&mut self, key: [u8; 16]) -> Result<i64> {
        if let Some(number) = self.authors.get(&key) {
            return Ok(*number);
        }
        let select = "SELECT number FROM authors WHERE key = ?";
        let known = self.connection.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                self.connection.prepare_cached("INSERT INTO authors (key) VALUES (?)")?.execute([key])?;
                self.connection.last_insert_rowid()
            }
        };
        self.authors.insert(key, number);
        Ok(number)
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
