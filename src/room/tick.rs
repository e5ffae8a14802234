//! What happened in all rooms between two ticks of the sidebars.

use super::{news::Part, presence::Presence, room::Room};
use crate::{
    domain::UserKey,
    net::{Frame, sync::Arc},
};

/// What the sidebars are to show.
pub(super) enum Update {
    /// The room has news.
    News(Arc<Room>),
    Presence(Vec<(UserKey, Presence)>),
}

/// What happened in all rooms since the tick before.
pub(super) struct Tick {
    pub number: u32,
    parts: Vec<(Arc<Room>, Part)>,
    /// By the index of a room: the number of its part, from 1; 0 for none.
    part_of_room: Vec<u32>,
    pub presence: Option<Frame>,
}

impl Tick {
    pub fn new(number: u32, parts: Vec<(Arc<Room>, Part)>, presence: Option<Frame>) -> Self {
        let rooms = parts.iter().map(|(room, _)| room.index as usize + 1).max().unwrap_or_default();
        let mut part_of_room = vec![0; rooms];
        for (number, (room, _)) in (1..).zip(&parts) {
            part_of_room[room.index as usize] = number;
        }
        Self { number, parts, part_of_room, presence }
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.presence.is_none()
    }

    /// The room with this index, and what happened there.
    pub fn part(&self, room: u32) -> Option<&(Arc<Room>, Part)> {
        let number = self.part_of_room.get(room as usize)?.checked_sub(1)?;
        self.parts.get(number as usize)
    }
}
