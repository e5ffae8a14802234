//! A room's recent entries, and how a cursor reads them.

use std::collections::VecDeque;

use super::{
    cursor::{Batch, Cursor},
    entry::{Entry, Variants},
};
use crate::{
    domain::UserKey,
    net::{Frame, sync::Mutex},
};

/// Bytes after which a frame ends: several messages go out in one write, but no frame occupies a slow connection for
/// long.
const FRAME_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub struct Ring {
    /// The entries, each with the latest `rev` up to and including it.
    entries: VecDeque<(u64, Entry)>,
    /// The position of the first entry.
    start: u64,
    /// The latest `rev` before the first entry.
    base: u64,
    /// The latest `seq` pushed: no entry has a later one, so a new message supersedes nothing.
    latest_seq: u64,
    capacity: usize,
    /// The last frame that was encoded, with its first and end position: a thousand sockets read the same one, one after the other.
    last_frame: Mutex<Option<(u64, u64, Frame)>>,
}

/// What [`Ring::read`] finds at a cursor.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The next entries; the cursor has moved to their end.
    Frame(Frame),
    /// Nothing new.
    End,
    /// The ring has dropped what comes next: read the changes after the cursor's `rev` from the store.
    Lagged,
}

/// The ring has dropped what comes next.
#[derive(Debug, PartialEq, Eq)]
pub struct Lagged;

impl Ring {
    /// An empty ring of a log whose latest `rev` is `head`.
    pub fn new(head: u64, capacity: usize) -> Self {
        Self { entries: VecDeque::new(), start: 0, base: head, latest_seq: 0, capacity, last_frame: Mutex::new(None) }
    }

    /// The position after the last entry.
    pub fn end(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    /// The latest `rev` pushed.
    pub fn head(&self) -> u64 {
        self.entries.back().map_or(self.base, |(rev, _)| *rev)
    }

    /// The fan-out's cursor, at the end: reads what users without a variant see.
    pub fn shared_cursor(&self) -> Cursor {
        let mut cursor = Cursor::new(UserKey(uuid::Uuid::nil()), self.head());
        self.join(&mut cursor);
        cursor
    }

    /// Sets the position of a cursor that has read all changes, so that it finds every notice from here on.
    pub fn join(&self, cursor: &mut Cursor) {
        if cursor.rev >= self.head() {
            cursor.position = Some(self.end());
        }
    }

    pub fn push(&mut self, entry: Entry) {
        let rev = entry.rev.unwrap_or_else(|| self.head());
        debug_assert!(entry.rev.is_none() || rev > self.head(), "changes are pushed in order");
        for seq in entry.parts.iter().filter_map(|part| part.seq) {
            if seq <= self.latest_seq {
                self.supersede(seq);
            }
            self.latest_seq = self.latest_seq.max(seq);
        }
        if self.entries.len() == self.capacity
            && let Some((rev, _)) = self.entries.pop_front()
        {
            self.start += 1;
            self.base = rev;
        }
        self.entries.push_back((rev, entry));
    }

    /// Empties the earlier parts of a message: a cursor that lags must not read a text that has been deleted since.
    fn supersede(&mut self, seq: u64) {
        let parts = self.entries.iter_mut().flat_map(|(_, entry)| &mut entry.parts);
        for part in parts.filter(|part| part.seq == Some(seq)) {
            (part.fragment, part.variants) = (String::new(), Variants::default());
            *self.last_frame.get_mut() = None;
        }
    }

    /// Drops all entries, because they may show users under names that they no longer have. A cursor that lags reads
    /// from the store.
    pub fn clear(&mut self) {
        (self.base, self.start) = (self.head(), self.end());
        self.entries.clear();
        *self.last_frame.get_mut() = None;
    }

    /// Reads on from the cursor.
    pub fn read(&self, cursor: &mut Cursor) -> Found {
        let from = match cursor.position {
            Some(position) if position >= self.start => position,
            // at least notices were dropped: the roster that follows a read from the store shows their result
            Some(_) => return Found::Lagged,
            None if cursor.rev < self.base => return Found::Lagged,
            // a cursor skips the notices from before it joined
            None => self.start + self.entries.partition_point(|(rev, _)| *rev <= cursor.rev) as u64,
        };
        let mut to = from;
        let mut bytes = 0;
        let mut is_shared = true;
        let mut fragments = Vec::new();
        for (rev, entry) in self.entries.range((from - self.start) as usize..) {
            if bytes > FRAME_BYTES {
                break;
            }
            to += 1;
            if entry.rev.is_some_and(|rev| rev <= cursor.rev) {
                is_shared = false; // an entry that the cursor skips, too, makes its frame differ
                continue;
            }
            cursor.rev = *rev;
            for part in &entry.parts {
                let variant = part.variants.of(cursor.user);
                is_shared &= variant.is_none();
                let fragment = variant.unwrap_or(&part.fragment);
                if !fragment.is_empty() {
                    bytes += fragment.len();
                    fragments.push(fragment);
                }
            }
        }
        cursor.position = Some(to);
        match (fragments.is_empty(), is_shared) {
            (true, _) => Found::End,
            (false, true) => Found::Frame(self.shared_frame(from, to, &fragments)),
            (false, false) => Found::Frame(build_frame(&fragments)),
        }
    }

    /// Reads on from the [fan-out's cursor](Ring::shared_cursor). `None` at the end.
    ///
    /// # Errors
    /// [`Lagged`] if the ring has dropped what comes next. The cursor is then at the ring's end.
    pub fn next_batch(&self, cursor: &mut Cursor) -> Result<Option<Batch>, Lagged> {
        let from = cursor.clone();
        match self.read(cursor) {
            Found::End => Ok(None),
            Found::Lagged => {
                *cursor = self.shared_cursor();
                Err(Lagged)
            }
            Found::Frame(frame) => {
                let index = |cursor: &Cursor| cursor.position.unwrap_or(self.start).max(self.start) - self.start;
                let entries = self.entries.range(index(&from) as usize..index(cursor) as usize);
                let parts = entries.flat_map(|(_, entry)| &entry.parts);
                let mut users: Vec<UserKey> = parts.flat_map(|part| part.variants.users()).collect();
                users.sort_unstable();
                users.dedup();
                Ok(Some(Batch { from, to: cursor.clone(), users_with_variant: users, frame }))
            }
        }
    }

    fn shared_frame(&self, from: u64, to: u64, fragments: &[&str]) -> Frame {
        let mut last_frame = self.last_frame.lock();
        if let Some((f, t, frame)) = &*last_frame
            && (*f, *t) == (from, to)
        {
            return frame.clone();
        }
        let frame = build_frame(fragments);
        *last_frame = Some((from, to, frame.clone()));
        frame
    }
}

fn build_frame(fragments: &[&str]) -> Frame {
    Frame::text(fragments.iter().copied())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::room::entry::Part;

    fn change(rev: u64, author: UserKey) -> Entry {
        let variants = Variants::new(vec![(author, format!("{rev}! ").into())]);
        Entry { rev: Some(rev), parts: vec![Part { seq: Some(rev), fragment: format!("{rev} "), variants }] }
    }

    fn part(seq: u64, fragment: &str) -> Part {
        Part { seq: Some(seq), fragment: fragment.to_owned(), variants: Variants::default() }
    }

    fn notice(text: &'static str) -> Entry {
        Entry::notice(text.to_owned())
    }

    fn read_all(ring: &Ring, cursor: &mut Cursor) -> String {
        let mut all = String::new();
        while let Found::Frame(frame) = ring.read(cursor) {
            all.push_str(frame.payload());
        }
        all
    }

    #[test]
    fn a_cursor_reads_what_comes_after_it_and_authors_read_their_variant() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(7, 10);
        ring.push(change(8, ada));
        ring.push(notice("(bob came) "));
        ring.push(change(9, bob));
        assert_eq!(read_all(&ring, &mut Cursor::new(ada, 7)), "8! (bob came) 9 ");
        assert_eq!(read_all(&ring, &mut Cursor::new(bob, 8)), "9! ", "the notice is from before the cursor joined");
        assert_eq!(ring.read(&mut Cursor::new(bob, 9)), Found::End);
        assert_eq!(ring.read(&mut Cursor::new(bob, 6)), Found::Lagged);
    }

    #[test]
    fn an_entry_has_a_variant_for_each_of_several_users() {
        let (ada, bob, cyd) = (UserKey::generate(), UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        let variants = Variants::new(vec![(cyd, "(bob came) ".into()), (bob, "(cyd came) ".into())]);
        ring.push(Entry {
            rev: None,
            parts: vec![Part { seq: None, fragment: "(bob and cyd came) ".into(), variants }],
        });
        let mut shared = Cursor::new(UserKey(uuid::Uuid::nil()), 0);
        let batch = ring.next_batch(&mut shared).unwrap().unwrap();
        assert_eq!(batch.frame.payload(), "1 (bob and cyd came) ");
        for (user, expected) in [(ada, "1! (bob and cyd came) "), (bob, "1 (cyd came) "), (cyd, "1 (bob came) ")] {
            assert!(!Cursor::new(user, 0).precedes(&batch), "this user needs another frame");
            assert_eq!(read_all(&ring, &mut Cursor::new(user, 0)), expected);
        }
        assert!(Cursor::new(UserKey::generate(), 0).precedes(&batch));
    }

    #[test]
    fn a_notice_right_after_joining_is_not_missed() {
        let mut ring = Ring::new(7, 10);
        let mut cursor = Cursor::new(UserKey::generate(), 7);
        ring.push(notice("(before) "));
        ring.join(&mut cursor);
        ring.push(notice("(after) "));
        assert_eq!(read_all(&ring, &mut cursor), "(after) ");
    }

    #[test]
    fn a_cursor_that_lags_does_not_read_deleted_texts() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        ring.push(change(2, ada));
        assert_eq!(read_all(&ring, &mut Cursor::new(bob, 0)), "1 2 ");
        ring.push(Entry { rev: Some(3), parts: vec![part(1, "1 deleted ")] });
        assert_eq!(read_all(&ring, &mut Cursor::new(bob, 0)), "2 1 deleted ");
        let mut live = Cursor::new(bob, 3);
        ring.join(&mut live);
        ring.clear();
        assert_eq!(ring.read(&mut Cursor::new(bob, 0)), Found::Lagged);
        assert_eq!(ring.read(&mut live), Found::End);
        ring.push(change(4, ada));
        assert_eq!(read_all(&ring, &mut live), "4 ");
    }

    #[test]
    fn a_change_of_two_messages_is_read_whole_and_superseded_one_by_one() {
        let bob = UserKey::generate();
        let mut ring = Ring::new(0, 10);
        let large = "x".repeat(FRAME_BYTES + 1);
        ring.push(Entry { rev: Some(1), parts: vec![part(1, &large), part(2, "2 ")] });
        let mut cursor = Cursor::new(bob, 0);
        let Found::Frame(frame) = ring.read(&mut cursor) else { panic!("expected a frame") };
        assert!(frame.payload().ends_with("2 "), "a frame never ends within a change");
        assert_eq!((ring.read(&mut cursor), cursor.rev), (Found::End, 1));
        ring.push(Entry { rev: Some(2), parts: vec![part(1, "1 edited ")] });
        assert_eq!(read_all(&ring, &mut Cursor::new(bob, 0)), "2 1 edited ");
    }

    #[test]
    fn a_cursor_lags_after_the_ring_is_cleared_with_an_unread_notice() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        let mut live = Cursor::new(bob, 1);
        ring.join(&mut live);
        ring.push(notice("(cyd came) "));
        ring.clear();
        assert_eq!(ring.read(&mut live), Found::Lagged, "there was a notice, but no change");
        live.skip_to(1);
        ring.join(&mut live);
        assert_eq!(ring.read(&mut live), Found::End);
    }

    #[test]
    fn cursors_at_the_same_position_share_one_frame() {
        let (ada, bob, cyd) = (UserKey::generate(), UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        ring.push(change(2, ada));
        let (Found::Frame(one), Found::Frame(two)) =
            (ring.read(&mut Cursor::new(bob, 0)), ring.read(&mut Cursor::new(cyd, 0)))
        else {
            panic!("expected two frames")
        };
        assert_eq!(one.payload().as_ptr(), two.payload().as_ptr());
    }

    proptest! {
        /// For any interleaving of changes, notices and reads, a ring of any capacity, and a store for cursors that
        /// lag: every cursor reads every change after its start once, in order.
        #[test]
        fn every_cursor_reads_the_log_once_in_order(
            capacity in 1usize..8,
            starts in prop::collection::vec(0u64..5, 1..4),
            steps in prop::collection::vec(0u8..6, 0..80),
        ) {
            let author = UserKey::generate();
            let mut ring = Ring::new(4, capacity);
            let mut readers: Vec<_> =
                starts.iter().map(|start| (Cursor::new(UserKey::generate(), *start), Vec::<u64>::new())).collect();
            let read = |ring: &Ring, cursor: &mut Cursor, seen: &mut Vec<u64>| match ring.read(cursor) {
                Found::Frame(frame) => {
                    seen.extend(frame.payload().split_whitespace().filter_map(|n| n.parse::<u64>().ok()));
                    true
                }
                Found::Lagged => {
                    // the store returns two changes at a time, as a store with a limit does
                    let upto = ring.head().min(cursor.rev + 2);
                    seen.extend(cursor.rev + 1..=upto);
                    cursor.skip_to(upto);
                    true
                }
                Found::End => false,
            };
            for step in steps {
                match step {
                    0 | 1 => ring.push(change(ring.head() + 1, author)),
                    2 => ring.push(notice("- ")),
                    n => {
                        let len = readers.len();
                        let (cursor, seen) = &mut readers[n as usize % len];
                        read(&ring, cursor, seen);
                    }
                }
            }
            for ((cursor, seen), start) in readers.iter_mut().zip(starts) {
                while read(&ring, cursor, seen) {}
                prop_assert_eq!(&seen[..], (start + 1..=ring.head()).collect::<Vec<_>>());
            }
        }
    }
}
