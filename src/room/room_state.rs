//! The state of a room that the hub, the fan-out and the subscriptions share.

use tokio::sync::{Semaphore, watch};

use super::{entry::Entry, rendered_roster::RenderedRoster, ring::Ring};
use crate::{
    domain::RoomId,
    net::sync::{Arc, RwLock, RwLockReadGuard},
    store::Database,
};

/// Changes that a ring keeps. Sockets further behind read from the store; at some 400 bytes a fragment, and two
/// fragments a change, this is under a megabyte.
const RING_CAPACITY: usize = 1024;

/// Sockets that read from the store at the same time.
const CATCH_UP_READS: usize = 4;

pub struct RoomState {
    pub(super) id: RoomId,
    pub(super) store: Arc<dyn Database>,
    ring: RwLock<Ring>,
    /// The position behind the ring's last entry. A change wakes the fan-out.
    pub(super) end: watch::Sender<u64>,
    roster: RwLock<Arc<RenderedRoster>>,
    /// For sockets that read from the store.
    pub(super) catch_up_permits: Semaphore,
}

impl RoomState {
    pub(super) fn new(id: RoomId, store: Arc<dyn Database>, head: u64) -> Self {
        Self {
            id,
            store,
            ring: RwLock::new(Ring::new(head, RING_CAPACITY)),
            end: watch::Sender::new(0),
            roster: RwLock::new(RenderedRoster::new(&[])),
            catch_up_permits: Semaphore::new(CATCH_UP_READS),
        }
    }

    /// The latest `rev` in the ring.
    pub(super) fn head(&self) -> u64 {
        self.ring().head()
    }

    pub(super) fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read()
    }

    pub(super) fn push(&self, entry: Entry) {
        self.ring.write().push(entry);
    }

    pub(super) fn clear_ring(&self) {
        self.ring.write().clear();
    }

    /// Wakes the fan-out if the ring has new entries.
    pub(super) fn wake(&self) {
        let end = self.ring().end();
        self.end.send_if_modified(|seen| std::mem::replace(seen, end) != end);
    }

    pub(super) fn roster(&self) -> Arc<RenderedRoster> {
        Arc::clone(&self.roster.read())
    }

    pub(super) fn set_roster(&self, roster: Arc<RenderedRoster>) {
        *self.roster.write() = roster;
    }
}
