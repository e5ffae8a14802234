//! What is searched for, and what is found.

use std::collections::HashSet;

use super::query::Query;

/// A search by somebody.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Its terms, `has:`, `is:pinned` and `is:reply` must hold. What else it filters by the caller resolves: `in:` to
    /// `rooms`, `from:` and `is:mine` to `authors`, `before:` and `after:` to times.
    pub query: &'a Query,
    pub rooms: Rooms<'a>,
    /// The possible authors. `None` for any.
    pub authors: Option<&'a [[u8; 16]]>,
    /// Only what was posted before this time, in milliseconds since 1970.
    pub before_ms: Option<i64>,
    /// Only what was posted at this time or later.
    pub since_ms: Option<i64>,
    /// Only ids below this one: the last hit of the page before.
    pub below: Option<i64>,
    /// The most hits of the page.
    pub limit: usize,
}

/// The rooms that the searcher may read, or those of them that are searched.
#[derive(Debug, Clone, Copy)]
pub enum Rooms<'a> {
    All,
    Only(&'a HashSet<String>),
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its place in time: what is newer has a higher one. It stays the same as long as the file exists.
    pub id: i64,
    pub room_id: String,
    pub seq: u64,
}

/// A page of hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// Where to go on: what has this id or a higher one was looked at.
    pub below: i64,
    /// Whether it was searched to the end of the page. If not, there was no more time, and older hits may be missing.
    pub is_complete: bool,
}
