//! Where events go out: this process's own commits, and what [`tail`](super::tail) saw of others'; and what
//! the writer learns from the tail.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use super::{documents::MessageDoc, writer::Head};
use crate::{
    domain::RoomId,
    store::{Event, Events},
};

/// Batches that may wait for the reader.
const QUEUE: usize = 1024;
/// Longest that the tail is relied on to tell of another process's commit: it takes milliseconds.
const TELLING: Duration = Duration::from_millis(50);

#[derive(Default)]
pub struct Outbox {
    sender: OnceLock<mpsc::Sender<Vec<Event>>>,
    /// The latest number sent of each room: the change stream tells of own commits too, and the echo
    /// need not be looked up and sent again.
    sent: Mutex<HashMap<RoomId, u64>>,
    tail: Mutex<Option<JoinHandle<()>>>,
    /// How far the tail saw each room's log go: what it tells of, a majority has.
    seen: Mutex<HashMap<RoomId, Head>>,
    moved: Notify,
}

impl Outbox {
    /// The receiving end, at the first call.
    pub fn open(&self) -> Option<Events> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.sender.set(sender).ok()?;
        Some(receiver)
    }

    /// Keeps the task that follows others, to end it with the store.
    pub fn keep(&self, tail: JoinHandle<()>) {
        *self.tail.lock().unwrap_or_else(PoisonError::into_inner) = Some(tail);
    }

    pub fn close(&self) {
        if let Some(tail) = self.tail.lock().unwrap_or_else(PoisonError::into_inner).take() {
            tail.abort();
        }
    }

    /// Whether this change of the room is still to be told.
    pub fn is_news(&self, room: &RoomId, rev: u64) -> bool {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(room).is_none_or(|sent| rev > *sent)
    }

    /// Notes a change that the tail saw.
    pub fn note(&self, message: &MessageDoc) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let room = RoomId::named(&message.room);
        if message.revs.len() == 1 {
            // a post took the next number of both kinds
            seen.insert(room, Head { seq: message.seq, rev: message.rev });
        } else {
            match seen.get_mut(&room) {
                Some(head) if head.rev + 1 == message.rev => head.rev += 1,
                _ => drop(seen.remove(&room)),
            }
        }
        self.moved.notify_one();
    }

    /// The room's numbers as the tail saw them last, if it did.
    pub fn seen(&self, room: &RoomId) -> Option<Head> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(room).copied()
    }

    /// Waits until the tail has seen the room's log at `rev`. `None` where it does not tell soon.
    pub async fn seen_past(&self, room: &RoomId, rev: i64) -> Option<Head> {
        self.sender.get()?; // nobody follows otherwise
        let told = async {
            loop {
                match self.seen(room) {
                    Some(head) if head.rev >= rev => return head,
                    _ => self.moved.notified().await,
                }
            }
        };
        timeout(TELLING, told).await.ok()
    }

    pub async fn send(&self, events: Vec<Event>) {
        let Some(sender) = self.sender.get() else { return };
        if events.is_empty() {
            return;
        }
        {
            let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            for event in &events {
                if let Event::Changed(room, message) = event {
                    let latest = sent.entry(room.clone()).or_default();
                    *latest = message.rev.max(*latest);
                }
            }
        }
        let _ = sender.send(events).await; // nobody listens any more while shutting down
    }
}
