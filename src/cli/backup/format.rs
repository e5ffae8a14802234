//! The form of a backup file. It is one stream of zstd (in several frames, which `zstd -d` reads too). In it come a first
//! line and then blocks: a letter, the length of the content as 4 bytes (little endian), and the content.
//!
//! | letter | content |
//! |---|---|
//! | `H` | the [`Header`], as JSON |
//! | `R` | a row, as [`Row::to_json`](crate::store::Row::to_json); those of one table after another, in the order of [`Table::ALL`] |
//! | `O` | the [`ObjectStart`] of an object, as JSON; after all rows, in the order in which the rows name the objects |
//! | `P` | a part of its bytes |
//! | `E` | its [`ObjectEnd`], as JSON |
//! | `T` | the [`Trailer`], as JSON; nothing comes after it |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::store::Table;

pub const FIRST_LINE: &[u8] = b"natter backup\n";
/// The version of this form.
pub const FORMAT: u32 = 1;
/// The longest content of a block, in bytes. A row is far shorter.
pub const MAX_BLOCK: usize = 64 * 1024 * 1024;

/// What a block is, as its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Header = b'H' as isize,
    Row = b'R' as isize,
    ObjectStart = b'O' as isize,
    Part = b'P' as isize,
    ObjectEnd = b'E' as isize,
    Trailer = b'T' as isize,
}

impl Kind {
    pub fn of(letter: u8) -> Option<Self> {
        let all = [Self::Header, Self::Row, Self::ObjectStart, Self::Part, Self::ObjectEnd, Self::Trailer];
        all.into_iter().find(|kind| *kind as u8 == letter)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// As [`FORMAT`]. It is the first field, and never moves.
    pub format: u32,
    /// As [`ROW_FORM`](crate::store::ROW_FORM).
    pub rows: u32,
    /// The version of natter that wrote the file.
    pub natter: String,
    /// In UTC.
    pub created: String,
    pub counts: Counts,
}

/// How many rows there are of each table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    pub fn set(&mut self, table: Table, count: u64) {
        self.0.insert(table.as_str().to_owned(), count);
    }

    pub fn of(&self, table: Table) -> u64 {
        self.0.get(table.as_str()).copied().unwrap_or_default()
    }

    pub fn sum(&self) -> u64 {
        Table::ALL.into_iter().map(|table| self.of(table)).sum()
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ObjectStart {
    /// 32 hexadecimal digits.
    pub id: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ObjectEnd {
    pub state: ObjectState,
    pub length: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

/// Whether an object is in the backup. If not, a restore leaves the file out of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectState {
    Whole,
    /// It was deleted after the rows were read.
    Deleted,
    /// The store had lost it.
    Missing,
    /// Its bytes were not those that the row says.
    Damaged,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trailer {
    pub counts: Counts,
    /// The objects that are whole: files, and thumbnails.
    pub objects: u64,
    /// The objects that are not.
    pub left_out: u64,
    /// Of everything before this block, before it was compressed. 64 hexadecimal digits.
    pub sha256: String,
}
