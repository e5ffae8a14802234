//! The events of sockets that open and close in a room.

use tokio::sync::mpsc;

use crate::domain::UserKey;

/// A socket of a user opened or closed.
#[derive(Debug)]
pub(super) enum PresenceEvent {
    /// `returning`: the client was connected before and lost the connection.
    Connected {
        user: UserKey,
        name: String,
        returning: bool,
    },
    Disconnected {
        user: UserKey,
    },
}

/// Counts a socket as online in a room until it is dropped.
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
