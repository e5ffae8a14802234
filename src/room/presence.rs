//! Who is online, and the events of sockets that open, close, become idle, and of users who type.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::{
    domain::{RoomId, UserKey},
    net::sync::RwLock,
};

/// Whether a user is here, at any process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    Online,
    /// Online, without input for some time.
    Idle,
    Offline,
}

impl Presence {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Idle => "idle",
            Self::Offline => "offline",
        }
    }
}

/// The presence of now: kept by the hub, read by pages.
#[derive(Default)]
pub(super) struct CurrentPresence(RwLock<HashMap<UserKey, Presence>>);

impl CurrentPresence {
    /// Takes the users' new presence, and returns what has changed.
    pub(super) fn apply(&self, changed: Vec<(UserKey, Presence)>) -> Vec<(UserKey, Presence)> {
        let mut online = self.0.write();
        let mut apply = |(user, presence): &(UserKey, Presence)| {
            let before = match presence {
                Presence::Offline => online.remove(user),
                presence => online.insert(*user, *presence),
            };
            before.unwrap_or(Presence::Offline) != *presence
        };
        changed.into_iter().filter(|change| apply(change)).collect()
    }

    /// The presence of each of the users, in their order.
    pub(super) fn of(&self, users: &[UserKey]) -> Vec<Presence> {
        let online = self.0.read();
        users.iter().map(|user| online.get(user).copied().unwrap_or(Presence::Offline)).collect()
    }

    /// The users who are online or idle.
    pub(super) fn online(&self) -> Vec<(UserKey, Presence)> {
        self.0.read().iter().map(|(user, presence)| (*user, *presence)).collect()
    }
}

/// What a user's sockets report.
#[derive(Debug)]
pub(super) enum PresenceEvent {
    /// A socket opened. `returning`: the client was connected before and lost the connection.
    Connected { user: UserKey, name: String, returning: bool },
    Disconnected {
        user: UserKey,
        /// Whether the socket was idle.
        idle: bool,
    },
    /// The client of a socket has had no input for some time, or has input again.
    Idle { user: UserKey, idle: bool },
    /// The user types in a room.
    Typing { room: RoomId, user: UserKey },
}

/// Counts a socket as online until it is dropped.
pub struct PresenceGuard {
    events: mpsc::UnboundedSender<PresenceEvent>,
    user: UserKey,
    idle: bool,
}

impl PresenceGuard {
    pub(super) fn new(
        events: mpsc::UnboundedSender<PresenceEvent>,
        user: UserKey,
        name: &str,
        returning: bool,
    ) -> Self {
        let _ = events.send(PresenceEvent::Connected { user, name: name.to_owned(), returning });
        Self { events, user, idle: false }
    }

    /// Reports that the client has had no input for some time, or has input again.
    pub fn set_idle(&mut self, idle: bool) {
        if std::mem::replace(&mut self.idle, idle) != idle {
            let _ = self.events.send(PresenceEvent::Idle { user: self.user, idle });
        }
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let _ = self.events.send(PresenceEvent::Disconnected { user: self.user, idle: self.idle });
    }
}
