//! The open rooms: those that sockets of this process follow, and those that nobody has followed for a short time.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, mpsc};

use super::{
    fanout::Fanout,
    listeners::Listeners,
    news::Numbers,
    presence::{CurrentPresence, Presence},
    rendered_roster::CurrentRoster,
    room::{OpenRoom, Room},
    signals::RecentNames,
    tick::Update,
};
use crate::{
    domain::{RoomId, UserKey},
    net::{
        Frame,
        sync::{Arc, Mutex, atomic::AtomicU32},
    },
    render::TextCache,
    store::{self, Database},
};

/// How long a room stays open after its last subscription, so that a reader who returns finds its ring.
const IDLE: Duration = Duration::from_secs(180);
/// Gaps that are filled at the same time.
const FILLS: usize = 8;
/// Late readers that read from the store at the same time.
const LATE_READS: usize = 4;

pub struct Rooms {
    open: Mutex<OpenRooms>,
    /// What sockets without a room follow: a room without a log.
    pub(super) nowhere: Arc<Room>,
    pub(super) store: Arc<dyn Database>,
    pub(super) texts: TextCache,
    pub(super) fanout: Fanout,
    pub(super) roster: CurrentRoster,
    pub(super) presence: CurrentPresence,
    pub(super) names: RecentNames,
    pub(super) listeners: Listeners,
    /// The number of the latest tick of the sidebars.
    pub(super) sidebar_tick: AtomicU32,
    /// The number of the latest of them with changes of presence.
    pub(super) presence_tick: AtomicU32,
    updates: mpsc::UnboundedSender<Update>,
    pub(super) fills: Semaphore,
    pub(super) late_reads: Semaphore,
}

/// A room that was opened for a sidebar.
pub(super) struct Listened {
    pub room: Arc<Room>,
    /// As [`Room::add_listener`].
    pub gets_all: bool,
}

#[derive(Default)]
struct OpenRooms {
    by_id: HashMap<RoomId, Arc<Room>>,
    /// The rooms by [`Room::index`]. Sidebars have indexes, because they are smaller than references.
    by_index: Vec<Option<Arc<Room>>>,
    free: Vec<u32>,
}

impl OpenRooms {
    fn get_or_add(&mut self, id: &RoomId) -> Arc<Room> {
        if let Some(room) = self.by_id.get(id) {
            return Arc::clone(room);
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.by_index.push(None);
            self.by_index.len() as u32 - 1
        });
        let room = Arc::new(Room::new(id.clone(), index));
        self.by_index[index as usize] = Some(Arc::clone(&room));
        self.by_id.insert(id.clone(), Arc::clone(&room));
        room
    }
}

impl Rooms {
    /// Starts the fan-out. `updates`: receives what the sidebars are to show.
    pub(super) fn new(store: Arc<dyn Database>, updates: mpsc::UnboundedSender<Update>) -> Arc<Self> {
        let nowhere = Room::new(RoomId::named(""), u32::MAX);
        nowhere.open(0, true);
        Arc::new(Self {
            open: Mutex::default(),
            nowhere: Arc::new(nowhere),
            store,
            texts: TextCache::default(),
            fanout: Fanout::start(),
            roster: CurrentRoster::new(),
            presence: CurrentPresence::default(),
            names: RecentNames::default(),
            listeners: Listeners::default(),
            sidebar_tick: AtomicU32::new(0),
            presence_tick: AtomicU32::new(0),
            updates,
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
            OpenRoom::new(open.get_or_add(id)) // under the lock, so that the room is not dropped
        };
        if !room.0.is_current() {
            // changes that are committed from here on are noted in the room, so none is missed
            room.0.open(self.store.head(id).await?, true);
        }
        Ok(room)
    }

    /// Opens the room for an entry of a sidebar, with the head of the log and the numbers that were read for it.
    pub(super) fn listen(&self, id: &RoomId, head: u64, numbers: Numbers) -> Listened {
        let mut open = self.open.lock();
        let room = open.get_or_add(id);
        room.open(head, false);
        let gets_all = room.add_listener(head, numbers); // under the lock, so that the room is not dropped
        Listened { room, gets_all }
    }

    /// What a new subscription gets first: the roster in the lobby, and the latest changes of names, which a page that was
    /// disconnected has missed.
    pub(super) fn opening(&self, room: &Room) -> Option<Frame> {
        let roster = (room.id == RoomId::lobby()).then(|| self.roster.get().frame.clone());
        let frames: Vec<Frame> = roster.into_iter().chain(self.names.recent(Instant::now())).collect();
        (!frames.is_empty()).then(|| Frame::join(&frames))
    }

    pub(super) fn get(&self, id: &RoomId) -> Option<Arc<Room>> {
        self.open.lock().by_id.get(id).cloned()
    }

    /// The rooms with these indexes.
    pub(super) fn at(&self, indexes: &[u32]) -> Vec<Arc<Room>> {
        let open = self.open.lock();
        indexes.iter().filter_map(|index| open.by_index.get(*index as usize)?.clone()).collect()
    }

    pub(super) fn all(&self) -> Vec<Arc<Room>> {
        self.open.lock().by_id.values().cloned().collect()
    }

    /// Notifies the sidebars if the room has news for them.
    pub(super) fn note_news(&self, room: &Arc<Room>) {
        if room.note_news() {
            let _ = self.updates.send(Update::News(Arc::clone(room))); // the task ends only with this
        }
    }

    /// Notifies the sidebars of a changed presence.
    pub(super) fn note_presence(&self, changed: Vec<(UserKey, Presence)>) {
        if !changed.is_empty() {
            let _ = self.updates.send(Update::Presence(changed));
        }
    }

    /// Wakes the fan-out for what is new in the room, and the sidebars.
    pub(super) fn announce(&self, room: &Arc<Room>, now: Instant) {
        self.note_news(room);
        self.fanout.notify(room, room.announce(now));
    }

    /// Drops the rooms that nobody has followed for [`IDLE`], and the entries of those that are only in sidebars.
    pub(super) fn drop_idle(&self, now: Instant) {
        let mut open = self.open.lock();
        let OpenRooms { by_id, by_index, free } = &mut *open;
        by_id.retain(|_, room| {
            let stays = !room.rest(now, IDLE);
            if !stays {
                by_index[room.index as usize] = None;
                free.push(room.index);
            }
            stays
        });
        if by_id.len() < by_id.capacity() / 4 {
            by_id.shrink_to_fit();
        }
        if by_id.is_empty() {
            (*by_index, *free) = (Vec::new(), Vec::new());
        }
        metrics::gauge!("natter_open_rooms").set(by_id.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_that_a_sidebar_opens_while_a_subscription_reads_its_head_is_filled() {
        let room = Room::new(RoomId::lobby(), 0);
        room.open(7, false);
        assert!(!room.is_current());
        room.open(9, true);
        assert!(room.is_current() && room.head() == 7 && room.advance(0), "two changes are missing");
    }
}
