//! The state of the writer task: the rooms' heads.

use std::{collections::HashMap, sync::Arc, time::Duration};

use mongodb::bson::doc;
use tokio::time::sleep;

use crate::{
    domain::RoomId,
    store::{
        Result,
        mongo::{collections::Collections, head::Head, outbox::Outbox},
        retry,
    },
};

/// The shortest delay between two reads of the head after a collision, if the tail does not report the other process's
/// change.
const HEAD_POLL_DELAY: Duration = Duration::from_millis(1);
/// The maximum number of these reads. After them the insert is retried with the latest head.
const MAX_HEAD_POLLS: usize = 50;

/// Writes to the rooms' logs. Its methods for posts and deletions are in the modules `append` and `delete`.
pub struct LogWriter {
    pub db: Collections,
    pub outbox: Arc<Outbox>,
    heads: HashMap<RoomId, Head>,
}

impl LogWriter {
    pub fn new(db: Collections, outbox: Arc<Outbox>) -> Self {
        Self { db, outbox, heads: HashMap::new() }
    }

    /// The latest permanent numbers of the room that this process knows. Reads them if it knows none.
    pub async fn head(&mut self, room: &RoomId) -> Result<Head> {
        let known = self.heads.get(room).copied().into_iter().chain(self.outbox.seen_head(room));
        if let Some(head) = known.max_by_key(|head| head.rev) {
            self.heads.insert(room.clone(), head);
            return Ok(head);
        }
        self.read_head(room).await
    }

    /// Drops the remembered head, because the outcome of a write is unknown.
    pub fn forget_head(&mut self, room: &RoomId) {
        self.heads.remove(room);
    }

    /// Increases the numbers of the remembered head after acknowledged writes.
    pub fn advance_head(&mut self, room: &RoomId, seqs: usize, revs: usize) {
        if let Some(head) = self.heads.get_mut(room) {
            head.seq += seqs as i64;
            head.rev += revs as i64;
        }
    }

    /// Waits until the log has reached `rev`, which another process took first.
    pub async fn wait_for_rev(&mut self, room: &RoomId, rev: i64) {
        self.forget_head(room);
        if let Some(head) = self.outbox.wait_for_seen(room, rev).await {
            self.heads.insert(room.clone(), head);
            return;
        }
        for delay in retry::delays(HEAD_POLL_DELAY).take(MAX_HEAD_POLLS) {
            match self.read_head(room).await {
                Ok(head) if head.rev < rev => sleep(delay).await,
                _ => return,
            }
        }
    }

    async fn read_head(&mut self, room: &RoomId) -> Result<Head> {
        // `rev` first: if a change is committed between the two reads, the `rev` is too low, so the insert collides and
        // the head is read again
        let rev = self.read_latest(room, "rev").await?;
        let head = Head { rev, seq: self.read_latest(room, "seq").await? };
        self.heads.insert(room.clone(), head);
        Ok(head)
    }

    async fn read_latest(&self, room: &RoomId, number: &str) -> Result<i64> {
        let latest = self.db.find_messages(doc! { "room": room.as_str() }, doc! { number: -1 }, 1).await?;
        Ok(latest.first().map_or(0, |message| if number == "rev" { message.rev } else { message.seq }))
    }
}
