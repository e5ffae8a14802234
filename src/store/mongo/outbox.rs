//! The outgoing events: those of this process's own commits, and those of other processes' commits, which
//! [`tail`](super::tail) reads. The outbox also records for the writer how far the tail has seen each room's
//! log.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    domain::{RoomId, UserKey, rules::Head},
    store::{Event, Events},
};

/// The number of event batches that may wait for the receiver.
const QUEUE_LENGTH: usize = 1024;
/// The maximum number of changes of a room that wait for its writer.
const MAX_SEEN: usize = 1024;
/// The maximum wait for the tail to see another process's commit. It usually takes milliseconds.
const TAIL_TIMEOUT: Duration = Duration::from_millis(50);

/// A change that the tail saw.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The room's numbers after it.
    pub head: Head,
    /// Whether it changed nothing but the log: all others have to be derived.
    pub is_plain: bool,
    /// The author of a message, and the number of their texts.
    pub author_texts: Option<(UserKey, u64)>,
}

#[derive(Default)]
pub struct Outbox {
    sender: OnceLock<mpsc::Sender<Vec<Event>>>,
    /// The latest `rev` sent for each room. The change stream also reports this process's own commits. This number
    /// identifies them, and they are dropped before their authors are looked up.
    sent: Mutex<HashMap<RoomId, u64>>,
    tail: Mutex<Option<JoinHandle<()>>>,
    /// What the tail saw in each room that has a writer, until the writer takes it. It is permanent, because the change
    /// stream only reports majority-committed changes.
    seen: Mutex<HashMap<RoomId, VecDeque<Seen>>>,
    /// How often the tail has lost its place in the change stream.
    lost_places: AtomicU64,
    seen_changed: Notify,
}

impl Outbox {
    /// The receiving end; `None` from the second call on.
    pub fn open(&self) -> Option<Events> {
        let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
        self.sender.set(sender).ok()?;
        Some(receiver)
    }

    /// Stores the task that follows the change stream. [`Outbox::close`] aborts it.
    pub fn set_tail(&self, tail: JoinHandle<()>) {
        *self.tail.lock() = Some(tail);
    }

    pub fn close(&self) {
        if let Some(tail) = self.tail.lock().take() {
            tail.abort();
        }
    }

    /// Whether this change of the room was not sent yet.
    pub fn is_unsent(&self, room: &RoomId, rev: u64) -> bool {
        self.sent.lock().get(room).is_none_or(|sent| rev > *sent)
    }

    /// Keeps what the tail sees in the room, for its writer.
    pub fn watch(&self, room: &RoomId) {
        self.seen.lock().entry(room.clone()).or_default();
    }

    pub fn unwatch(&self, room: &RoomId) {
        self.seen.lock().remove(room);
    }

    /// Records a change that the tail saw.
    pub fn record_seen(&self, room: &RoomId, change: Seen) {
        if let Some(seen) = self.seen.lock().get_mut(room) {
            if seen.len() == MAX_SEEN {
                seen.pop_front(); // the writer finds the gap, and reads the head
            }
            seen.push_back(change);
        }
        self.seen_changed.notify_waiters();
    }

    /// What the tail saw in the room since the last call.
    pub fn take_seen(&self, room: &RoomId) -> VecDeque<Seen> {
        self.seen.lock().get_mut(room).map(std::mem::take).unwrap_or_default()
    }

    /// Records that the tail has lost its place: what it saw before has no connection to what it sees from now on.
    pub fn lose_place(&self) {
        self.lost_places.fetch_add(1, Ordering::Release);
        self.seen.lock().values_mut().for_each(VecDeque::clear);
    }

    /// A number that changes when the tail loses its place.
    pub fn place(&self) -> u64 {
        self.lost_places.load(Ordering::Acquire)
    }

    /// Waits until the tail has seen the room's log at `rev`. `false` if it does not within [`TAIL_TIMEOUT`].
    pub async fn wait_for_seen(&self, room: &RoomId, rev: u64) -> bool {
        if self.sender.get().is_none() {
            return false; // there is no tail
        }
        let seen = async {
            loop {
                let changed = self.seen_changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable(); // before the check, so that no change in between is missed
                if self.seen.lock().get(room).and_then(VecDeque::back).is_some_and(|seen| seen.head.rev >= rev) {
                    return;
                }
                changed.await;
            }
        };
        timeout(TAIL_TIMEOUT, seen).await.is_ok()
    }

    /// Sends the events, and records the latest `rev` of each room.
    pub async fn send(&self, events: Vec<Event>) {
        let Some(sender) = self.sender.get() else { return };
        if events.is_empty() {
            return;
        }
        {
            let mut sent = self.sent.lock();
            for event in &events {
                let (room, rev) = match event {
                    Event::Changed { message, .. } => (&message.id.room, message.rev),
                    Event::Advanced { room, rev } => (room, *rev),
                    _ => continue,
                };
                let latest = sent.entry(room.clone()).or_default();
                *latest = rev.max(*latest);
            }
        }
        let _ = sender.send(events).await; // during shutdown the receiver is gone
    }
}
