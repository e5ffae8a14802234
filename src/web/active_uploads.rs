//! The uploads that requests write to.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard, watch};

use crate::domain::FileId;

/// Lets one request at a time write to an upload. A newer request ends the one before, whose line may be dead without
/// natter knowing it: what that one wrote late would damage the file.
#[derive(Clone, Default)]
pub struct ActiveUploads(Arc<Mutex<HashMap<FileId, Arc<Slot>>>>);

struct Slot {
    turns: Arc<Turns<()>>,
    /// The number of the newest request.
    newest: watch::Sender<u64>,
}

/// The turn of a request, until it is dropped.
pub struct Turn {
    id: FileId,
    number: u64,
    newest: watch::Receiver<u64>,
    _guard: OwnedMutexGuard<()>,
    slot: Arc<Slot>,
    active: ActiveUploads,
}

impl ActiveUploads {
    /// Ends the request that writes to the upload now, and waits until it has recorded what it received.
    pub async fn enter(&self, id: FileId) -> Turn {
        let slot = {
            let mut slots = self.0.lock();
            let new = || Arc::new(Slot { turns: Arc::default(), newest: watch::Sender::new(0) });
            Arc::clone(slots.entry(id).or_insert_with(new))
        };
        let mut number = 0;
        slot.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        let guard = Arc::clone(&slot.turns).lock_owned().await;
        Turn { id, number, newest: slot.newest.subscribe(), _guard: guard, slot, active: self.clone() }
    }
}

impl Turn {
    /// Resolves when a newer request wants to write.
    pub async fn superseded(&mut self) {
        let number = self.number;
        // the slot has the sender, and this has the slot
        let _ = self.newest.wait_for(|newest| *newest > number).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut slots = self.active.0.lock();
        // the map and this turn: nobody waits
        if Arc::strong_count(&self.slot) == 2 {
            slots.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_request_ends_the_one_before() {
        let active = ActiveUploads::default();
        let id = FileId::generate();
        let mut first = active.enter(id).await;
        let second = tokio::spawn({
            let active = active.clone();
            async move { active.enter(id).await }
        });
        first.superseded().await;
        assert!(!second.is_finished(), "the first has not recorded yet");
        drop(first);
        let second = second.await.unwrap();
        assert_eq!(active.0.lock().len(), 1);
        drop(second);
        assert!(active.0.lock().is_empty());
    }
}
