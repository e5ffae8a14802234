//! The handle of the rooms' writers.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use uuid::Uuid;

use super::{
    commands::Commands,
    jobs::{Job, Queued, Removal, Removed},
    room_task::{self, Place},
    room_writer::RoomWriter,
};
use crate::{
    domain::{Action, Command, RoomAction, RoomId, UserKey},
    store::{
        Access, AuthoredPost, Changed, Error, Result,
        mongo::{collections::Collections, outbox::Outbox},
    },
};

/// The number of jobs that may wait, in all rooms. If there are as many, callers wait for at most [`QUEUE_TIMEOUT`].
const QUEUE_LENGTH: usize = 4096;
/// The maximum wait for a place in the queue. After it a job fails with [`Error::Busy`].
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum wait for the outcome of a command, including failovers.
const OUTCOME_TIMEOUT: Duration = Duration::from_secs(15);
/// The number of rooms that write at the same time. It bounds their reads: their writes share commands anyway.
const PARALLEL_WRITES: usize = 64;

pub struct Writer {
    db: Collections,
    commands: Arc<Commands>,
    outbox: Arc<Outbox>,
    rooms: Arc<Rooms>,
    /// A place for each job that waits.
    places: Arc<Semaphore>,
    writes: Arc<Semaphore>,
}

/// The rooms with a task; `None` once the writer has stopped.
struct Rooms(Mutex<Option<HashMap<RoomId, RoomHandle>>>);

struct RoomHandle {
    jobs: mpsc::UnboundedSender<Place>,
    task: JoinHandle<()>,
}

impl Writer {
    pub fn new(db: Collections, outbox: Arc<Outbox>) -> Self {
        Self {
            commands: Arc::new(Commands::start(&db)),
            db,
            outbox,
            rooms: Arc::new(Rooms(Mutex::new(Some(HashMap::new())))),
            places: Arc::new(Semaphore::new(QUEUE_LENGTH)),
            writes: Arc::new(Semaphore::new(PARALLEL_WRITES)),
        }
    }

    pub async fn change(&self, access: &Access, command: Command) -> Result<Changed> {
        let queued = Queued { is_admin: access.is_admin(), ..Queued::new(access.user(), command) };
        Self::wait_for_outcome(self.queue_command(access.room(), queued).await?).await
    }

    /// Queues a post that natter itself makes. Posts are appended to the log in the order in which they were queued.
    pub async fn queue_post(&self, room: &RoomId, post: AuthoredPost) -> Result<oneshot::Receiver<Result<Changed>>> {
        let command = Command { at: post.at, action: Action::Post(post.post) };
        self.queue_command(room, Queued { is_trusted: true, ..Queued::new(post.author, command) }).await
    }

    /// Ends the user's membership of a room as natter itself.
    pub async fn leave(&self, room: &RoomId, user: UserKey) -> Result<Changed> {
        self.change_room_as_natter(room, user, RoomAction::Leave).await
    }

    /// Deletes a room as an operator may.
    pub async fn delete_room(&self, room: &RoomId) -> Result<Changed> {
        self.change_room_as_natter(room, UserKey(Uuid::nil()), RoomAction::Delete).await
    }

    /// Waits until the author's marks have followed the messages that this process has committed.
    pub async fn marks_moved(&self, author: UserKey) {
        self.commands.own_posts.moved(author).await;
    }

    async fn change_room_as_natter(&self, room: &RoomId, by: UserKey, action: RoomAction) -> Result<Changed> {
        let command = Command::new(Action::Room(action));
        let queued = Queued { is_trusted: true, ..Queued::new(by, command) };
        Self::wait_for_outcome(self.queue_command(room, queued).await?).await
    }

    async fn queue_command(&self, room: &RoomId, mut queued: Queued) -> Result<oneshot::Receiver<Result<Changed>>> {
        let (answer, answered) = oneshot::channel();
        queued.answers.push(answer);
        self.queue(room, Job::Command(Box::new(queued))).await?;
        Ok(answered)
    }

    pub async fn wait_for_outcome(answered: oneshot::Receiver<Result<Changed>>) -> Result<Changed> {
        match timeout(OUTCOME_TIMEOUT, answered).await {
            Ok(outcome) => outcome.map_err(|_| closed())?,
            Err(_) => Err(Error::Failed("the outcome of a command is not known yet".into())),
        }
    }

    /// Removes something of the user from the room. Each message is changed by its own change.
    pub async fn remove(&self, room: &RoomId, user: UserKey, what: Removed) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.queue(room, Job::Removal(Removal { user, what, answer })).await?;
        answered.await.map_err(|_| closed())?
    }

    /// Finishes all waiting jobs, then ends the tasks. Later jobs fail.
    pub async fn stop(&self) {
        let rooms = self.rooms.0.lock().take();
        for RoomHandle { jobs, task } in rooms.into_iter().flat_map(HashMap::into_values) {
            drop(jobs);
            let _ = task.await;
        }
    }

    async fn queue(&self, room: &RoomId, job: Job) -> Result<()> {
        let place = match timeout(QUEUE_TIMEOUT, Arc::clone(&self.places).acquire_owned()).await {
            Err(_) => return Err(Error::Busy),
            Ok(Err(_)) => return Err(closed()),
            Ok(Ok(place)) => place,
        };
        // sent under the lock, so that a task that ends because it is idle misses no job
        let mut rooms = self.rooms.0.lock();
        let rooms = rooms.as_mut().ok_or_else(closed)?;
        let handle = rooms.entry(room.clone()).or_insert_with(|| self.start(room));
        handle.jobs.send((job, place)).map_err(|_| closed())
    }

    fn start(&self, room: &RoomId) -> RoomHandle {
        let (jobs, queue) = mpsc::unbounded_channel();
        let writer =
            RoomWriter::new(self.db.clone(), Arc::clone(&self.commands), Arc::clone(&self.outbox), room.clone());
        let (rooms, outbox, room) = (Arc::downgrade(&self.rooms), Arc::clone(&self.outbox), room.clone());
        outbox.watch(&room);
        let retire = move |queue: &mpsc::UnboundedReceiver<Place>| retire(&rooms, &outbox, &room, queue);
        let task = tokio::spawn(room_task::run(writer, queue, Arc::clone(&self.writes), retire));
        RoomHandle { jobs, task }
    }
}

/// Removes an idle room. `false` if it has a job.
fn retire(rooms: &Weak<Rooms>, outbox: &Outbox, room: &RoomId, queue: &mpsc::UnboundedReceiver<Place>) -> bool {
    let Some(rooms) = rooms.upgrade() else { return true };
    let mut rooms = rooms.0.lock();
    let is_idle = queue.is_empty();
    if let (true, Some(rooms)) = (is_idle, rooms.as_mut()) {
        rooms.remove(room);
        outbox.unwatch(room);
    }
    is_idle
}

fn closed() -> Error {
    Error::Failed("closed".into())
}
