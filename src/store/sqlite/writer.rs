//! The only writer of this process: a thread that commits all waiting writes in one transaction (group commit).
//!
//! A durable commit needs one `fsync`, which takes much longer than the insert of a message. While one commit runs, new
//! writes wait in the queue, and the next commit contains all of them. Commits of one message each reach 5,000
//! messages a second, group commits 25,000 and more. There is no timer, so a single message is committed at once, and
//! the batch grows with the load.

use std::{
    sync::{Arc, OnceLock},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    batch::{Batch, KnownRooms},
    checkpoints::Checkpoints,
    everyone, purge,
    summary_cache::SummaryCache,
};
use crate::store::{Error, Event, Events, Result};

/// The maximum number of writes in one commit. It limits how long the first write waits for the last one.
const MAX_BATCH: usize = 512;
/// The number of writes that may wait. If the queue is full, callers wait for at most [`QUEUE_TIMEOUT`].
const QUEUE_LENGTH: usize = 4096;
/// The maximum wait for a place in the queue. After it a write fails with [`Error::Busy`].
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of event batches that may wait for the receiver.
const EVENT_QUEUE_LENGTH: usize = 1024;
/// The interval between checks whether another process (`natter user`) wrote to the database.
const EXTERNAL_WRITE_CHECK_INTERVAL: Duration = Duration::from_millis(250);

/// A write in a batch. Its argument is `None` if no transaction is open. It returns the function that is called with
/// the outcome of the commit.
type Write = Box<dyn FnOnce(Option<&mut Batch<'_>>) -> Completion + Send>;
type Completion = Box<dyn FnOnce(Result<()>) + Send>;
type EventSender = Arc<OnceLock<mpsc::Sender<Vec<Event>>>>;

enum Job {
    Write(Write),
    CheckExternalWrite,
    Stop(oneshot::Sender<()>),
}

/// The handle of the writer thread.
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    events: EventSender,
}

impl Writer {
    /// `checkpoints` follow the connection; without them SQLite makes its own. `summaries` hears of each commit.
    pub fn start(connection: Connection, checkpoints: Option<Checkpoints>, summaries: Arc<SummaryCache>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_LENGTH);
        let events = EventSender::default();
        // before the first read of the store, so that no write of another process is missed
        let data_version = data_version(&connection);
        let thread = WriterThread {
            must_follow_up: checkpoints.is_some() && is_unfinished(&connection),
            connection,
            checkpoints,
            known: KnownRooms::default(),
            summaries,
            events: Arc::clone(&events),
            data_version,
        };
        thread::Builder::new()
            .name("natter-writer".into())
            .spawn(move || thread.run(queue))
            .expect("the system starts a thread");
        Self { jobs, events }
    }

    /// Runs `work` in the next commit, and returns its result after that commit is durable. If `work` fails, it must
    /// leave the data unchanged: a single statement does so by itself, several statements need [`Batch::atomically`].
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let write: Write = Box::new(move |batch| {
            let result = batch.map_or(Err(Error::Busy), work);
            Box::new(move |committed| {
                // if the work failed, the caller gets that error, even if the commit failed too
                let _ = answer.send(result.and_then(|value| committed.map(|()| value))); // the caller may be gone
            })
        });
        match tokio::time::timeout(QUEUE_TIMEOUT, self.jobs.send(Job::Write(write))).await {
            Err(_) => return Err(Error::Busy),
            Ok(Err(_)) => return Err(Error::Failed("closed".into())),
            Ok(Ok(())) => {}
        }
        answered.await.map_err(|_| Error::Failed("the writer stopped".into()))?
    }

    /// The stream of events. From the first call on, the writer also checks for writes of other processes.
    pub fn events(&self) -> Option<Events> {
        let (sender, receiver) = mpsc::channel(EVENT_QUEUE_LENGTH);
        self.events.set(sender).ok()?;
        let jobs = self.jobs.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(EXTERNAL_WRITE_CHECK_INTERVAL);
            loop {
                ticks.tick().await;
                if jobs.send(Job::CheckExternalWrite).await.is_err() {
                    return;
                }
            }
        });
        Some(receiver)
    }

    /// Commits all waiting writes, then ends the thread.
    pub async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.jobs.send(Job::Stop(stopped)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

struct WriterThread {
    connection: Connection,
    checkpoints: Option<Checkpoints>,
    known: KnownRooms,
    summaries: Arc<SummaryCache>,
    events: EventSender,
    /// Whether the change of a room is to be finished. Some of its rows are written after each commit.
    must_follow_up: bool,
    /// As [`data_version`] found it. All commits of this process use this connection, so a new number shows a write of
    /// another process.
    data_version: Option<i64>,
}

impl WriterThread {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut writes = Vec::with_capacity(MAX_BATCH);
        loop {
            let mut check_external_write = false;
            let mut stop = None;
            let mut collect = |job| match job {
                Job::Write(write) => writes.push(write),
                Job::CheckExternalWrite => check_external_write = true,
                Job::Stop(stopped) => stop = Some(stopped),
            };
            if !self.must_follow_up {
                let Some(first) = queue.blocking_recv() else { return };
                collect(first);
            }
            for _ in 0..MAX_BATCH {
                let Ok(job) = queue.try_recv() else { break };
                collect(job);
            }
            if !writes.is_empty() {
                self.commit(writes.drain(..));
            }
            if check_external_write {
                self.check_external_write();
            }
            if let Some(stopped) = stop {
                if let Some(checkpoints) = self.checkpoints {
                    checkpoints.stop(&mut self.connection);
                }
                drop(self.connection); // checkpoints the WAL if no other process has the file open
                let _ = stopped.send(());
                return;
            }
            if self.must_follow_up {
                self.follow_up();
            }
        }
    }

    /// Removes some rows of a deleted room, or adds some accounts to a room of everyone.
    fn follow_up(&mut self) {
        self.must_follow_up = false;
        let follow_up = |batch: &mut Batch<'_>| {
            batch.is_unfinished = batch.purge_deleted_room()? || batch.add_accounts()?;
            Ok(())
        };
        let write: Write = Box::new(move |batch| {
            let done = batch.map_or(Err(Error::Busy), |batch| batch.atomically(follow_up));
            Box::new(move |committed| {
                if let Err(error) = done.and(committed) {
                    tracing::error!(%error, "the change of a room could not be finished; the next start tries again");
                }
            })
        });
        self.commit(std::iter::once(write));
    }

    fn commit(&mut self, writes: impl Iterator<Item = Write>) {
        let started = Instant::now();
        let mut completions = Vec::new();
        let outcome = self.transact(writes, &mut completions);
        metrics::histogram!("natter_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("natter_commit_writes").record(completions.len() as f64);
        match outcome {
            Ok(events) => {
                self.send(events);
                completions.into_iter().for_each(|complete| complete(Ok(())));
            }
            Err(error) => {
                tracing::error!(%error, writes = completions.len(), "commit failed");
                completions.into_iter().for_each(|complete| complete(Err(error.clone())));
            }
        }
    }

    fn transact(
        &mut self,
        writes: impl Iterator<Item = Write>,
        completions: &mut Vec<Completion>,
    ) -> Result<Vec<Event>> {
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from);
        let begun = begun.and_then(|()| self.known.refresh(&self.connection));
        let mut batch = Batch::new(&self.connection, &mut self.known);
        // SQLite may roll back the whole transaction by itself (disk full, I/O error). Without this check, each later
        // write would then commit on its own, with a number that leaves a gap
        let in_transaction = || !self.connection.is_autocommit();
        completions.extend(writes.map(|write| write(in_transaction().then_some(&mut batch))));
        let events = std::mem::take(&mut batch.events);
        let is_unfinished = batch.is_unfinished;
        let check_transaction = || match in_transaction() {
            true => Ok(()),
            false => Err(Error::Failed("the database rolled back the transaction".into())),
        };
        let committed =
            begun.and_then(|()| check_transaction()).and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if committed.is_err() {
            if in_transaction() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            self.known.clear();
        }
        // not after a failure: on a full disk it would be tried again without end
        self.must_follow_up |= is_unfinished && committed.is_ok();
        committed.map(|()| events)
    }

    fn check_external_write(&mut self) {
        let version = data_version(&self.connection);
        if version.is_some() && self.data_version.is_some() && version != self.data_version {
            self.send(vec![Event::ExternalWrite]);
            self.must_follow_up |= is_unfinished(&self.connection);
        }
        self.data_version = version.or(self.data_version);
    }

    /// Announces what was committed.
    fn send(&self, events: Vec<Event>) {
        self.summaries.committed(&events);
        if let (Some(sender), false) = (self.events.get(), events.is_empty()) {
            let _ = sender.blocking_send(events); // during shutdown the receiver is gone
        }
    }
}

/// Whether the change of a room is to be finished.
fn is_unfinished(connection: &Connection) -> bool {
    let found = purge::is_needed(connection).and_then(|purge| Ok(purge || everyone::is_adding(connection)?));
    found.unwrap_or_default()
}

/// SQLite's number that changes with each commit of *another* connection.
fn data_version(connection: &Connection) -> Option<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0)).ok()
}

#[cfg(test)]
mod tests {
    use rusqlite::OpenFlags;

    use super::*;
    use crate::{
        domain::{ClientId, Command, RoomId, Text, UserKey},
        store::sqlite::{connection::connect, schema},
    };

    /// If the disk is full, SQLite rolls back the whole batch. The later writes of the batch must not commit on their
    /// own.
    #[test]
    fn a_batch_that_the_database_rolls_back_leaves_no_gap() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = connect(&dir.path().join("full.db"), OpenFlags::default()).unwrap();
        schema::migrate(&mut connection).unwrap();
        let user = "INSERT INTO users VALUES (zeroblob(16), 'ada', 'Ada', 'a', '', '', 'member', 1, 0, '', 1, NULL, NULL, 0, NULL, NULL, NULL)";
        connection.execute_batch(user).unwrap();
        let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update_and_check(None, "max_page_count", pages + 3, |_| Ok(())).unwrap();
        let post = |length: usize| -> Write {
            Box::new(move |batch| {
                let posted = batch.map_or(Err(Error::Busy), |batch| {
                    let command = Command::post(ClientId::generate(), Text::parse(&"🐝".repeat(length)).unwrap());
                    batch.change(&RoomId::lobby(), UserKey(uuid::Uuid::nil()), command).map(drop)
                });
                Box::new(move |committed| assert!(posted.and(committed).is_err(), "no post is acknowledged"))
            })
        };
        let mut thread = WriterThread {
            connection,
            checkpoints: None,
            known: KnownRooms::default(),
            summaries: Arc::default(),
            events: EventSender::default(),
            must_follow_up: false,
            data_version: None,
        };
        thread.commit(vec![post(10), post(4000), post(10), post(10)].into_iter());
        let rows: i64 = thread.connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "nothing of the batch is stored");
    }
}
