//! The task of a room's writer: takes jobs from the room's queue and runs them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use mongodb::bson::doc;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};

use super::{
    jobs::{Job, Queued, Removal},
    publish::deletion,
    room_writer::RoomWriter,
};
use crate::{
    domain::UserKey,
    store::{
        Result,
        mongo::{bson_values::bson_uuid, log_documents::MessageDoc},
    },
};

/// The maximum number of commands in one round. It limits how long the first waits for the last one.
const MAX_BATCH: usize = 512;
/// The number of messages that a removal deletes in one round.
const REMOVAL_CHUNK: u32 = 200;
/// The time without jobs after which the task ends.
pub const IDLE: Duration = Duration::from_secs(60);

/// A job, and its place in the queue.
pub type Place = (Job, OwnedSemaphorePermit);

/// Runs until the queue is closed and empty, or until `retire` lets it end because there was no job for [`IDLE`]. Each
/// round takes the waiting jobs, writes the commands, and then deletes some messages of one removal, so that commands do
/// not wait for a whole removal. `writes` limits how many rooms write at the same time.
pub async fn run(
    mut writer: RoomWriter,
    mut queue: mpsc::UnboundedReceiver<Place>,
    writes: Arc<Semaphore>,
    retire: impl Fn(&mpsc::UnboundedReceiver<Place>) -> bool,
) {
    let mut commands: VecDeque<Queued> = VecDeque::new();
    let mut removals: VecDeque<Removal> = VecDeque::new();
    loop {
        let mut next = None;
        if commands.is_empty() && removals.is_empty() {
            match timeout(IDLE, queue.recv()).await {
                Ok(Some(job)) => next = Some(job),
                Ok(None) => return,
                Err(_) if retire(&queue) => return,
                Err(_) => {}
            }
        }
        while let Some((job, _place)) = next.take().or_else(|| queue.try_recv().ok()) {
            match job {
                Job::Command(queued) => commands.push_back(queued),
                Job::Removal(removal) => removals.push_back(removal),
            }
            if commands.len() >= MAX_BATCH {
                break;
            }
        }
        let Ok(_permit) = writes.acquire().await else { return };
        if !commands.is_empty() {
            commands = writer.write(std::mem::take(&mut commands)).await;
        }
        if let Some(removal) = removals.pop_front() {
            match writer.remove_some(removal.author).await {
                Ok(true) => removals.push_back(removal),
                Ok(false) => drop(removal.answer.send(Ok(()))),
                Err(error) => drop(removal.answer.send(Err(error))),
            }
        }
    }
}

impl RoomWriter {
    /// Deletes some of the author's messages. Returns whether there may be more. After a chunk that is not full it
    /// returns `false`, because otherwise the removal of an author who continues to post would never end.
    async fn remove_some(&mut self, author: UserKey) -> Result<bool> {
        let mut session = self.db.reads().await?;
        let filter = doc! {
            "author": bson_uuid(author), "_id.room": self.room.as_str(), "message": { "$exists": true },
            "seq": { "$gte": 0 },
        };
        let found: Vec<MessageDoc> = self.db.find_log(filter, doc! { "seq": 1 }, REMOVAL_CHUNK, &mut session).await?;
        drop(session);
        let is_full = found.len() == REMOVAL_CHUNK as usize;
        let delete = |message: MessageDoc| deletion(&message.into_message());
        let (mut waiting, mut outcomes) = (VecDeque::new(), Vec::new());
        for message in found {
            let mut queued = delete(message);
            let (answer, answered) = oneshot::channel();
            queued.answers.push(answer);
            outcomes.push(answered);
            waiting.push_back(queued);
        }
        while !waiting.is_empty() {
            waiting = self.write(waiting).await;
        }
        for outcome in outcomes {
            if let Ok(Err(error)) = outcome.await {
                return Err(error);
            }
        }
        Ok(is_full)
    }
}
