//! The writer task: takes jobs from the queue and runs them.

use std::collections::{HashMap, VecDeque};

use tokio::sync::mpsc;

use super::{
    jobs::{Deletion, Job, QueuedPost},
    log_writer::LogWriter,
};
use crate::domain::RoomId;

/// The maximum number of posts in one insert. It limits how long the first post waits for the last one.
const MAX_BATCH: usize = 512;

/// Runs until a [`Job::Stop`] is taken and no work is left, or until the queue is closed and empty. Each round takes
/// the waiting jobs, appends the posts, and then deletes some messages of one deletion, so that posts do not wait for a
/// whole deletion.
pub async fn run(mut writer: LogWriter, mut queue: mpsc::Receiver<Job>) {
    let mut deletions: VecDeque<Deletion> = VecDeque::new();
    let mut stop = None;
    let mut posts: HashMap<RoomId, Vec<QueuedPost>> = HashMap::new();
    loop {
        let mut taken: usize = posts.values().map(Vec::len).sum();
        let is_idle = posts.is_empty() && deletions.is_empty() && stop.is_none();
        let mut next = if is_idle { queue.recv().await } else { queue.try_recv().ok() };
        if next.is_none() && is_idle {
            return;
        }
        while let Some(job) = next {
            match job {
                Job::Post(post, answer) => {
                    posts.entry(post.room.clone()).or_default().push(QueuedPost::new(post, answer));
                }
                Job::Delete(deletion) => deletions.push_back(deletion),
                Job::Stop(stopped) => stop = Some(stopped),
            }
            taken += 1;
            next = if taken < MAX_BATCH { queue.try_recv().ok() } else { None };
        }
        for (room, queued) in std::mem::take(&mut posts) {
            let unwritten = writer.append(&room, queued).await;
            if !unwritten.is_empty() {
                posts.insert(room, unwritten);
            }
        }
        if let Some(deletion) = deletions.pop_front() {
            match writer.delete_some(&deletion.room, deletion.author).await {
                Ok(true) => deletions.push_back(deletion),
                Ok(false) => drop(deletion.answer.send(Ok(()))),
                Err(error) => drop(deletion.answer.send(Err(error))),
            }
        }
        // stops only after a round that found no more work
        if taken == 0
            && posts.is_empty()
            && deletions.is_empty()
            && let Some(stopped) = stop
        {
            let _ = stopped.send(());
            return;
        }
    }
}
