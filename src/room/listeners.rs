//! The sockets with a sidebar, by user.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{listening::Wanted, subscriber::Subscriber};
use crate::{
    domain::{RoomId, UserKey},
    net::sync::{Arc, Mutex},
};

/// The time within which sockets read what all of them have to read again.
const SPREAD_MS: u64 = 3000;

/// The listening sockets by user.
#[derive(Default)]
pub(super) struct Listeners(Mutex<HashMap<UserKey, Vec<Arc<Subscriber>>>>);

impl Listeners {
    pub(super) fn add(&self, subscriber: &Arc<Subscriber>) {
        // most users have one socket
        let mut listeners = self.0.lock();
        let sockets = listeners.entry(subscriber.user).or_insert_with(|| Vec::with_capacity(1));
        sockets.push(Arc::clone(subscriber));
    }

    pub(super) fn remove(&self, subscriber: &Subscriber) {
        let mut listeners = self.0.lock();
        let Some(sockets) = listeners.get_mut(&subscriber.user) else { return };
        sockets.retain(|socket| socket.id != subscriber.id);
        if sockets.is_empty() {
            listeners.remove(&subscriber.user);
            if listeners.len() < listeners.capacity() / 4 {
                listeners.shrink_to_fit();
            }
        }
    }

    /// A user's own view of the room has changed.
    pub(super) fn membership_changed(&self, user: UserKey, room: &RoomId) {
        for socket in self.0.lock().get(&user).into_iter().flatten() {
            socket.want(Wanted::room(room.clone()), Instant::now());
        }
    }

    /// Anything may have changed.
    pub(super) fn read_all(&self) {
        for socket in self.0.lock().values().flatten() {
            socket.want_later(Wanted::All);
        }
    }
}

impl Subscriber {
    /// Asks the socket's task to read something for the sidebar, `at` at the earliest.
    pub(super) fn want(&self, wanted: Wanted, at: Instant) {
        self.listening.lock().want(wanted, at);
    }

    /// As [`Subscriber::want`], at a time that differs from other sockets'.
    pub(super) fn want_later(&self, wanted: Wanted) {
        let delay = self.id.wrapping_mul(0x9E37_79B9_7F4A_7C15) % SPREAD_MS;
        self.want(wanted, Instant::now() + Duration::from_millis(delay));
    }
}
