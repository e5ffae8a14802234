//! The search as handlers of requests use it.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::{Error, Feed, Found, Query, Reader, Request, Result, Rooms, shared::Shared, worker::inode};
use crate::store::{self, Database};

/// Searches at a time. Each has a connection to the file.
const READERS: usize = 4;

/// The longest wait for one of them.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is searched for.
#[derive(Debug, Clone)]
pub struct Search {
    pub query: Query,
    /// The ids of the rooms that are searched.
    pub rooms: Arc<HashSet<String>>,
    /// The keys of the possible authors. `None` for any.
    pub authors: Option<Vec<[u8; 16]>>,
    /// Only what was posted before this time, and at this time or later, in milliseconds since 1970.
    pub before_ms: Option<i64>,
    pub since_ms: Option<i64>,
    pub order: Order,
    pub limit: usize,
}

/// Which hits come first, and where the page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest, below the id of the last hit of the page before.
    Newest { below: Option<i64> },
    /// The best, after so many.
    Best { offset: usize },
}

/// Searches in the index of this process, or in one that a process beside it feeds.
pub struct Finder {
    path: PathBuf,
    readers: Mutex<Vec<OpenReader>>,
    permits: Arc<Semaphore>,
    shared: Arc<Shared>,
}

struct OpenReader {
    reader: Reader,
    /// The number of the file. A file that was made anew has another one.
    inode: u64,
}

impl OpenReader {
    fn open(path: &Path) -> Result<Self> {
        let inode = inode(path).ok_or(Error::NotThere)?;
        Ok(Self { reader: Reader::open(path)?, inode })
    }
}

impl Finder {
    /// The search in the file `path`, and the task that feeds it. `shared` is told of each commit.
    pub fn start(database: Arc<dyn Database>, path: PathBuf, shared: Arc<Shared>) -> (Arc<Self>, JoinHandle<()>) {
        let feed = Feed::new(database, path.clone(), Arc::clone(&shared));
        let finder = Self { path, readers: Mutex::default(), permits: Arc::new(Semaphore::new(READERS)), shared };
        (Arc::new(finder), tokio::spawn(feed.run()))
    }

    /// The share of the logs that is indexed, in percent.
    pub fn percent(&self) -> u8 {
        self.shared.progress.percent()
    }

    /// The hits of a search, in a file that may be a second old: the caller reads each message and checks it again.
    ///
    /// # Errors
    /// The file is not there yet, or not readable. It is made anew by the feed.
    pub async fn find(self: &Arc<Self>, search: Search) -> Result<Found> {
        let permit = timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await.map_err(failed)?;
        let permit = permit.map_err(failed)?;
        let finder = Arc::clone(self);
        let found = spawn_blocking(move || {
            let _permit = permit;
            finder.find_now(&search)
        });
        found.await.map_err(failed)?
    }

    fn find_now(&self, search: &Search) -> Result<Found> {
        let file = inode(&self.path);
        let known = {
            let mut readers = self.readers.lock();
            readers.retain(|open| Some(open.inode) == file);
            readers.pop()
        };
        let open = known.map_or_else(|| OpenReader::open(&self.path), Ok);
        let open = open.inspect_err(|error| self.note(error, file))?;
        let request = Request {
            query: &search.query,
            rooms: Rooms::Only(&search.rooms),
            authors: search.authors.as_deref(),
            before_ms: search.before_ms,
            since_ms: search.since_ms,
            below: None,
            limit: search.limit,
        };
        let found = match search.order {
            Order::Newest { below } => open.reader.search(&Request { below, ..request }),
            Order::Best { offset } => open.reader.best(&request, offset),
        };
        let found = found.inspect_err(|error| self.note(error, file))?;
        self.readers.lock().push(open);
        Ok(found)
    }

    /// Tells the feed of a file that is missing or to be made anew.
    fn note(&self, error: &Error, file: Option<u64>) {
        match (error, file) {
            (Error::Unusable, Some(inode)) => self.shared.note_damage(inode),
            (Error::NotThere, _) => self.shared.dirty.note_all(),
            _ => {}
        }
    }
}

/// The error of work that was given up.
fn failed(error: impl std::fmt::Display) -> Error {
    Error::Store(store::Error::Failed(error.to_string()))
}
