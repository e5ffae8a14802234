//! What a member keeps of a room for themselves: how far they have read, and what they want to be notified of.

use serde::{Deserialize, Serialize};

use super::RoomKind;

/// What a room notifies a member of, and whether it is in the member's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every message.
    Everything,
    /// Mentions only.
    Mentions,
    Nothing,
    /// As [`Level::Nothing`], and the room is not in the list. A direct room is there while it has unread messages.
    Hidden,
}
super::room::stored_names!(Level {
    Everything = "everything",
    Mentions = "mentions",
    Nothing = "nothing",
    Hidden = "hidden",
});

impl Level {
    /// The level of a new member.
    pub fn default_in(kind: RoomKind) -> Self {
        match kind {
            RoomKind::Direct => Self::Everything,
            RoomKind::Open | RoomKind::Closed => Self::Mentions,
        }
    }

    /// Whether the room notifies of nothing.
    pub fn is_muted(self) -> bool {
        matches!(self, Self::Nothing | Self::Hidden)
    }

    /// The level that the button "mute" sets: nothing, or again that of a new member.
    pub fn toggled(self, kind: RoomKind) -> Self {
        if self.is_muted() { Self::default_in(kind) } else { Self::Nothing }
    }
}

/// How far a member has read a room. The texts of others after `seq` that are not deleted are unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadMark {
    pub seq: u64,
    /// Raised each time that the member marks messages as unread.
    pub version: u64,
}

/// A change of a read mark. `version` is that of the mark which the reader knows; without one, the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The messages up to `seq` are read.
    Read { seq: u64, version: Option<u64> },
    /// The messages after `seq` are unread again.
    Unread { seq: u64, version: Option<u64> },
}

impl ReadMark {
    /// The bits of a version that are counted within a membership. A number of JavaScript has 33 more.
    pub const VERSION_BITS: u32 = 20;

    /// The mark of a new membership, which the change `rev` began. A reader that knows an earlier membership has an older
    /// version, however often the member marked messages as unread.
    pub fn of_new(seq: u64, rev: u64) -> Self {
        Self { seq, version: rev << Self::VERSION_BITS }
    }

    /// The mark after `reading`, in a room whose last message is `last_seq`. Reading only moves it forward. A reader
    /// that knows an older version does not change it: what it has shown as read was marked as unread since.
    pub fn apply(self, reading: Reading, last_seq: u64) -> Self {
        match reading {
            Reading::Read { version: Some(version), .. } | Reading::Unread { version: Some(version), .. }
                if version < self.version =>
            {
                self
            }
            Reading::Read { seq, .. } => Self { seq: self.seq.max(seq.min(last_seq)), ..self },
            // also if the mark stays: what other pages have not reported yet must not move it over these messages
            Reading::Unread { seq, .. } => Self { seq: self.seq.min(seq), version: self.version + 1 },
        }
    }

    /// The mark after the member posted the message `seq`: it was read up to the message before, or it stays.
    pub fn after_own_post(self, seq: u64) -> Self {
        if self.seq + 1 == seq { Self { seq, ..self } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn muting_twice_restores_the_level_of_a_new_member() {
        for kind in [RoomKind::Open, RoomKind::Closed, RoomKind::Direct] {
            let level = Level::default_in(kind);
            assert!(!level.is_muted() && level.toggled(kind).is_muted());
            assert_eq!(level.toggled(kind).toggled(kind), level);
            assert_eq!(Level::Hidden.toggled(kind), level);
        }
    }

    #[test]
    fn the_versions_of_a_later_membership_are_newer() {
        let mut mark = ReadMark::of_new(4, 2);
        for _ in 0..1000 {
            mark = mark.apply(Reading::Unread { seq: 4, version: None }, 4);
        }
        assert!(mark.version < ReadMark::of_new(4, 3).version);
    }

    #[test]
    fn reading_moves_a_mark_forward_only() {
        let mark = ReadMark { seq: 5, version: 2 };
        let read = |seq, version| mark.apply(Reading::Read { seq, version }, 9);
        assert_eq!([3, 5, 8, 9, 12].map(|seq| read(seq, None).seq), [5, 5, 8, 9, 9]);
        assert_eq!([Some(1), Some(2), Some(3)].map(|version| read(8, version).seq), [5, 8, 8]);
        assert_eq!(read(8, None).version, 2);
    }

    #[test]
    fn marking_as_unread_raises_the_version() {
        let mark = ReadMark { seq: 5, version: 2 };
        let unread = |seq, version| mark.apply(Reading::Unread { seq, version }, 9);
        assert_eq!(unread(3, None), ReadMark { seq: 3, version: 3 });
        assert_eq!(unread(7, None), ReadMark { seq: 5, version: 3 });
        assert_eq!([Some(1), Some(2)].map(|version| unread(3, version)), [mark, ReadMark { seq: 3, version: 3 }]);
    }

    #[test]
    fn ones_own_post_moves_a_mark_that_is_right_before_it() {
        let mark = ReadMark { seq: 5, version: 2 };
        assert_eq!(mark.after_own_post(6), ReadMark { seq: 6, version: 2 });
        assert_eq!(mark.after_own_post(7), mark);
    }
}
