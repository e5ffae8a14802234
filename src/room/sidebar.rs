//! Sends what happened in all rooms to the sidebars of open pages: at most once a second, and to each socket in one write.
//!
//! What happened in a room is one frame, the same for all its members. A socket whose own task does the writing, or which
//! cannot take the frames at once, gets the numbers of the rooms instead, read from the store
//! ([`super::listener`]): nothing is kept for it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use tokio::{sync::mpsc, time::sleep_until};

use super::{
    presence::Presence,
    room::{Room, Unfinished},
    rooms::Rooms,
    tick::{Tick, Update},
};
use crate::{
    domain::UserKey,
    net::{
        Frame,
        sync::{Arc, Weak, atomic::Ordering::SeqCst},
    },
};

/// Shortest time between two ticks.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long the first news after a quiet time wait for more.
const DELAY: Duration = Duration::from_millis(20);
/// Most changes of presence in a frame. More come with the next ticks.
const MAX_PRESENCE: usize = 200;

#[derive(Default)]
struct Pending {
    rooms: Vec<Arc<Room>>,
    presence: HashMap<UserKey, Presence>,
}

/// Sends the updates until the rooms are dropped.
pub(super) async fn run(rooms: Weak<Rooms>, mut updates: mpsc::UnboundedReceiver<Update>) {
    let mut pending = Pending::default();
    let mut last: Option<Instant> = None;
    loop {
        if pending.is_empty() {
            let Some(update) = updates.recv().await else { return };
            pending.add(update);
        }
        let due = Instant::now() + DELAY;
        sleep_until(last.map_or(due, |last| due.max(last + INTERVAL)).into()).await;
        while let Ok(update) = updates.try_recv() {
            pending.add(update);
        }
        let Some(rooms) = rooms.upgrade() else { return };
        last = Some(Instant::now());
        let tick = pending.take(rooms.sidebar_tick.load(SeqCst) + 1);
        if !tick.is_empty() {
            // before the fan-out has it: a socket that becomes live meanwhile then finds out that it may lack this tick
            if tick.presence.is_some() {
                rooms.presence_tick.store(tick.number, SeqCst);
            }
            rooms.sidebar_tick.store(tick.number, SeqCst);
            rooms.fanout.send_sidebars(&Arc::new(tick));
        }
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.presence.is_empty()
    }

    fn add(&mut self, update: Update) {
        match update {
            Update::News(room) => self.rooms.push(room),
            Update::Presence(changed) => self.presence.extend(changed),
        }
    }

    /// The next tick. Rooms that are not ready stay for the one after.
    fn take(&mut self, number: u32) -> Tick {
        let mut parts = Vec::new();
        self.rooms.retain(|room| match room.take_news(number) {
            Ok(part) => {
                parts.extend(part.map(|part| (Arc::clone(room), part)));
                false
            }
            Err(Unfinished) => true,
        });
        Tick::new(number, parts, self.take_presence())
    }

    fn take_presence(&mut self) -> Option<Frame> {
        let users: Vec<UserKey> = self.presence.keys().copied().take(MAX_PRESENCE).collect();
        let changed: HashMap<UserKey, Presence> =
            users.iter().filter_map(|user| self.presence.remove_entry(user)).collect();
        (!changed.is_empty()).then(|| encode(&changed))
    }
}

fn encode(presence: &HashMap<UserKey, Presence>) -> Frame {
    let presence: Map<String, Value> =
        presence.iter().map(|(user, presence)| (user.tag(), presence.as_str().into())).collect();
    Frame::text(std::iter::once(json!({ "presence": presence }).to_string().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_of_presence_come_with_several_ticks() {
        let mut pending = Pending::default();
        let changed = (0..MAX_PRESENCE as u128 + 1).map(|n| (UserKey(uuid::Uuid::from_u128(n)), Presence::Offline));
        pending.add(Update::Presence(changed.collect()));
        let mut shown = Vec::new();
        for number in 1..=2 {
            let frame = pending.take(number).presence.unwrap();
            let frame: Value = serde_json::from_str(frame.payload()).unwrap();
            shown.push(frame["presence"].as_object().unwrap().len());
        }
        assert_eq!(shown, [MAX_PRESENCE, 1]);
        assert!(pending.is_empty());
    }
}
