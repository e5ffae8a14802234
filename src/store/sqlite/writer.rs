//! The one writer: a thread that commits whatever waits in one transaction.
//!
//! A durable commit is one `fsync`; a message is microseconds. So while one commit runs, the writes that
//! arrive gather in the channel and go into the next one together: one by one the machine does 5,000
//! durable messages a second, gathered 25,000 and more, and a lone message still commits at once. No
//! timer is involved: the batch grows with the load.

use std::{collections::HashMap, sync::OnceLock, thread, time::Duration, time::Instant};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::number;
use crate::{
    domain::RoomId,
    store::{Error, Event, Events, Result},
};

/// Most writes in one commit: bounds how long the first of them waits for the last.
const BATCH: usize = 512;
/// Writes that may wait. Past it callers wait in turn, and at most [`PATIENCE`].
const QUEUE: usize = 4096;
/// Longest wait for a place in the queue before a write is refused as [`Error::Busy`].
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the database is asked whether another process (`natter user`) wrote to it.
const LOOK_OUTSIDE: Duration = Duration::from_millis(250);

/// A write inside a batch (`None` where none could be begun); what it returns is called with the outcome
/// of the commit.
type Work = Box<dyn FnOnce(Option<&mut Batch<'_>>) -> Finish + Send>;
type Finish = Box<dyn FnOnce(Result<()>) + Send>;

enum Job {
    Work(Work),
    LookOutside,
    Stop(oneshot::Sender<()>),
}

pub struct Writer {
    jobs: mpsc::Sender<Job>,
    events: std::sync::Arc<OnceLock<mpsc::Sender<Vec<Event>>>>,
}

impl Writer {
    pub fn start(connection: Connection) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let events = std::sync::Arc::new(OnceLock::new());
        let thread = WriterThread { connection, events: std::sync::Arc::clone(&events), data_version: None };
        thread::Builder::new()
            .name("natter-writer".into())
            .spawn(move || thread.run(queue))
            .expect("the system starts a thread");
        Self { jobs, events }
    }

    /// Runs `work` in the next commit and returns its result once that is durable. Work that fails must
    /// leave nothing half done: single statements do, others go through [`Batch::atomically`].
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Batch<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |batch| {
            let out = batch.map_or(Err(Error::Busy), work);
            Box::new(move |committed| {
                // what failed by itself was not in the commit, whatever became of that
                let _ = answer.send(out.and_then(|out| committed.map(|()| out))); // the caller may have gone
            })
        });
        match tokio::time::timeout(PATIENCE, self.jobs.send(Job::Work(work))).await {
            Err(_) => return Err(Error::Busy),
            Ok(Err(_)) => return Err(Error::Failed("closed".into())),
            Ok(Ok(())) => {}
        }
        answered.await.map_err(|_| Error::Failed("the writer stopped".into()))?
    }

    /// The stream of events. From the first call on, the writer looks for other processes' writes too.
    pub fn events(&self) -> Option<Events> {
        let (sender, receiver) = mpsc::channel(1024);
        self.events.set(sender).ok()?;
        let jobs = self.jobs.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(LOOK_OUTSIDE);
            loop {
                ticks.tick().await;
                if jobs.send(Job::LookOutside).await.is_err() {
                    return;
                }
            }
        });
        Some(receiver)
    }

    /// Commits what waits, and ends the thread.
    pub async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.jobs.send(Job::Stop(stopped)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

struct WriterThread {
    connection: Connection,
    events: std::sync::Arc<OnceLock<mpsc::Sender<Vec<Event>>>>,
    /// SQLite's counter of commits by *other* connections. This one does all of this process's.
    data_version: Option<i64>,
}

impl WriterThread {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut works = Vec::with_capacity(BATCH);
        while let Some(first) = queue.blocking_recv() {
            let mut look = false;
            let mut stop = None;
            let mut sort = |job| match job {
                Job::Work(work) => works.push(work),
                Job::LookOutside => look = true,
                Job::Stop(stopped) => stop = Some(stopped),
            };
            sort(first);
            for _ in 1..BATCH {
                let Ok(job) = queue.try_recv() else { break };
                sort(job);
            }
            if !works.is_empty() {
                self.commit(works.drain(..));
            }
            if look {
                self.look_outside();
            }
            if let Some(stopped) = stop {
                drop(self.connection); // checkpoints the WAL where no other process has the file open
                let _ = stopped.send(());
                return;
            }
        }
    }

    fn commit(&mut self, works: impl Iterator<Item = Work>) {
        let started = Instant::now();
        let mut finishes = Vec::new();
        let outcome = self.transact(works, &mut finishes);
        metrics::histogram!("natter_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("natter_commit_writes").record(finishes.len() as f64);
        match outcome {
            Ok(events) => {
                self.send(events);
                finishes.into_iter().for_each(|finish| finish(Ok(())));
            }
            Err(error) => {
                tracing::error!(%error, "commit failed");
                finishes.into_iter().for_each(|finish| finish(Err(Error::Failed(error.to_string()))));
            }
        }
    }

    fn transact(&mut self, works: impl Iterator<Item = Work>, finishes: &mut Vec<Finish>) -> Result<Vec<Event>> {
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
        let mut batch = Batch { connection: &self.connection, heads: HashMap::new(), events: Vec::new() };
        // SQLite may take back the whole transaction by itself (disk full, I/O error). What came after would be
        // committed one by one, with numbers that leave a gap
        let in_transaction = || !self.connection.is_autocommit();
        finishes.extend(works.map(|work| work(in_transaction().then_some(&mut batch))));
        let events = std::mem::take(&mut batch.events);
        let committed = begun
            .map_err(Error::from)
            .and_then(
                |()| if in_transaction() { Ok(()) } else { Err(Error::Failed("the database took it back".into())) },
            )
            .and_then(|()| batch.write_heads())
            .and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if committed.is_err() && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        committed.map(|()| events)
    }

    fn look_outside(&mut self) {
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0)).ok();
        if version.is_some() && self.data_version.is_some() && version != self.data_version {
            self.send(vec![Event::ExternalWrite]);
        }
        self.data_version = version.or(self.data_version);
    }

    fn send(&self, events: Vec<Event>) {
        if let (Some(sender), false) = (self.events.get(), events.is_empty()) {
            let _ = sender.blocking_send(events); // nobody listens any more while shutting down
        }
    }
}

/// The numbers a room has reached, inside a batch.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub room: i64,
    pub seq: u64,
    pub rev: u64,
}

/// One transaction that several writes share.
pub struct Batch<'c> {
    pub connection: &'c Connection,
    heads: HashMap<RoomId, Head>,
    pub events: Vec<Event>,
}

impl Batch<'_> {
    /// Runs `work`; where it fails, takes back all it did.
    pub fn atomically<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.execute_batch("SAVEPOINT work")?;
        let (heads, events) = (self.heads.clone(), self.events.len());
        let out = work(self);
        if out.is_err() {
            self.connection.execute_batch("ROLLBACK TO work")?;
            self.heads = heads;
            self.events.truncate(events);
        }
        self.connection.execute_batch("RELEASE work")?;
        out
    }

    /// The room's numbers. They are read once a batch and written back once, before the commit.
    pub fn head(&mut self, room: &RoomId) -> Result<&mut Head> {
        if !self.heads.contains_key(room) {
            let head = self
                .connection
                .prepare_cached("SELECT id, last_seq, last_rev FROM rooms WHERE name = ?1")?
                .query_row([room.as_str()], |row| {
                    Ok(Head { room: row.get(0)?, seq: row.get::<_, i64>(1)? as u64, rev: row.get::<_, i64>(2)? as u64 })
                })
                .optional()?
                .ok_or(Error::NoSuchRoom)?;
            self.heads.insert(room.clone(), head);
        }
        self.heads.get_mut(room).ok_or(Error::NoSuchRoom)
    }

    fn write_heads(&self) -> Result<()> {
        let mut update =
            self.connection.prepare_cached("UPDATE rooms SET last_seq = ?2, last_rev = ?3 WHERE id = ?1")?;
        for head in self.heads.values() {
            update.execute(params![head.room, number(head.seq), number(head.rev)])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::UserKey, store::sqlite::schema};

    /// A full disk takes back the whole batch. What follows in it must not go in one by one.
    #[test]
    fn a_batch_that_the_database_takes_back_leaves_no_gap() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = Connection::open(dir.path().join("full.db")).unwrap();
        schema::migrate(&mut connection).unwrap();
        let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
        let post = |length: usize| -> Work {
            Box::new(move |batch| {
                let posted = batch.map_or(Err(Error::Busy), |batch| {
                    let head = *batch.head(&RoomId::lobby())?;
                    let (key, text) = (UserKey::generate().0, "x".repeat(length));
                    batch.connection.execute(
                        "INSERT INTO messages VALUES (?1, ?2, ?2, ?3, 'c', 0, ?4)",
                        params![head.room, number(head.seq + 1), key.as_bytes(), text],
                    )?;
                    *batch.head(&RoomId::lobby())? = Head { seq: head.seq + 1, rev: head.rev + 1, ..head };
                    Ok(())
                });
                Box::new(move |committed| assert!(posted.and(committed).is_err(), "nobody is told that it is durable"))
            })
        };
        let mut thread = WriterThread { connection, events: std::sync::Arc::default(), data_version: None };
        thread.commit(vec![post(10), post(1 << 20), post(10), post(10)].into_iter());
        let (rows, last): (i64, i64) = thread
            .connection
            .query_row("SELECT (SELECT count(*) FROM messages), last_rev FROM rooms", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((rows, last), (0, 0), "nothing of the batch is there");
    }
}
