//! The outgoing events: those of this process's own commits, and those of other processes' commits, which
//! [`tail`](super::tail) reads. The outbox also records for the writer how far the tail has seen each room's
//! log.

use std::{collections::HashMap, sync::OnceLock, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::timeout,
};

use super::{documents::MessageDoc, head::Head};
use crate::{
    domain::RoomId,
    store::{Event, Events},
};

/// The number of event batches that may wait for the receiver.
const QUEUE_LENGTH: usize = 1024;
/// The maximum wait for the tail to see another process's commit. It usually takes milliseconds.
const TAIL_TIMEOUT: Duration = Duration::from_millis(50);

#[derive(Default)]
pub struct Outbox {
    sender: OnceLock<mpsc::Sender<Vec<Event>>>,
    /// The latest `rev` sent for each room. The change stream also reports this process's own commits. This number
    /// identifies them, and they are dropped before their authors are looked up.
    sent: Mutex<HashMap<RoomId, u64>>,
    tail: Mutex<Option<JoinHandle<()>>>,
    /// The latest numbers of each room that the tail saw. They are permanent, because the change stream only reports
    /// majority-committed changes.
    seen: Mutex<HashMap<RoomId, Head>>,
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

    /// Records a change that the tail saw.
    pub fn record_seen(&self, message: &MessageDoc) {
        let mut seen = self.seen.lock();
        let room = RoomId::named(&message.room);
        if message.revs.len() == 1 {
            // a post takes the next `seq` and the next `rev`
            seen.insert(room, Head { seq: message.seq, rev: message.rev });
        } else {
            // a deletion takes only the next `rev`; after any other `rev` the head is unknown until the next post
            match seen.get_mut(&room) {
                Some(head) if head.rev + 1 == message.rev => head.rev += 1,
                _ => drop(seen.remove(&room)),
            }
        }
        self.seen_changed.notify_one();
    }

    /// The room's latest numbers that the tail saw. `None` if they are not known.
    pub fn seen_head(&self, room: &RoomId) -> Option<Head> {
        self.seen.lock().get(room).copied()
    }

    /// Waits until the tail has seen the room's log at `rev`. `None` if it does not within [`TAIL_TIMEOUT`].
    pub async fn wait_for_seen(&self, room: &RoomId, rev: i64) -> Option<Head> {
        self.sender.get()?; // otherwise there is no tail
        let seen = async {
            loop {
                match self.seen_head(room) {
                    Some(head) if head.rev >= rev => return head,
                    _ => self.seen_changed.notified().await,
                }
            }
        };
        timeout(TAIL_TIMEOUT, seen).await.ok()
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
                if let Event::Changed(room, message) = event {
                    let latest = sent.entry(room.clone()).or_default();
                    *latest = message.rev.max(*latest);
                }
            }
        }
        let _ = sender.send(events).await; // during shutdown the receiver is gone
    }
}
