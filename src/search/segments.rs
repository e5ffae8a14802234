//! What FTS5 says about its segments: the sorted lists that it writes at once and merges later.

use rusqlite::Connection;

use super::error::{Error, Result};

/// The row of `fts_data` with the record of all segments.
const RECORD: i64 = 10;
/// What precedes the levels if deletions are marked, after a cookie of 4 bytes.
const MARK: [u8; 4] = [0xFF, 0, 0, 1];

/// The state of the segments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Segments {
    /// Whether a merge has begun that is not at its end.
    pub is_merging: bool,
    /// Whether there are deleted documents in one.
    pub has_deleted: bool,
    /// The pages of the largest one, and those of all others.
    pub largest: u64,
    pub others: u64,
}

impl Segments {
    pub fn read(connection: &Connection) -> Result<Self> {
        let select = "SELECT block FROM fts_data WHERE id = ?";
        let record: Vec<u8> = connection.prepare_cached(select)?.query_row([RECORD], |row| row.get(0))?;
        Self::parse(&record).ok_or(Error::Unusable)
    }

    /// See `fts5StructureDecode` of SQLite.
    fn parse(record: &[u8]) -> Option<Self> {
        let mut rest = record.get(4..)?.strip_prefix(&MARK)?;
        let mut segments = Self::default();
        let [levels, _count, _writes] = numbers(&mut rest)?;
        for _ in 0..levels {
            let [merging, count] = numbers(&mut rest)?;
            segments.is_merging |= merging > 0;
            for _ in 0..count {
                let [_id, first, last, _origin, _last_origin, deleted_pages, _deleted, _entries] = numbers(&mut rest)?;
                segments.has_deleted |= deleted_pages > 0;
                let pages = (last + 1).saturating_sub(first);
                segments.others += segments.largest.min(pages);
                segments.largest = segments.largest.max(pages);
            }
        }
        Some(segments)
    }
}

/// Takes numbers from the front of `bytes`.
fn numbers<const N: usize>(bytes: &mut &[u8]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = take(bytes)?;
    }
    Some(numbers)
}

/// A number of SQLite: 7 bits a byte, the highest first, 8 bits in a ninth byte.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for n in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if n == 8 {
            return Some(number << 8 | u64::from(*byte));
        }
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}
