//! What a page was sent of the rooms in its sidebar.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::Value;

/// natter writes to a page's sidebar once a second. Parts that come closer together than this are of one write.
const APART: Duration = Duration::from_millis(400);

/// The rooms of all sockets, by number: a room's id is kept once.
#[derive(Default)]
pub struct Rooms {
    numbers: HashMap<Vec<u8>, u32>,
    /// Messages that were sent to each, since the last [`Rooms::reset`].
    sent: Vec<u64>,
}

impl Rooms {
    pub fn number(&mut self, id: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = self.sent.len() as u32;
        self.numbers.insert(id.to_owned(), number);
        self.sent.push(0);
        number
    }

    pub fn count(&mut self, room: u32) {
        self.sent[room as usize] += 1;
    }

    pub fn reset(&mut self) {
        self.sent.fill(0);
    }
}

/// The numbers of one room, as a page knows them.
#[derive(Default)]
struct Known {
    rev: u64,
    texts: u64,
    /// `texts` at the last [`Sidebar::reset`].
    before: u64,
}

#[derive(Default)]
pub struct Sidebar {
    rooms: HashMap<u32, Known>,
    written: Option<Instant>,
}

/// What the sidebars of all pages were sent.
#[derive(Default)]
pub struct Totals {
    pub parts: u64,
    pub writes: u64,
    /// Parts before which something is missing: the page would ask for the room's numbers.
    pub gaps: u64,
}

impl Sidebar {
    /// Takes a frame of JSON.
    pub fn take(&mut self, frame: &[u8], rooms: &mut Rooms, totals: &mut Totals) {
        if frame.starts_with(b"{\"news\"") {
            self.take_part(frame, rooms, totals);
        } else if frame.starts_with(b"{\"rooms\"") || frame.starts_with(b"{\"complete\"") {
            let numbers: Value = serde_json::from_slice(frame).unwrap_or_default();
            for room in numbers["rooms"].as_array().into_iter().flatten() {
                let number = rooms.number(room["room"].as_str().unwrap_or_default().as_bytes());
                let known = self.rooms.entry(number).or_default();
                (known.rev, known.texts) =
                    (room["rev"].as_u64().unwrap_or_default(), room["texts"].as_u64().unwrap_or_default());
            }
        }
    }

    fn take_part(&mut self, frame: &[u8], rooms: &mut Rooms, totals: &mut Totals) {
        let now = Instant::now();
        if self.written.is_none_or(|written| now - written > APART) {
            totals.writes += 1;
            self.written = Some(now);
        }
        totals.parts += 1;
        let number = |name: &str| {
            let at = memchr::memmem::find(frame, name.as_bytes())? + name.len();
            let digits = frame[at..].iter().take_while(|byte| byte.is_ascii_digit());
            Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
        };
        let room = memchr::memmem::find(frame, b"\"room\":\"")
            .and_then(|at| frame[at + 8..].split(|byte| *byte == b'"').next());
        let (Some(room), Some(from), Some(to), Some(texts)) =
            (room, number("\"from\":"), number("\"to\":"), number("\"texts\":"))
        else {
            return;
        };
        let Some(known) = self.rooms.get_mut(&rooms.number(room)) else { return };
        totals.gaps += u64::from(from > known.rev);
        if to > known.rev {
            (known.rev, known.texts) = (to, texts);
        }
    }

    pub fn reset(&mut self) {
        self.rooms.values_mut().for_each(|known| known.before = known.texts);
    }

    /// The number of rooms, and of texts that were sent to them and that the page does not know of.
    pub fn missing(&self, rooms: &Rooms) -> (u64, u64) {
        let missing = |(room, known): (&u32, &Known)| {
            let sent = rooms.sent.get(*room as usize).copied().unwrap_or_default();
            (known.before + sent).saturating_sub(known.texts)
        };
        (self.rooms.len() as u64, self.rooms.iter().map(missing).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_no_part_counts_are_missing() {
        let (mut sidebar, mut rooms, mut totals) = (Sidebar::default(), Rooms::default(), Totals::default());
        let mut take = |sidebar: &mut Sidebar, rooms: &mut Rooms, frame: &str| {
            sidebar.take(frame.as_bytes(), rooms, &mut totals);
            (totals.parts, totals.writes, totals.gaps)
        };
        take(&mut sidebar, &mut rooms, r#"{"rooms":[{"room":"a","rev":4,"texts":3},{"room":"b","rev":0,"texts":0}]}"#);
        sidebar.reset();
        let a = rooms.number(b"a");
        (0..2).for_each(|_| rooms.count(a));
        assert_eq!(sidebar.missing(&rooms), (2, 2));
        let part = r#"{"news":{"room":"a","from":4,"to":5,"seq":5,"texts":4,"authors":{"A":1}}}"#;
        assert_eq!(take(&mut sidebar, &mut rooms, part), (1, 1, 0));
        assert_eq!(sidebar.missing(&rooms), (2, 1));
        let part = r#"{"news":{"room":"a","from":6,"to":7,"seq":6,"texts":5}}"#;
        assert_eq!(
            take(&mut sidebar, &mut rooms, part),
            (2, 1, 1),
            "of the same write, with something missing before it"
        );
        assert_eq!(sidebar.missing(&rooms), (2, 0));
    }
}
