//! The one task that gives out numbers, for this process.
//!
//! A majority-acknowledged, journaled insert takes milliseconds however many messages are in it. So what
//! waits while one runs goes into the next one together (as in the embedded store, no timer is involved),
//! under the numbers that follow the head. A unique index on (room, every number ever taken) lets only one
//! process have a number; the others see the collision, wait for the head to move, and renumber.
//!
//! Why there are no gaps: a number is taken only by who knows that the one before is there for good,
//! because a majority has it, or it stands earlier in the same ordered insert. For that reason the head is
//! remembered from what was acknowledged, or read from a majority, and never from a primary alone, whose
//! latest writes a failover may take back.

mod append;
mod erase;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use mongodb::bson::doc;
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use self::append::QueuedPost;
use super::{Db, log::check_room, outbox::Outbox};
use crate::{
    domain::{Post, RoomId, UserKey},
    store::{Error, Posted, Result},
};

/// Most messages in one insert: bounds how long the first waits for the last.
const BATCH: usize = 512;
/// Posts that may wait. Past it callers wait in turn, and at most [`TURN`].
const QUEUE: usize = 4096;
/// Longest wait for a place in the queue before a post is refused as [`Error::Busy`].
const TURN: Duration = Duration::from_secs(5);
/// Longest wait for the outcome of a post, failovers included.
const OUTCOME: Duration = Duration::from_secs(15);
/// How often the head is read again by who lost a number to another process, and is not told of it.
const POLL: Duration = Duration::from_millis(1);
/// Reads of the head before the number is tried again whatever they say.
const POLLS: u32 = 50;

type Answer<T> = oneshot::Sender<Result<T>>;

enum Job {
    Post(Post, Answer<Posted>),
    Erase(Erasure),
    Stop(oneshot::Sender<()>),
}

/// Deletes every message of an author, some at a time, so that posts get their turn in between.
struct Erasure {
    room: RoomId,
    author: UserKey,
    answer: Answer<()>,
}

pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub fn start(db: Db, outbox: Arc<Outbox>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let task = Task { db, outbox, heads: HashMap::new() };
        tokio::spawn(task.run(queue));
        Self { jobs }
    }

    pub async fn post(&self, post: Post) -> Result<Posted> {
        Self::outcome(self.begin_post(post).await?).await
    }

    /// Gives a post its place in the queue. What is begun first stands first in the log.
    pub async fn begin_post(&self, post: Post) -> Result<oneshot::Receiver<Result<Posted>>> {
        check_room(&post.room)?;
        let (answer, answered) = oneshot::channel();
        self.queue(Job::Post(post, answer)).await?;
        Ok(answered)
    }

    /// Waits for what becomes of a post.
    pub async fn outcome(answered: oneshot::Receiver<Result<Posted>>) -> Result<Posted> {
        match timeout(OUTCOME, answered).await {
            Ok(outcome) => outcome.map_err(|_| stopped())?,
            Err(_) => Err(Error::Failed("the outcome of a post is not known yet".into())),
        }
    }

    /// Deletes the author's messages, each a change of its own.
    pub async fn erase(&self, room: RoomId, author: UserKey) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.queue(Job::Erase(Erasure { room, author, answer })).await?;
        answered.await.map_err(|_| stopped())?
    }

    /// Finishes what waits, and ends the task.
    pub async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.jobs.send(Job::Stop(stopped)).await.is_ok() {
            let _ = wait.await;
        }
    }

    async fn queue(&self, job: Job) -> Result<()> {
        match timeout(TURN, self.jobs.send(job)).await {
            Err(_) => Err(Error::Busy),
            Ok(Err(_)) => Err(stopped()),
            Ok(Ok(())) => Ok(()),
        }
    }
}

fn stopped() -> Error {
    Error::Failed("closed".into())
}

/// The numbers a room has reached.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    pub seq: i64,
    pub rev: i64,
}

struct Task {
    db: Db,
    outbox: Arc<Outbox>,
    heads: HashMap<RoomId, Head>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut erasures: VecDeque<Erasure> = VecDeque::new();
        let mut stop = None;
        let mut rooms: HashMap<RoomId, Vec<QueuedPost>> = HashMap::new();
        loop {
            let mut taken: usize = rooms.values().map(Vec::len).sum();
            let idle = rooms.is_empty() && erasures.is_empty() && stop.is_none();
            let mut next = if idle { queue.recv().await } else { queue.try_recv().ok() };
            if next.is_none() && idle {
                return;
            }
            while let Some(job) = next {
                match job {
                    Job::Post(post, answer) => {
                        rooms.entry(post.room.clone()).or_default().push(QueuedPost::new(post, answer));
                    }
                    Job::Erase(erasure) => erasures.push_back(erasure),
                    Job::Stop(stopped) => stop = Some(stopped),
                }
                taken += 1;
                next = if taken < BATCH { queue.try_recv().ok() } else { None };
            }
            for (room, entries) in std::mem::take(&mut rooms) {
                let again = self.append(&room, entries).await;
                if !again.is_empty() {
                    rooms.insert(room, again);
                }
            }
            if let Some(erasure) = erasures.pop_front() {
                match self.erase_some(&erasure.room, erasure.author).await {
                    Ok(true) => erasures.push_back(erasure),
                    Ok(false) => drop(erasure.answer.send(Ok(()))),
                    Err(error) => drop(erasure.answer.send(Err(error))),
                }
            }
            if taken == 0
                && rooms.is_empty()
                && erasures.is_empty()
                && let Some(stopped) = stop
            {
                let _ = stopped.send(());
                return;
            }
        }
    }

    /// The room's numbers, as far as they are there for good.
    async fn head(&mut self, room: &RoomId) -> Result<Head> {
        let known = self.heads.get(room).copied().into_iter().chain(self.outbox.seen(room));
        if let Some(head) = known.max_by_key(|head| head.rev) {
            self.heads.insert(room.clone(), head);
            return Ok(head);
        }
        self.read_head(room).await
    }

    async fn read_head(&mut self, room: &RoomId) -> Result<Head> {
        // rev before seq: where a commit comes in between, the pair collides, and is read again
        let rev = self.latest(room, "rev").await?;
        let head = Head { rev, seq: self.latest(room, "seq").await? };
        self.heads.insert(room.clone(), head);
        Ok(head)
    }

    async fn latest(&self, room: &RoomId, number: &str) -> Result<i64> {
        let latest = self.db.find(doc! { "room": room.as_str() }, doc! { number: -1 }, 1).await?;
        Ok(latest.first().map_or(0, |message| if number == "rev" { message.rev } else { message.seq }))
    }

    /// Counts what was acknowledged.
    fn advance(&mut self, room: &RoomId, seqs: usize, revs: usize) {
        if let Some(head) = self.heads.get_mut(room) {
            head.seq += seqs as i64;
            head.rev += revs as i64;
        }
    }

    /// Waits until the log has gone past `rev`, which another process was first to take.
    async fn wait_past(&mut self, room: &RoomId, rev: i64) {
        self.heads.remove(room);
        if let Some(head) = self.outbox.seen_past(room, rev).await {
            self.heads.insert(room.clone(), head);
            return;
        }
        for _ in 0..POLLS {
            match self.read_head(room).await {
                Ok(head) if head.rev < rev => sleep(POLL).await,
                _ => return,
            }
        }
    }
}
