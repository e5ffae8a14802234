//! A room as the chat server uses it.

use tokio::sync::mpsc;

use super::{
    cursor::Cursor,
    fanout::Fanout,
    presence::{PresenceEvent, PresenceGuard},
    rendered_roster::RenderedRoster,
    room_state::RoomState,
    subscription::Subscription,
};
use crate::{
    domain::UserKey,
    net::{Connection, sync::Arc},
    store,
};

pub struct LiveRoom {
    state: Arc<RoomState>,
    fanout: Arc<Fanout>,
    presence: mpsc::UnboundedSender<PresenceEvent>,
}

impl LiveRoom {
    /// Starts the fan-out's tasks. `presence` receives an event for each socket that opens or closes.
    pub(super) fn start(state: Arc<RoomState>, presence: mpsc::UnboundedSender<PresenceEvent>) -> Self {
        let fanout = Arc::new(Fanout::start(&state));
        Self { state, fanout, presence }
    }

    /// Subscribes `connection` to all changes after the `rev` `after`, or from now on.
    ///
    /// # Errors
    /// The store's error if `after` is later than the ring's head and the store does not answer.
    pub async fn subscribe(
        &self,
        user: UserKey,
        connection: Arc<Connection>,
        after: Option<u64>,
    ) -> store::Result<Subscription> {
        let head = self.head();
        let after = match after {
            None => head,
            Some(rev) if rev <= head => rev,
            // just committed and not in the ring yet; or invented, and then the cursor would never advance
            Some(rev) => rev.min(self.state.store.head(&self.state.id).await?),
        };
        let mut cursor = Cursor::new(user, after);
        self.state.ring().join(&mut cursor);
        Ok(Subscription::new(Arc::clone(&self.state), Arc::clone(&self.fanout), connection, cursor))
    }

    /// Counts a socket of `user` as online until the guard is dropped. `returning`: the client was connected before and
    /// lost the connection, which is not announced as an entrance.
    pub fn enter(&self, user: UserKey, name: &str, returning: bool) -> PresenceGuard {
        PresenceGuard::new(self.presence.clone(), user, name, returning)
    }

    /// The users online.
    pub fn roster(&self) -> Arc<RenderedRoster> {
        self.state.roster()
    }

    /// The latest `rev` in the ring.
    pub fn head(&self) -> u64 {
        self.state.head()
    }
}
