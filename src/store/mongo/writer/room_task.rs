//! The task of a room's writer: takes jobs from the room's queue and runs them.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};

use super::{
    jobs::{Job, Queued, Removal},
    room_writer::RoomWriter,
};

/// The maximum number of commands in one round. It limits how long the first waits for the last one.
const MAX_BATCH: usize = 512;
/// The time without jobs after which the task ends.
pub const IDLE: Duration = Duration::from_secs(60);

/// A job, and its place in the queue.
pub type Place = (Job, OwnedSemaphorePermit);

/// Runs until the queue is closed and empty, or until `retire` lets it end because there was no job for [`IDLE`]. Each
/// round takes the waiting jobs, writes the commands, and then does a part of one removal, so that commands do
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
                Job::Command(queued) => commands.push_back(*queued),
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
            match writer.remove_some(removal.user, removal.what).await {
                Ok(true) => removals.push_back(removal),
                Ok(false) => drop(removal.answer.send(Ok(()))),
                Err(error) => drop(removal.answer.send(Err(error))),
            }
        }
    }
}
