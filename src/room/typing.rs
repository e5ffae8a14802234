//! Reports to the other processes who types at this one: one write a room and second.

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    domain::{RoomId, UserKey},
    net::sync::Arc,
    store::PresenceStore,
};

/// Shortest time between two reports.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// A user types in a room.
#[derive(Debug)]
pub(super) struct Typing {
    pub room: RoomId,
    pub user: UserKey,
    pub name: String,
}

/// Reports to the other processes who types at this one, until the sender is dropped. A report that fails is lost.
pub(super) async fn report(presence: Arc<dyn PresenceStore>, mut typing: mpsc::UnboundedReceiver<Typing>) {
    let mut unreported: HashMap<RoomId, HashMap<UserKey, String>> = HashMap::new();
    let mut due = interval(REPORT_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            received = typing.recv() => {
                let Some(Typing { room, user, name }) = received else { return };
                unreported.entry(room).or_default().insert(user, name);
            }
            _ = due.tick(), if !unreported.is_empty() => {
                for (room, users) in std::mem::take(&mut unreported) {
                    let users: Vec<_> = users.into_iter().collect();
                    if let Err(error) = presence.typing(&room, &users).await {
                        tracing::debug!(room = room.as_str(), %error, "typing report lost");
                    }
                }
            }
        }
    }
}
