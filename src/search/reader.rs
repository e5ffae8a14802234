//! Searching in the index.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    best::rank,
    error::{Error, Result},
    index_file::{cursors, open_reader},
    plan::Plan,
    request::{Found, Request},
    scan::{Scan, Stopped},
};

/// The longest time of a search, unless [`Reader::set_time_limit`] sets another.
const TIME_LIMIT: Duration = Duration::from_millis(500);
/// The steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 200;
/// Of how many of the newest hits the best are found.
pub(super) const RANKED: usize = 10_000;

/// A connection that searches, one search at a time.
pub struct Reader {
    connection: Connection,
    clock: Arc<Clock>,
    time_limit: Duration,
}

/// When a search must end.
struct Clock {
    start: Instant,
    /// In microseconds since `start`.
    deadline: AtomicU64,
}

impl Clock {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Reader {
    /// Opens the file read-only. [`Error::Unusable`] if it is damaged or of another version.
    pub fn open(path: &Path) -> Result<Self> {
        let mut connection = open_reader(path)?;
        let clock = Arc::new(Clock { start: Instant::now(), deadline: AtomicU64::new(u64::MAX) });
        let handler = Arc::clone(&clock);
        connection.progress_handler(STEPS, Some(move || handler.now() > handler.deadline.load(Relaxed)))?;
        Ok(Self { connection, clock, time_limit: TIME_LIMIT })
    }

    /// Sets the longest time of a search, so that nobody keeps the reader busy for long.
    pub fn set_time_limit(&mut self, limit: Duration) {
        self.time_limit = limit;
    }

    /// The newest hits, newest first.
    pub fn search(&self, request: &Request<'_>) -> Result<Found> {
        self.limited(|connection| newest(connection, request))
    }

    /// The best of the newest 10,000 hits, best first, without the first `offset`. Of equally good ones the newer is
    /// first. If there is no time to rank them, the newest come first and [`Found::is_complete`] is false.
    pub fn best(&self, request: &Request<'_>, offset: usize) -> Result<Found> {
        self.limited(|connection| {
            let all = newest(connection, &Request { limit: RANKED, ..request.clone() })?;
            rank(connection, request, all, offset)
        })
    }

    /// All rooms that are indexed and the `rev` up to which their logs are.
    pub fn cursors(&self) -> Result<Vec<(String, u64)>> {
        cursors(&self.connection)
    }

    /// Runs a search in one snapshot of the file.
    fn limited(&self, search: impl FnOnce(&Connection) -> Result<Found>) -> Result<Found> {
        let limit = u64::try_from(self.time_limit.as_micros()).unwrap_or(u64::MAX);
        let snapshot = self.connection.unchecked_transaction()?;
        self.clock.deadline.store(self.clock.now().saturating_add(limit), Relaxed);
        let found = search(&snapshot);
        self.clock.deadline.store(u64::MAX, Relaxed);
        let ended = snapshot.commit();
        let found = found?;
        ended?;
        Ok(found)
    }
}

fn newest(connection: &Connection, request: &Request<'_>) -> Result<Found> {
    let mut scan = Scan::new(connection, request);
    let searched = search(connection, request, &mut scan);
    let is_complete = !searched.as_ref().is_err_and(Error::is_interrupted);
    if is_complete {
        searched?;
    }
    Ok(Found { below: scan.below(), hits: scan.hits, is_complete })
}

fn search(connection: &Connection, request: &Request<'_>, scan: &mut Scan<'_>) -> Result<()> {
    let Some(plan) = Plan::new(connection, request)? else {
        return Ok(());
    };
    for (form, most) in plan.forms()? {
        if scan.run(&form, most)? != Stopped::AtLimit {
            break;
        }
    }
    Ok(())
}
