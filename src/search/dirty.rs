//! The rooms whose logs may have grown.

use std::{
    collections::HashSet,
    mem,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{domain::RoomId, store::Event};

/// Noted by the live part, which sees each event of the store, and taken by the feed.
#[derive(Debug, Default)]
pub struct Dirty {
    rooms: Mutex<Rooms>,
    noted: Notify,
    changes: AtomicU64,
}

/// The rooms to read.
#[derive(Debug, Default)]
pub struct Rooms {
    /// Whether any room may have changed.
    pub all: bool,
    pub some: HashSet<RoomId>,
}

impl Rooms {
    fn is_empty(&self) -> bool {
        !self.all && self.some.is_empty()
    }
}

impl Dirty {
    /// Notes what a commit changed.
    pub fn note(&self, events: &[Event]) {
        let mut rooms = self.rooms.lock();
        let was_empty = rooms.is_empty();
        let mut changes = 0;
        for event in events {
            let room = match event {
                Event::Changed { message, .. } => &message.id.room,
                Event::Advanced { room, .. } => room,
                Event::ExternalWrite => {
                    rooms.all = true;
                    continue;
                }
                _ => continue,
            };
            changes += 1;
            if !rooms.some.contains(room) {
                rooms.some.insert(room.clone());
            }
        }
        self.changes.fetch_add(changes, Relaxed);
        if was_empty && !rooms.is_empty() {
            drop(rooms);
            self.noted.notify_one();
        }
    }

    /// Notes that any room may have changed.
    pub fn note_all(&self) {
        self.note(&[Event::ExternalWrite]);
    }

    /// Waits until something is noted.
    pub async fn wait(&self) {
        loop {
            let noted = self.noted.notified();
            if !self.rooms.lock().is_empty() {
                return;
            }
            noted.await;
        }
    }

    /// What was noted since the last call.
    pub fn take(&self) -> Rooms {
        mem::take(&mut self.rooms.lock())
    }

    /// The rooms that were noted since the last call. What else was noted stays.
    pub fn take_some(&self) -> HashSet<RoomId> {
        mem::take(&mut self.rooms.lock().some)
    }

    /// The number of changes that were noted since the start.
    pub fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }
}
