//! The lists of rooms that were read last, so that a page reads only what has changed since.
//!
//! All writes of this process go through one thread, which announces its commits here before it acknowledges them. So a
//! list is never older than what was acknowledged. Writes of another process (`natter user`, `natter room`) are noticed
//! within 250 ms.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use crate::{
    domain::{Content, Notice, Room, RoomId, UserKey},
    store::{Event, RoomSummary},
};

/// The number of summaries that are kept at most (about 150 bytes each, of direct rooms more), and of rooms that have
/// changed.
const MAX_SUMMARIES: usize = 100_000;

#[derive(Default)]
pub struct SummaryCache(Mutex<State>);

#[derive(Default)]
struct State {
    /// Whether writes of other processes are noticed.
    is_enabled: bool,
    /// The number of commits so far.
    commits: u64,
    /// The commit at which all lists were dropped.
    cleared: u64,
    /// By room: the commit that changed it last, if that was after all lists were dropped.
    rooms: HashMap<RoomId, u64>,
    users: HashMap<UserKey, List>,
    /// The rooms in the lists. All lists share them.
    shared: HashMap<RoomId, Arc<Room>>,
    /// The number of summaries in all lists.
    len: usize,
}

/// A user's rooms, in order of their ids.
#[derive(Default)]
struct List {
    /// `None` until they were read.
    summaries: Option<Arc<[RoomSummary]>>,
    /// The commit that they were read after.
    as_of: u64,
    /// The rooms where the user's own membership has changed since, and the latest commit that did it.
    changed: HashMap<RoomId, u64>,
}

/// What is known of a user's rooms, and what is to be read.
pub struct Lookup {
    /// `None`: all rooms are to be read.
    pub list: Option<Arc<[RoomSummary]>>,
    /// The rooms that have changed since the list was read.
    pub changed: Vec<RoomId>,
    /// The latest commit before.
    as_of: u64,
}

impl SummaryCache {
    /// To be called once [`Event::ExternalWrite`] is announced too.
    pub fn enable(&self) {
        self.0.lock().is_enabled = true;
    }

    /// To be called before the database is read.
    pub fn lookup(&self, user: UserKey) -> Lookup {
        let mut state = self.0.lock();
        let state = &mut *state;
        let as_of = state.commits;
        if !state.is_enabled {
            return Lookup { list: None, changed: Vec::new(), as_of };
        }
        let list = state.users.entry(user).or_insert_with(|| List { as_of, ..List::default() });
        let Some(summaries) = &list.summaries else { return Lookup { list: None, changed: Vec::new(), as_of } };
        let is_changed = |room: &&RoomId| state.rooms.get(*room).is_some_and(|changed| *changed > list.as_of);
        let others = summaries.iter().map(|summary| &summary.room.id).filter(|room| !list.changed.contains_key(room));
        let changed = list.changed.keys().chain(others.filter(is_changed)).cloned().collect();
        Lookup { list: Some(Arc::clone(summaries)), changed, as_of }
    }

    /// Keeps the list that was read after `lookup`.
    pub fn keep(&self, user: UserKey, lookup: &Lookup, mut summaries: Vec<RoomSummary>) -> Arc<[RoomSummary]> {
        let mut state = self.0.lock();
        let state = &mut *state;
        let is_outdated = lookup.as_of < state.cleared;
        let list = state.users.get_mut(&user).filter(|list| !is_outdated && list.as_of <= lookup.as_of);
        let Some(list) = list else { return summaries.into() };
        for RoomSummary { room, .. } in &mut summaries {
            let shared = state.shared.entry(room.id.clone()).or_insert_with(|| Arc::clone(room));
            if shared == room {
                *room = Arc::clone(shared);
            } else {
                *shared = Arc::clone(room);
            }
        }
        let summaries: Arc<[RoomSummary]> = summaries.into();
        list.changed.retain(|_, commit| *commit > lookup.as_of);
        list.as_of = lookup.as_of;
        let before = list.summaries.replace(Arc::clone(&summaries)).map_or(0, |before| before.len());
        state.len = state.len + summaries.len() - before;
        if state.len > MAX_SUMMARIES {
            state.clear();
        }
        summaries
    }

    /// To be called after each commit and before it is acknowledged.
    pub fn committed(&self, events: &[Event]) {
        let mut state = self.0.lock();
        let state = &mut *state;
        state.commits += 1;
        if state.users.is_empty() {
            return;
        }
        for event in events {
            match event {
                // the memberships follow in later commits; who reads the list before gets theirs at once
                Event::Changed { message, .. } if message.content == Content::Notice(Notice::Everyone) => {
                    return state.clear();
                }
                Event::Changed { message, .. } => {
                    state.rooms.insert(message.id.room.clone(), state.commits);
                }
                Event::MembershipChanged { room, user } => {
                    if let Some(list) = state.users.get_mut(user) {
                        list.changed.insert(room.clone(), state.commits);
                    }
                }
                // a direct room is named after its members
                Event::UserChanged { .. } | Event::UserRevoked { .. } | Event::ExternalWrite => return state.clear(),
                Event::Advanced { .. }
                | Event::TokenRevoked(_)
                | Event::Online(_)
                | Event::Offline { .. }
                | Event::Typing { .. } => {}
            }
        }
        if state.rooms.len() > MAX_SUMMARIES {
            state.clear();
        }
    }
}

impl State {
    fn clear(&mut self) {
        self.commits += 1;
        *self = Self { is_enabled: self.is_enabled, commits: self.commits, cleared: self.commits, ..Self::default() };
    }
}
