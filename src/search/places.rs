//! The places of messages in time: their ids in the index.
//!
//! An id is the time of a message in steps of 8 ms. So the newest messages have the highest ids, dates are ranges of ids,
//! and a message is found again from its time, room and number alone. The distance between ids is in each list of the
//! index: a step of 1 ms would take a byte more for every third word.
//!
//! A message whose step is taken has one of the next 15, so that a few of the same time stay in order. If those are taken
//! too, it is tried in ranges that grow: a flood of more than 125 messages a second, or an import without exact times, is
//! spread over the time after it, as long as it takes at 125 a second, but each of its messages is found in a few tries. A
//! document that another had to pass remembers it: if it goes, its place stays taken, by nothing.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::error::Result;

/// The milliseconds of a step. A day has a whole number of them.
const STEP_MS: i64 = 8;
/// The millisecond whose id is 0: the beginning of 2020, so that ids take a byte less than since 1970. Earlier ones are
/// below 0.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// The most milliseconds before or after it. So far away times are the same.
const MAX_MS: i64 = i64::MAX >> 2;
/// The places that are tried in each range.
const TRIES: u64 = 16;
/// The bits by which a range is larger than the one before.
const GROWTH_BITS: u64 = 2;
/// The largest range: 2³³ steps are two years.
const MAX_RANGE_BITS: u64 = 33;
/// The bit of `flags` in `docs` that says that another document passed this one.
pub(super) const PASSED: i64 = 1 << 8;
/// The room of a place that stays taken.
pub(super) const NO_ROOM: i64 = 0;

/// The first id of the step of a millisecond.
pub(super) fn first_id(ms: i64) -> i64 {
    ms.saturating_sub(EPOCH_MS).clamp(-MAX_MS, MAX_MS).div_euclid(STEP_MS)
}

/// The ids to try, in order.
pub(super) fn tries(sent_ms: i64, room: i64, seq: i64) -> impl Iterator<Item = i64> {
    let first = first_id(sent_ms);
    (0..).map(move |n| {
        let (range, nth) = (n / TRIES, n % TRIES);
        let steps = if range == 0 { nth } else { scattered([room, seq, n as i64]) >> (64 - range_bits(range)) };
        first.saturating_add(steps as i64)
    })
}

fn range_bits(range: u64) -> u64 {
    (4 + GROWTH_BITS * range).min(MAX_RANGE_BITS)
}

/// A hash whose high bits are good.
fn scattered(values: [i64; 3]) -> u64 {
    let mix =
        |hash: u64, value: &i64| (hash ^ value.cast_unsigned()).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    values.iter().fold(0, mix).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// What `docs` has at a place.
pub(super) struct Taken {
    pub room: i64,
    pub seq: i64,
    pub text_rev: i64,
    pub flags: i64,
}

/// Where a message is or will be.
pub(super) struct Place {
    pub id: i64,
    /// The document there, if it is indexed.
    pub known: Option<Taken>,
    /// Those it would pass.
    pub passed: Vec<i64>,
}

/// Finds the places of messages.
pub(super) struct Places<'a> {
    select: CachedStatement<'a>,
}

impl<'a> Places<'a> {
    pub fn new(connection: &'a Connection) -> Result<Self> {
        let select =
            connection.prepare_cached("SELECT room, seq, seq + text_rev_offset, flags FROM docs WHERE id = ?")?;
        Ok(Self { select })
    }

    pub fn find(&mut self, sent_ms: i64, room: i64, seq: i64) -> Result<Place> {
        let mut passed = Vec::new();
        for id in tries(sent_ms, room, seq) {
            let taken = |row: &rusqlite::Row<'_>| {
                Ok(Taken { room: row.get(0)?, seq: row.get(1)?, text_rev: row.get(2)?, flags: row.get(3)? })
            };
            match self.select.query_row([id], taken).optional()? {
                Some(other) if (other.room, other.seq) != (room, seq) => {
                    if other.flags & PASSED == 0 {
                        passed.push(id);
                    }
                }
                known => return Ok(Place { id, known, passed }),
            }
        }
        Err(rusqlite::Error::QueryReturnedNoRows.into()) // the tries have no end
    }
}

/// Frees the place of a document. It stays taken if another has passed it.
pub(super) fn free(connection: &Connection, id: i64) -> Result<()> {
    let keep = "UPDATE docs SET room = ?2, seq = 0, text_rev_offset = 0, flags = ?3, starts = x''
        WHERE id = ?1 AND flags & ?3";
    if connection.prepare_cached(keep)?.execute(params![id, NO_ROOM, PASSED])? == 0 {
        connection.prepare_cached("DELETE FROM docs WHERE id = ?")?.execute([id])?;
    }
    Ok(())
}
