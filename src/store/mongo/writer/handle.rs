//! The handle of the writer task.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    jobs::{Deletion, Job},
    log_writer::LogWriter,
    task,
};
use crate::{
    domain::{Post, RoomId, UserKey},
    store::{
        Error, Posted, Result,
        mongo::{collections::Collections, message_queries::check_room, outbox::Outbox},
    },
};

/// The number of jobs that may wait. If the queue is full, callers wait for at most [`QUEUE_TIMEOUT`].
const QUEUE_LENGTH: usize = 4096;
/// The maximum wait for a place in the queue. After it a job fails with [`Error::Busy`].
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum wait for the outcome of a post, including failovers.
const OUTCOME_TIMEOUT: Duration = Duration::from_secs(15);

pub struct Writer {
    jobs: mpsc::Sender<Job>,
}

impl Writer {
    pub fn start(db: Collections, outbox: Arc<Outbox>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_LENGTH);
        tokio::spawn(task::run(LogWriter::new(db, outbox), queue));
        Self { jobs }
    }

    pub async fn post(&self, post: Post) -> Result<Posted> {
        Self::wait_for_outcome(self.queue_post(post).await?).await
    }

    /// Queues a post. Posts are appended to the log in the order in which they were queued.
    pub async fn queue_post(&self, post: Post) -> Result<oneshot::Receiver<Result<Posted>>> {
        check_room(&post.room)?;
        let (answer, answered) = oneshot::channel();
        self.queue(Job::Post(post, answer)).await?;
        Ok(answered)
    }

    pub async fn wait_for_outcome(answered: oneshot::Receiver<Result<Posted>>) -> Result<Posted> {
        match timeout(OUTCOME_TIMEOUT, answered).await {
            Ok(outcome) => outcome.map_err(|_| closed())?,
            Err(_) => Err(Error::Failed("the outcome of a post is not known yet".into())),
        }
    }

    /// Deletes the author's messages. Each deletion is its own change.
    pub async fn delete_messages(&self, room: RoomId, author: UserKey) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.queue(Job::Delete(Deletion { room, author, answer })).await?;
        answered.await.map_err(|_| closed())?
    }

    /// Finishes all waiting jobs, then ends the task.
    pub async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.jobs.send(Job::Stop(stopped)).await.is_ok() {
            let _ = wait.await;
        }
    }

    async fn queue(&self, job: Job) -> Result<()> {
        match timeout(QUEUE_TIMEOUT, self.jobs.send(job)).await {
            Err(_) => Err(Error::Busy),
            Ok(Err(_)) => Err(closed()),
            Ok(Ok(())) => Ok(()),
        }
    }
}

fn closed() -> Error {
    Error::Failed("closed".into())
}
