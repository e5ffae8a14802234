//! The open rooms: those that sockets of this process follow, and those that nobody has followed for a short time.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

use super::{
    fanout::Fanout,
    presence::CurrentPresence,
    rendered_roster::CurrentRoster,
    room::{OpenRoom, Room},
    signals::RecentNames,
};
use crate::{
    domain::RoomId,
    net::{
        Frame,
        sync::{Arc, Mutex},
    },
    store::{self, Database},
};

/// How long a room stays open after its last subscription, so that a reader who returns finds its ring.
const IDLE: Duration = Duration::from_secs(180);
/// Gaps that are filled at the same time.
const FILLS: usize = 8;
/// Late readers that read from the store at the same time.
const LATE_READS: usize = 4;

pub struct Rooms {
    open: Mutex<HashMap<RoomId, Arc<Room>>>,
    pub(super) store: Arc<dyn Database>,
    pub(super) fanout: Fanout,
    pub(super) roster: CurrentRoster,
    pub(super) presence: CurrentPresence,
    pub(super) names: RecentNames,
    pub(super) fills: Semaphore,
    pub(super) late_reads: Semaphore,
}

impl Rooms {
    /// Starts the fan-out.
    pub(super) fn new(store: Arc<dyn Database>) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            store,
            fanout: Fanout::start(),
            roster: CurrentRoster::new(),
            presence: CurrentPresence::default(),
            names: RecentNames::default(),
            fills: Semaphore::new(FILLS),
            late_reads: Semaphore::new(LATE_READS),
        })
    }

    /// Opens the room for a subscription.
    ///
    /// # Errors
    /// The store's error if the head of the log cannot be read.
    pub(super) async fn open(&self, id: &RoomId) -> store::Result<OpenRoom> {
        let room = {
            let mut open = self.open.lock();
            let room = match open.get(id) {
                Some(room) => Arc::clone(room),
                None => {
                    let room = Arc::new(Room::new(id.clone()));
                    open.insert(id.clone(), Arc::clone(&room));
                    room
                }
            };
            room.add_subscription(); // under the lock, so that the room is not dropped
            OpenRoom(room)
        };
        if !room.0.is_open() {
            // changes that are committed from here on are noted in the room, so none is missed
            room.0.open(self.store.head(id).await?);
        }
        Ok(room)
    }

    /// What a new subscription gets first: the roster in the lobby, and the latest changes of names, which a page that was
    /// disconnected has missed.
    pub(super) fn opening(&self, room: &Room) -> Option<Frame> {
        let roster = (room.id == RoomId::lobby()).then(|| self.roster.get().frame.clone());
        let frames: Vec<Frame> = roster.into_iter().chain(self.names.recent(Instant::now())).collect();
        (!frames.is_empty()).then(|| Frame::join(&frames))
    }

    pub(super) fn get(&self, id: &RoomId) -> Option<Arc<Room>> {
        self.open.lock().get(id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Room>> {
        self.open.lock().values().cloned().collect()
    }

    /// Wakes the fan-out for what is new in the room.
    pub(super) fn announce(&self, room: &Arc<Room>, now: Instant) {
        self.fanout.notify(room, room.announce(now));
    }

    /// Drops the rooms that have had no subscription for [`IDLE`].
    pub(super) fn drop_idle(&self, now: Instant) {
        let mut open = self.open.lock();
        open.retain(|_, room| room.idle_since().is_none_or(|since| now.saturating_duration_since(since) < IDLE));
        if open.len() < open.capacity() / 4 {
            open.shrink_to_fit();
        }
        metrics::gauge!("natter_open_rooms").set(open.len() as f64);
    }
}
