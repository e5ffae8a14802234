//! Signals: the frames outside the log. They are lost when a connection is.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    domain::{RoomId, UserKey},
    net::{Frame, sync::Mutex},
};

/// Signals that a room keeps. Only a socket that has missed more of them loses one.
const MAX_SIGNALS: usize = 256;
/// How long a new name is sent to those who connect. A page that was away for longer shows old names until it is loaded.
const RECENT: Duration = Duration::from_secs(600);

/// A frame outside the log.
#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub frame: Frame,
    /// Whether it is the roster, which replaces the one before.
    pub is_roster: bool,
}

/// The latest signals of a room.
#[derive(Default)]
pub(super) struct Signals {
    /// `None`: a roster that was replaced.
    latest: VecDeque<Option<Signal>>,
    /// How many were ever sent.
    pub sent: u64,
}

impl Signals {
    pub(super) fn push(&mut self, signal: Signal) {
        if signal.is_roster {
            let is_roster = |kept: &&mut Option<Signal>| kept.as_ref().is_some_and(|kept| kept.is_roster);
            self.latest.iter_mut().filter(is_roster).for_each(|replaced| *replaced = None);
        }
        if self.latest.len() == MAX_SIGNALS {
            self.latest.pop_front();
        }
        self.latest.push_back(Some(signal));
        self.sent += 1;
    }

    /// Those that a reader lacks who has had the first `read`.
    pub(super) fn after(&self, read: u64) -> impl Iterator<Item = Frame> {
        let unread = (self.sent - read).min(self.latest.len() as u64) as usize;
        self.latest.iter().skip(self.latest.len() - unread).flatten().map(|signal| signal.frame.clone())
    }
}

/// The latest changes of names, for pages that were disconnected meanwhile.
#[derive(Default)]
pub(super) struct RecentNames(Mutex<VecDeque<(Instant, Frame)>>);

impl RecentNames {
    pub(super) fn push(&self, renamed: Frame, now: Instant) {
        let mut latest = self.0.lock();
        if latest.len() == MAX_SIGNALS {
            latest.pop_front();
        }
        latest.push_back((now, renamed));
    }

    /// Those of the last minutes.
    pub(super) fn recent(&self, now: Instant) -> Vec<Frame> {
        let mut latest = self.0.lock();
        while latest.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > RECENT) {
            latest.pop_front();
        }
        latest.iter().map(|(_, renamed)| renamed.clone()).collect()
    }
}

/// Asks a page to fetch its room anew, because it missed too many changes.
pub(super) fn refetch(room: &RoomId) -> Frame {
    encode(&json!({ "room": room.as_str(), "refetch": true }))
}

/// Users type in the room. It holds for a few seconds.
pub(super) fn typing(room: &RoomId, user: UserKey, name: &str) -> Signal {
    signal(&json!({ "room": room.as_str(), "typing": { "key": user.tag(), "name": name } }))
}

/// A user has a new name, or (`None`) no account any more.
pub(super) fn renamed(user: UserKey, name: Option<&str>) -> Signal {
    signal(&json!({ "renamed": { "key": user.tag(), "name": name } }))
}

fn signal(content: &serde_json::Value) -> Signal {
    Signal { frame: encode(content), is_roster: false }
}

fn encode(content: &serde_json::Value) -> Frame {
    Frame::text(std::iter::once(content.to_string().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_the_signals_that_it_lacks_and_one_roster() {
        let signal = |text: &str, is_roster| Signal { frame: Frame::text(std::iter::once(text)), is_roster };
        let mut signals = Signals::default();
        let after = |signals: &Signals, read| -> String {
            signals.after(read).map(|frame| frame.payload().to_owned()).collect()
        };
        for (text, is_roster) in [("a", false), ("R", true), ("b", false), ("S", true)] {
            signals.push(signal(text, is_roster));
        }
        assert_eq!([0, 1, 3, 4].map(|read| after(&signals, read)), ["abS", "bS", "S", ""]);
        (0..MAX_SIGNALS).for_each(|_| signals.push(signal("c", false)));
        assert_eq!(after(&signals, 0), "c".repeat(MAX_SIGNALS), "the oldest are dropped");
    }
}
