//! Reading the logs of the rooms that are behind, the oldest message of all first: so the index becomes smaller, and no
//! room waits for a long log of another.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use super::Result;
use crate::{
    domain::{Message, RoomId},
    store::{self, LogReader},
};

/// The most messages of a room that are read at a time.
const MAX_READ: usize = 500;
/// The fewest. Each read of a MongoDB takes a millisecond.
const MIN_READ: usize = 5;
/// About so many messages of all rooms are in memory, if the rooms are not too many.
const READ_AHEAD: usize = 8_000;

/// The changes of several rooms that are not indexed yet.
pub struct Logs<'a> {
    reader: &'a dyn LogReader,
    logs: Vec<Log>,
    places: HashMap<RoomId, usize>,
    /// The logs that have more, by the time of the next message.
    oldest: BinaryHeap<Reverse<(i64, usize)>>,
}

/// A room's log.
struct Log {
    room: RoomId,
    /// The `rev` up to which it is read.
    read: u64,
    /// The changes that are read and not taken.
    ahead: VecDeque<Message>,
    /// Whether there may be changes after `read`.
    has_more: bool,
    /// The `rev` up to which it is taken, and when that message was sent, in milliseconds since 1970.
    taken: u64,
    time: i64,
}

/// What is to be indexed in one transaction.
#[derive(Default)]
pub struct Batch {
    pub rooms: Vec<ReadChanges>,
    /// The rooms that are deleted.
    pub gone: Vec<RoomId>,
    /// The number of messages.
    pub messages: usize,
}

/// Changes of a room.
pub struct ReadChanges {
    pub room: RoomId,
    pub messages: Vec<Message>,
    /// The `rev` before the first of them, and that of the last.
    pub after: u64,
    pub rev: u64,
}

impl<'a> Logs<'a> {
    pub fn new(reader: &'a dyn LogReader) -> Self {
        Self { reader, logs: Vec::new(), places: HashMap::new(), oldest: BinaryHeap::new() }
    }

    /// Whether the room was added before.
    pub fn has(&self, room: &RoomId) -> bool {
        self.places.contains_key(room)
    }

    /// Adds a room that is indexed up to `cursor`. One that was added before has more changes.
    pub fn add(&mut self, room: RoomId, cursor: u64) {
        let added = self.places.get(&room).copied();
        let place = added.unwrap_or(self.logs.len());
        if added.is_none() {
            self.places.insert(room.clone(), place);
            let ahead = VecDeque::new();
            let log = Log { room, read: cursor, ahead, has_more: false, taken: cursor, time: i64::MIN };
            self.logs.push(log);
        }
        let Some(log) = self.logs.get_mut(place) else { return };
        if log.ahead.is_empty() && !log.has_more {
            self.oldest.push(Reverse((log.time, place)));
        }
        log.has_more = true;
    }

    /// The next `limit` messages, or a few more, and fewer only if there are no more.
    pub async fn next(&mut self, limit: usize) -> Result<Batch> {
        let mut batch = Batch::default();
        let mut places = HashMap::new();
        while batch.messages < limit {
            let Some(Reverse((_, place))) = self.oldest.pop() else { break };
            let (logs, reader) = (self.oldest.len() + 1, self.reader);
            let Some(log) = self.logs.get_mut(place) else { continue };
            if log.ahead.is_empty() {
                log.read_ahead(reader, logs, &mut batch.gone).await?;
            } else {
                let until = self.oldest.peek().map_or(i64::MAX, |Reverse((time, _))| *time);
                let at = *places.entry(place).or_insert_with(|| {
                    batch.rooms.push(log.no_changes());
                    batch.rooms.len() - 1
                });
                if let Some(changes) = batch.rooms.get_mut(at) {
                    batch.messages += log.take(until, limit - batch.messages, changes);
                }
            }
            if let Some(time) = log.next_time() {
                self.oldest.push(Reverse((time, place)));
            }
        }
        Ok(batch)
    }
}

impl Log {
    /// Reads changes, of which there are none ahead. `logs`: how many have more.
    async fn read_ahead(&mut self, reader: &dyn LogReader, logs: usize, gone: &mut Vec<RoomId>) -> Result<()> {
        // the first message of a room tells when it begins
        let limit = if self.read == 0 { 1 } else { (READ_AHEAD / logs).clamp(MIN_READ, MAX_READ) };
        self.has_more = false;
        match reader.changes(&self.room, self.read, limit as u32).await {
            Err(store::Error::NoSuchRoom) => gone.push(self.room.clone()),
            // of this room only: the next look tries again
            Err(error @ (store::Error::Failed(_) | store::Error::NotFound)) => {
                tracing::warn!(%error, room = self.room.as_str(), "room not indexed");
            }
            chunk => {
                let chunk = chunk?;
                if let Some(last) = chunk.messages.last() {
                    (self.read, self.has_more) = (last.rev, chunk.has_more);
                }
                self.ahead = chunk.messages.into();
            }
        }
        Ok(())
    }

    fn no_changes(&self) -> ReadChanges {
        ReadChanges { room: self.room.clone(), messages: Vec::new(), after: self.taken, rev: self.taken }
    }

    /// Moves the messages up to the time `until` to `to`: one at least, and about `limit` at most. Those of one change, which
    /// have the same `rev`, stay together: the cursor is after all of them. Returns how many.
    fn take(&mut self, until: i64, limit: usize, to: &mut ReadChanges) -> usize {
        let mut count = 0;
        while let Some(message) = self.ahead.pop_front() {
            (self.taken, self.time) = (message.rev, message.sent_at.0);
            to.rev = message.rev;
            to.messages.push(message);
            count += 1;
            let Some(next) = self.ahead.front() else { break };
            if next.rev != self.taken && (next.sent_at.0 > until || count >= limit) {
                break;
            }
        }
        count
    }

    /// When the next message was sent, if there is one. If it is not read, it is the time of the one before.
    fn next_time(&self) -> Option<i64> {
        self.ahead.front().map(|next| next.sent_at.0).or_else(|| self.has_more.then_some(self.time))
    }
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
