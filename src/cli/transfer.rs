//! What `natter copy`, `backup` and `restore` share: reading whole stores, and checking the two sides.

use std::fs::File;

use ring::digest::{Context, SHA256};

use super::{objects::objects_of, progress::Progress, reason::reason};
use crate::{
    app::{StartError, config::SEARCH_INDEX, lock, make_private_dir},
    search::Index,
    store::{self, Database, Location, Row, Table},
};

/// The number of rows copied at a time.
pub const PAGE_ROWS: u32 = 1000;

/// The row counts and the digest of a store's contents. They are equal for equal contents.
#[derive(Clone, PartialEq, Eq)]
pub struct Checksum {
    pub counts: [u64; Table::ALL.len()],
    pub digest: String,
    /// The files that the rows name, and their bytes.
    pub files: u64,
    pub bytes: u64,
}

impl Checksum {
    /// The counts as lines.
    pub fn lines(&self) -> Vec<String> {
        let tables = Table::ALL.into_iter().zip(self.counts).map(|(table, count)| (table.as_str(), count.to_string()));
        let files = ("files", format!("{}, {} bytes", self.files, self.bytes));
        tables.chain([files]).map(|(what, count)| format!("  {what:<15}{count}")).collect()
    }
}

/// The checksum of rows that come one page after another.
pub struct Summing {
    counts: [u64; Table::ALL.len()],
    context: Context,
    files: u64,
    bytes: u64,
}

impl Default for Summing {
    fn default() -> Self {
        Self { counts: [0; Table::ALL.len()], context: Context::new(&SHA256), files: 0, bytes: 0 }
    }
}

impl Summing {
    pub fn add(&mut self, row: &Row) {
        self.counts[row.table() as usize] += 1;
        self.context.update(row.canonical().as_bytes());
        for facts in objects_of(row).iter().filter_map(|object| object.facts) {
            self.files += 1;
            self.bytes += facts.length;
        }
    }

    pub fn count(&self, table: Table) -> u64 {
        self.counts[table as usize]
    }

    pub fn finish(self) -> Checksum {
        let digest = hex::encode(self.context.finish());
        Checksum { counts: self.counts, digest, files: self.files, bytes: self.bytes }
    }
}

/// Reads a whole store, page by page, and calls `each` with the rows of every page. The digest covers the
/// [canonical form](Row::canonical) of every row, table by table.
pub async fn read(
    store: &dyn Database,
    location: &Location,
    label: &str,
    mut each: impl AsyncFnMut(Vec<Row>) -> Result<(), String>,
) -> Result<Checksum, String> {
    let mut sum = Summing::default();
    for table in Table::ALL {
        let total = store.count(table).await.map_err(copy_error(location))?;
        let mut progress = Progress::start(format!("{label}{}", table.as_str()), total);
        let mut last: Option<Row> = None;
        loop {
            let rows = store.rows(table, last.as_ref(), PAGE_ROWS).await.map_err(copy_error(location))?;
            let Some(last_of_page) = rows.last().cloned() else { break };
            let page_rows = rows.len() as u64;
            rows.iter().for_each(|row| sum.add(row));
            // otherwise the loop would not end while the table grows as fast as it is read
            if sum.count(table) > total {
                return Err(changed_error(location));
            }
            each(rows).await?;
            progress.advance(page_rows);
            last = Some(last_of_page);
        }
        progress.finish();
    }
    Ok(sum.finish())
}

/// Refuses a target that is not empty, unless its data is from an unfinished copy. Removes the search index that an earlier
/// database has left in its directory: natter makes one anew.
pub async fn check_target(target: &dyn Database, to: &Location, flag: &str) -> Result<(), String> {
    let target_error = |error| format!("{to}: {}", reason(error));
    if let Location::Embedded(dir) = to {
        Index::remove(&dir.join(SEARCH_INDEX)).map_err(|error| format!("{to}: {error}"))?;
    }
    if target.is_unfinished().await.map_err(target_error)? {
        return Ok(());
    }
    for table in Table::ALL {
        let count = target.count(table).await.map_err(target_error)?;
        // a new store has the lobby
        if count > u64::from(table == Table::Rooms) {
            let table = table.as_str();
            return Err(format!("{to} is not empty ({table}: {count}); name an empty target with {flag}"));
        }
    }
    Ok(())
}

pub fn open_error(location: &Location, flag: &'static str) -> impl FnOnce(store::Error) -> String {
    let location = location.clone();
    move |error| match error {
        store::Error::Busy => format!("{location} does not answer; start it, or name another with {flag}"),
        error => format!("{location} cannot be opened: {}", reason(error)),
    }
}

pub fn copy_error(location: &Location) -> impl FnOnce(store::Error) -> String {
    let location = location.clone();
    move |error| format!("{location}: {}; run the same command again to start over", reason(error))
}

pub fn changed_error(location: &Location) -> String {
    format!("{location} changed during the copy; stop what writes to it, then run the same command again to start over")
}

/// Locks a data directory, because only one process may use it. Creates it if it does not exist.
pub fn lock_directory(location: &Location, flag: &str) -> Result<Option<File>, String> {
    let Location::Embedded(dir) = location else { return Ok(None) };
    let unusable = |error| format!("{location} cannot be used ({error}); name another with {flag}");
    make_private_dir(dir).map_err(unusable)?;
    match lock(dir) {
        Ok(lock) => Ok(Some(lock)),
        Err(StartError::DataDir { source, .. }) => Err(unusable(source)),
        Err(_) => Err(running_error(location, flag)),
    }
}

/// Refuses a shared database if natter runs on it: each running process holds a lease.
pub async fn refuse_running(store: &dyn Database, location: &Location, flag: &'static str) -> Result<(), String> {
    match is_in_use(store).await.map_err(open_error(location, flag))? {
        true => Err(running_error(location, flag)),
        false => Ok(()),
    }
}

/// Refuses to end a copy into a shared database if natter has started on it since: it may have read half of the data. A
/// natter does not start on an unfinished copy, but takes its lease a moment after it has looked.
pub async fn refuse_started(target: &dyn Database, to: &Location) -> Result<(), String> {
    match is_in_use(target).await.map_err(copy_error(to))? {
        true => {
            Err(format!("natter was started on {to} meanwhile; stop it, then run the same command again to start over"))
        }
        false => Ok(()),
    }
}

async fn is_in_use(store: &dyn Database) -> store::Result<bool> {
    match store.presence() {
        Some(presence) => presence.in_use().await,
        None => Ok(false),
    }
}

fn running_error(location: &Location, flag: &str) -> String {
    format!("natter is running on {location}; stop it, or name another with {flag}")
}
