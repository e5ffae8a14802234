//! Where events go out: this process's own commits, and what [`tail`](super::tail) saw of others'.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    domain::RoomId,
    store::{Event, Events},
};

/// Batches that may wait for the reader.
const QUEUE: usize = 1024;

#[derive(Default)]
pub struct Outbox {
    sender: OnceLock<mpsc::Sender<Vec<Event>>>,
    /// The latest number sent of each room: the change stream tells of own commits too, and the echo
    /// need not be looked up and sent again.
    sent: Mutex<HashMap<RoomId, u64>>,
    tail: Mutex<Option<JoinHandle<()>>>,
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
