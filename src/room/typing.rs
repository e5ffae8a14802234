//! Who types: what a room shows of it, and the reports to the other processes: one write a room and second.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

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
/// Most users whose typing is sent to a room within [`REPORT_INTERVAL`]. Pages name two, and then say "several".
const MAX_TYPING: usize = 4;

/// Bounds what typing costs the sockets of a room.
#[derive(Default)]
pub(super) struct TypingLimit(HashMap<RoomId, (Instant, Vec<UserKey>)>);

impl TypingLimit {
    /// Whether the room is sent that the user types.
    pub(super) fn allows(&mut self, room: &RoomId, user: UserKey, now: Instant) -> bool {
        let is_over = |(since, _): &(Instant, Vec<UserKey>)| now.saturating_duration_since(*since) >= REPORT_INTERVAL;
        if self.0.get(room).is_some_and(is_over) {
            self.0.retain(|_, typing| !is_over(typing));
        }
        let (_, users) = self.0.entry(room.clone()).or_insert_with(|| (now, Vec::new()));
        let is_allowed = users.len() < MAX_TYPING && !users.contains(&user);
        if is_allowed {
            users.push(user);
        }
        is_allowed
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_sent_a_few_names_a_second() {
        let (mut limit, now, lobby) = (TypingLimit::default(), Instant::now(), RoomId::lobby());
        let users: Vec<UserKey> = (0..6).map(|_| UserKey::generate()).collect();
        let mut allowed = |at: Instant| users.iter().filter(|user| limit.allows(&lobby, **user, at)).count();
        assert_eq!(allowed(now), MAX_TYPING);
        assert_eq!(allowed(now + REPORT_INTERVAL / 2), 0);
        assert_eq!(allowed(now + REPORT_INTERVAL), MAX_TYPING);
        assert!(limit.allows(&RoomId::named("other"), users[0], now), "each room by itself");
    }
}
