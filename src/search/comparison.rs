//! Comparing the index with the log.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use rusqlite::{Connection, Row};

use super::{
    document::{Columns, Document},
    error::Result,
    index_file::{check, connect_reader, has_version, is_new},
    places::{NO_ROOM, PASSED, tries},
};

/// The words that are added to the sums at a time: 16 MB.
const BATCH: usize = 1 << 20;

/// An index as it was at one moment, and how far the log was compared with it.
///
/// It is read whole, before the log: what changes meanwhile is above the cursors of the rooms and not compared. A
/// document takes 56 bytes.
pub struct Comparison {
    /// By id. Also those that only the log has.
    rooms: HashMap<String, Room>,
    /// The id of each room by its number. `None` if it was removed.
    names: HashMap<i64, Option<String>>,
    authors: HashMap<[u8; 16], i64>,
    /// In order of their ids.
    documents: Vec<Indexed>,
    /// The ids of words without a document.
    strays: BTreeSet<i64>,
}

/// A room in the index and in the log.
struct Room {
    number: i64,
    cursor: u64,
    /// The highest `rev` and `seq` of the log so far.
    head: u64,
    last: u64,
}

/// A document of the index.
struct Indexed {
    id: i64,
    room: i64,
    seq: i64,
    text_rev: i64,
    flags: i64,
    /// See [`sum`].
    sum: u64,
    /// Whether the log has its message.
    is_known: bool,
}

impl Comparison {
    /// Reads the index. `None` if there is none yet, or one of another version, which natter makes anew at its start.
    ///
    /// # Errors
    /// [`Error::Unusable`](super::Error::Unusable) if it is damaged.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let mut connection = connect_reader(path)?;
        let transaction = connection.transaction()?;
        if is_new(&transaction)? || !has_version(&transaction)? {
            return Ok(None);
        }
        check(&transaction)?;
        let mut comparison = Self {
            rooms: HashMap::new(),
            names: HashMap::new(),
            authors: HashMap::new(),
            documents: documents(&transaction)?,
            strays: BTreeSet::new(),
        };
        comparison.read_rooms(&transaction)?;
        comparison.read_authors(&transaction)?;
        comparison.read_words(&transaction)?;
        Ok(Some(comparison))
    }

    fn read_rooms(&mut self, connection: &Connection) -> Result<()> {
        let mut select = connection.prepare("SELECT number, id, rev FROM rooms")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (number, id): (i64, Option<String>) = (row.get(0)?, row.get(1)?);
            let cursor = row.get::<_, i64>(2)?.cast_unsigned();
            if let Some(id) = id.clone() {
                self.rooms.insert(id, Room { number, cursor, head: 0, last: 0 });
            }
            self.names.insert(number, id);
        }
        Ok(())
    }

    fn read_authors(&mut self, connection: &Connection) -> Result<()> {
        let mut select = connection.prepare("SELECT key, number FROM authors")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.authors.insert(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    /// Adds each word to the sum of its document.
    fn read_words(&mut self, connection: &Connection) -> Result<()> {
        let mut select = connection.prepare("SELECT doc, col, offset, term FROM terms")?;
        let mut rows = select.query([])?;
        let mut hashes = Vec::with_capacity(BATCH);
        while let Some(row) = rows.next()? {
            let offset = row.get::<_, i64>(2)?.cast_unsigned();
            hashes.push((row.get(0)?, hash_word(bytes(row, 1)?, offset, bytes(row, 3)?)));
            if hashes.len() == BATCH {
                self.add(&mut hashes);
            }
        }
        self.add(&mut hashes);
        Ok(())
    }

    /// Adds the hashes to the sums of the documents with these ids.
    fn add(&mut self, hashes: &mut Vec<(i64, u64)>) {
        // to look for each document in so many would take four times as long
        hashes.sort_unstable();
        let mut documents = self.documents.iter_mut().peekable();
        for (id, hash) in hashes.drain(..) {
            while documents.next_if(|document| document.id < id).is_some() {}
            match documents.peek_mut().filter(|document| document.id == id) {
                Some(document) => document.sum = document.sum.wrapping_add(hash),
                None => drop(self.strays.insert(id)),
            }
        }
    }

    /// Compares a message of the log, of which `rev` is the last change. Those of a room come in order of `seq`. Calls
    /// `found` with a line for each difference.
    pub fn compare(&mut self, room_id: &str, rev: u64, document: &Document, found: &mut impl FnMut(String)) {
        if !self.rooms.contains_key(room_id) {
            self.rooms.insert(room_id.to_owned(), Room { number: NO_ROOM, cursor: 0, head: 0, last: 0 });
        }
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        room.head = room.head.max(rev);
        room.last = document.seq;
        let (number, is_behind) = (room.number, rev > room.cursor);
        let (place, is_kept) = find(&self.documents, document.sent_ms, number, document.seq.cast_signed());
        let indexed = place.and_then(|at| self.documents.get_mut(at));
        let indexed = indexed.map(|indexed| {
            indexed.is_known = true;
            &*indexed
        });
        if is_behind {
            return;
        }
        let difference = match (indexed, &document.text) {
            (None, None) => return,
            (None, Some(_)) => "is not found",
            (Some(_), None) => "is still in the index, and has no text",
            (Some(indexed), Some(text)) => {
                let author = self.authors.get(&document.author).copied().unwrap_or_default();
                let sum = || sum(&Columns::new(text, document.flags, number, author));
                if indexed.text_rev != document.text_rev.cast_signed() {
                    "is found by an older text"
                } else if indexed.flags & !PASSED != document.flags.bits() {
                    "is found by has: and is: in another way than it should"
                } else if indexed.sum != sum() {
                    "is found by other words than it has"
                } else if !is_kept {
                    "would be lost in the index if one of the same time were deleted"
                } else {
                    return;
                }
            }
        };
        found(format!("message {} in room {room_id} {difference}", document.seq));
    }

    /// Ends the comparison, after all messages. Calls `found` for what only the index has, unless natter forgets it at
    /// its next start anyway. Returns the share of the log that the index has, in whole percent: 100 only if it is all.
    pub fn finish(self, found: &mut impl FnMut(String)) -> u8 {
        let (mut indexed, mut total) = (0, 0);
        for (id, Room { cursor, head, .. }) in &self.rooms {
            if cursor > head && *head > 0 {
                found(format!("room {id} is indexed up to change {cursor}, and its log ends at {head}"));
            }
            indexed += cursor.min(head);
            total += head;
        }
        for document in self.documents.iter().filter(|document| !document.is_known) {
            if let Some(difference) = self.unknown(document) {
                found(difference);
            }
        }
        for id in &self.strays {
            found(format!("words without a message are in the index as {id}"));
        }
        if indexed == total { 100 } else { (indexed.saturating_mul(100) / total.max(1)).min(99) as u8 }
    }

    /// What is wrong with a document whose message the log does not have.
    fn unknown(&self, document: &Indexed) -> Option<String> {
        let Indexed { id, seq, .. } = document;
        if document.room == NO_ROOM {
            return (document.sum != 0).then(|| format!("the words of a deleted message are in the index as {id}"));
        }
        let Some(name) = self.names.get(&document.room) else {
            return Some(format!("message {seq} of no room is in the index"));
        };
        // a room that was removed here, or is not in the log any more, is forgotten
        let name = name.as_ref()?;
        let room = self.rooms.get(name).filter(|room| room.head > 0)?;
        let what = if seq.cast_unsigned() > room.last { "does not exist" } else { "is at a wrong place" };
        Some(format!("message {seq} in room {name} is in the index, and {what}"))
    }
}

/// All documents, without their words.
fn documents(connection: &Connection) -> Result<Vec<Indexed>> {
    let count: i64 = connection.query_row("SELECT count(*) FROM docs", [], |row| row.get(0))?;
    let mut documents = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    let mut select =
        connection.prepare("SELECT id, room, seq, seq + text_rev_offset, flags, starts FROM docs ORDER BY id")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        documents.push(Indexed {
            id: row.get(0)?,
            room: row.get(1)?,
            seq: row.get(2)?,
            text_rev: row.get(3)?,
            flags: row.get(4)?,
            sum: hash_starts(bytes(row, 5)?),
            is_known: false,
        });
    }
    Ok(documents)
}

/// The place of a document among the others, and whether those that it passed remember it.
fn find(documents: &[Indexed], sent_ms: i64, room: i64, seq: i64) -> (Option<usize>, bool) {
    let mut is_kept = true;
    for id in tries(sent_ms, room, seq) {
        let place = documents.binary_search_by_key(&id, |document| document.id).ok();
        match place.and_then(|at| documents.get(at)) {
            Some(other) if (other.room, other.seq) != (room, seq) => is_kept &= other.flags & PASSED != 0,
            _ => return (place, is_kept),
        }
    }
    (None, is_kept)
}

/// The sum of the hashes of all words and of the starts, in any order.
fn sum(columns: &Columns) -> u64 {
    let words = words("words", &columns.words).chain(words("parts", &columns.parts));
    words.fold(hash_starts(&columns.starts), u64::wrapping_add)
}

/// The hash of each word of a column.
fn words<'a>(column: &'a str, text: &'a str) -> impl Iterator<Item = u64> {
    let words = (0..).zip(text.split(' ').filter(|word| !word.is_empty()));
    words.map(|(offset, word)| hash_word(column.as_bytes(), offset, word.as_bytes()))
}

fn hash_word(column: &[u8], offset: u64, word: &[u8]) -> u64 {
    hash((column, offset, word))
}

/// 0 for none.
fn hash_starts(starts: &[u8]) -> u64 {
    if starts.is_empty() { 0 } else { hash(starts) }
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// A text or blob of a row. Empty if it is neither.
fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_bytes().unwrap_or_default())
}

#[cfg(test)]
#[path = "comparison_tests.rs"]
mod tests;
