//! The events of sockets that open and close, and of users who type.

use tokio::sync::mpsc;

use crate::domain::{RoomId, UserKey};

/// What a user's sockets report.
#[derive(Debug)]
pub(super) enum PresenceEvent {
    /// A socket opened. `returning`: the client was connected before and lost the connection.
    Connected {
        user: UserKey,
        name: String,
        returning: bool,
    },
    Disconnected {
        user: UserKey,
    },
    /// The user types in a room.
    Typing {
        room: RoomId,
        user: UserKey,
    },
}

/// Counts a socket as online until it is dropped.
pub struct PresenceGuard {
    events: mpsc::UnboundedSender<PresenceEvent>,
    user: UserKey,
}

impl PresenceGuard {
    pub(super) fn new(
        events: mpsc::UnboundedSender<PresenceEvent>,
        user: UserKey,
        name: &str,
        returning: bool,
    ) -> Self {
        let _ = events.send(PresenceEvent::Connected { user, name: name.to_owned(), returning });
        Self { events, user }
    }
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let _ = self.events.send(PresenceEvent::Disconnected { user: self.user });
    }
}
