//! The task that keeps the index up to date: one more reader of the rooms' logs.

use std::{
    collections::HashMap, convert::Infallible, fs::File, io::ErrorKind, path::PathBuf, sync::Arc, time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{
    Document, Error, Index, Reader, Result, RoomChanges,
    logs::{Logs, ReadChanges},
    pace::Pace,
    shared::Shared,
    worker::Worker,
};
use crate::{
    domain::RoomId,
    store::{self, Database, RoomRow, Row, Table},
};

/// How long changes are collected before they are indexed. What is posted is found after it.
const COLLECTED: Duration = Duration::from_millis(200);
/// Messages that are indexed in one transaction.
const BATCH: usize = 2000;
/// Rooms of which the heads are read at a time.
const ROOMS: u32 = 1000;
/// How often all rooms are looked at, for what no event told.
const LOOK: Duration = Duration::from_secs(60);
/// The wait after a failure, twice as long after each further one up to [`LOOK`]; and between two tries to become the one
/// that feeds the file.
const RETRY: Duration = Duration::from_secs(5);
/// The pause before a file is made anew.
const REMAKE_PAUSE: Duration = Duration::from_secs(1);
/// Removing deleted words from the file writes all of it again. So the pause before it grows with the file: it writes so
/// many bytes a second on average, and deleted words stay for [`MAX_PAUSE`] at most.
const CLEARING_RATE: u64 = 20_000;
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);
/// The pages that a merge writes at a time, and the pause between.
const MERGED_PAGES: u32 = 64;
const MERGING_PAUSE: Duration = Duration::from_millis(50);

/// Feeds one index file. Of several processes that share the file one does; the others wait to take its place.
pub struct Feed {
    database: Arc<dyn Database>,
    path: PathBuf,
    shared: Arc<Shared>,
}

impl Feed {
    pub fn new(database: Arc<dyn Database>, path: PathBuf, shared: Arc<Shared>) -> Self {
        Self { database, path, shared }
    }

    /// Feeds without end.
    pub async fn run(self) {
        let _lock = self.lock().await;
        let mut wait = RETRY;
        loop {
            let started = Instant::now();
            let Err(error) = self.open_and_feed().await;
            if started.elapsed() > LOOK {
                wait = RETRY; // it went well for a while
            }
            if matches!(error, Error::Unusable) {
                tracing::warn!("search index damaged or deleted; it is made anew");
                sleep(REMAKE_PAUSE).await;
            } else {
                tracing::warn!(%error, "search index not up to date");
                sleep(wait).await;
                wait = (wait * 2).min(LOOK);
            }
        }
    }

    async fn open_and_feed(&self) -> Result<Infallible> {
        let worker = Worker::open(self.path.clone()).await?;
        let fed = self.feed(&worker).await;
        self.shared.progress.interrupt();
        worker.close().await;
        if matches!(fed, Err(Error::Unusable)) {
            self.shared.progress.restart();
            let path = self.path.clone();
            off_the_async_threads(move || Index::remove(&path)).await?;
        }
        fed
    }

    /// Waits until no other process feeds the file. Meanwhile it looks how far that one is.
    async fn lock(&self) -> File {
        let (mut is_told, mut observed) = (false, None::<Instant>);
        loop {
            let path = self.path.with_extension("lock");
            let locked = off_the_async_threads(move || {
                let file = File::create(path).map_err(Error::File)?;
                file.try_lock().map_err(|error| Error::File(error.into()))?;
                Ok(file)
            });
            match locked.await {
                Ok(file) => return file,
                Err(Error::File(error)) if error.kind() == ErrorKind::WouldBlock => {
                    let is_due = observed.is_none_or(|at| at.elapsed() > LOOK);
                    if is_due || self.shared.progress.percent() < 100 {
                        drop(self.observe().await); // the file may not be there yet
                        observed = Some(Instant::now());
                    }
                }
                Err(error) if !is_told => {
                    tracing::warn!(%error, path = %self.path.display(), "search index not locked; natter tries again");
                    is_told = true;
                }
                Err(_) => {}
            }
            sleep(RETRY).await;
        }
    }

    /// Reads how far the process that feeds the file is.
    async fn observe(&self) -> Result<()> {
        let path = self.path.clone();
        let cursors = off_the_async_threads(move || Reader::open(&path)?.cursors()).await?;
        self.behind(cursors.into_iter().collect()).await?;
        Ok(())
    }

    /// Feeds the file until something fails.
    async fn feed(&self, worker: &Worker) -> Result<Infallible> {
        self.shared.dirty.note_all();
        let (mut looked, mut cleared) = (Instant::now(), Instant::now());
        let mut may_have_deleted = true;
        loop {
            self.check(worker)?;
            may_have_deleted |= self.index_dirty(worker).await?;
            let next_clearing = cleared + worker.file_size().map_or(MAX_PAUSE, pause);
            let is_due = may_have_deleted && Instant::now() >= next_clearing;
            if (is_due || worker.run(|index| index.is_merge_due()).await?) && self.merge(worker).await? {
                // what was deleted during it waits for the next one
                (may_have_deleted, cleared) = (worker.run(|index| index.has_deleted()).await?, Instant::now());
            }
            let wake = if may_have_deleted { next_clearing.min(looked + LOOK) } else { looked + LOOK };
            if timeout_at(wake, self.shared.dirty.wait()).await.is_ok() {
                sleep(COLLECTED).await;
            }
            if looked.elapsed() >= LOOK {
                self.shared.dirty.note_all();
                looked = Instant::now();
            }
        }
    }

    /// Indexes what is noted. Returns whether there was anything.
    async fn index_dirty(&self, worker: &Worker) -> Result<bool> {
        let rooms = self.shared.dirty.take();
        if !rooms.all {
            return Ok(self.advance(worker, rooms.some).await?.0);
        }
        let cursors = worker.run(|index| index.cursors()).await?.into_iter().collect();
        let Behind { rooms, reset, gone } = self.behind(cursors).await?;
        let mut has_changed = false;
        for room in gone.into_iter().chain(reset) {
            worker.run(move |index| index.remove_room(&room)).await?;
            has_changed = true;
        }
        let (is_changed, is_complete) = self.advance(worker, rooms).await?;
        if is_complete {
            self.shared.progress.complete();
        }
        Ok(has_changed || is_changed)
    }

    /// Compares the cursors with the logs, and notes the progress.
    async fn behind(&self, mut cursors: HashMap<String, u64>) -> Result<Behind> {
        let mut behind = Behind::default();
        let (mut last, mut indexed, mut total) = (None, 0, 0);
        loop {
            let rows = self.database.rows(Table::Rooms, last.as_ref(), ROOMS).await?;
            let rooms: Vec<RoomId> = rows.iter().filter_map(room_of).collect();
            for (room, head) in rooms.iter().zip(self.database.heads(&rooms).await?) {
                let Some(head) = head else { continue };
                let cursor = cursors.remove(room.as_str()).unwrap_or_default();
                total += head;
                if cursor > head {
                    // an older state of the database was restored
                    behind.reset.push(room.as_str().to_owned());
                } else {
                    indexed += cursor;
                }
                if cursor != head {
                    behind.rooms.push(room.clone());
                }
            }
            let Some(row) = rows.into_iter().next_back() else { break };
            last = Some(row);
        }
        behind.gone = cursors.into_keys().collect();
        self.shared.progress.set(indexed, total);
        Ok(behind)
    }

    /// Indexes what changed in rooms, and what changes meanwhile, until all is indexed or it is time for a look. Returns
    /// whether anything has changed, and whether all is indexed.
    async fn advance(&self, worker: &Worker, rooms: impl IntoIterator<Item = RoomId>) -> Result<(bool, bool)> {
        let started = Instant::now();
        let mut logs = Logs::new(&*self.database);
        add(worker, &mut logs, rooms.into_iter().collect()).await?;
        let (mut pace, mut has_changed) = (Pace::start(&self.shared.dirty), false);
        loop {
            let batch = logs.next(BATCH).await?;
            let is_last = batch.messages < BATCH;
            if batch.messages > 0 {
                let changes: u64 = batch.rooms.iter().map(|changes| changes.rev - changes.after).sum();
                apply(worker, batch.rooms).await?;
                self.shared.progress.add(changes);
                has_changed = true;
                self.check(worker)?;
                pace.rest().await;
            }
            // after that: the first messages of a room may be in the same batch
            for room in batch.gone {
                worker.run(move |index| index.remove_room(room.as_str())).await?;
                has_changed = true;
            }
            if is_last {
                return Ok((has_changed, true));
            }
            if started.elapsed() > LOOK {
                self.shared.dirty.note_all();
                return Ok((has_changed, false));
            }
            add(worker, &mut logs, self.shared.dirty.take_some().into_iter().collect()).await?;
        }
    }

    /// [`Error::Unusable`] if the file is damaged, or not the one of that name any more.
    fn check(&self, worker: &Worker) -> Result<()> {
        let is_usable = !self.shared.is_damaged(worker.inode()) && worker.file_size().is_some();
        if is_usable { Ok(()) } else { Err(Error::Unusable) }
    }

    /// Merges the lists of the file, until something new is to be indexed. Returns whether it came to its end.
    async fn merge(&self, worker: &Worker) -> Result<bool> {
        while worker.run(|index| index.merge(MERGED_PAGES)).await? {
            if timeout(MERGING_PAUSE, self.shared.dirty.wait()).await.is_ok() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Adds rooms, with the cursors that they have in the index.
async fn add(worker: &Worker, logs: &mut Logs<'_>, rooms: Vec<RoomId>) -> Result<()> {
    let new: Vec<RoomId> = rooms.iter().filter(|room| !logs.has(room)).cloned().collect();
    let cursors: HashMap<RoomId, u64> = worker
        .run(move |index| new.into_iter().map(|room| Ok((room.clone(), index.cursor(room.as_str())?))).collect())
        .await?;
    for room in rooms {
        let cursor = cursors.get(&room).copied().unwrap_or_default();
        logs.add(room, cursor);
    }
    Ok(())
}

async fn apply(worker: &Worker, read: Vec<ReadChanges>) -> Result<()> {
    worker
        .run(move |index| {
            let documents: Vec<Vec<Document>> =
                read.iter().map(|changes| changes.messages.iter().map(Document::of).collect()).collect();
            let changes = read.iter().zip(&documents).map(|(changes, documents)| RoomChanges {
                room_id: changes.room.as_str(),
                changes: documents,
                rev: changes.rev,
            });
            index.apply_all(&changes.collect::<Vec<_>>())
        })
        .await?;
    Ok(())
}

/// The pause before deleted words are removed from a file of this size.
fn pause(bytes: u64) -> Duration {
    Duration::from_secs(bytes / CLEARING_RATE).clamp(MIN_PAUSE, MAX_PAUSE)
}

/// How the index differs from the logs.
#[derive(Default)]
struct Behind {
    /// The rooms with changes that are not indexed.
    rooms: Vec<RoomId>,
    /// Those of them whose log is an older one than the indexed.
    reset: Vec<String>,
    /// Those that the database has no more.
    gone: Vec<String>,
}

fn room_of(row: &Row) -> Option<RoomId> {
    match row {
        Row::Room(RoomRow { room, .. }) => Some(room.id.clone()),
        _ => None,
    }
}

async fn off_the_async_threads<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.map_err(|error| store::Error::Failed(error.to_string()))?
}
