//! A room's recent changes as rendered bytes, and cursors into them.
//!
//! A position counts all entries ever pushed, a `rev` only changes of the log: notices have a place in
//! the ring and none in the log. A cursor knows both. Its position is where it reads on; its `rev` is what
//! it falls back to, when the ring has passed it, to read from the store and to find its way back in.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::entry::{Entry, Variants};
use crate::{domain::UserKey, net::Frame};

/// Most bytes put into one frame: several messages in one write, but no frame that keeps a slow
/// line busy for long.
const FRAME: usize = 64 * 1024;

#[derive(Debug)]
pub struct Ring {
    /// Entries with the latest `rev` up to and including each.
    entries: VecDeque<(u64, Entry)>,
    /// Position of the first entry kept.
    start: u64,
    /// The latest `rev` before the first entry kept.
    base: u64,
    capacity: usize,
    /// The last frame made, with its positions: a thousand sockets ask for the same one in turn.
    last_frame: Mutex<Option<(u64, u64, Frame)>>,
}

/// A cursor.
#[derive(Debug, Clone)]
pub struct Cursor {
    me: UserKey,
    /// The latest change read.
    rev: u64,
    /// Where to read on; unknown at first and after reading from the store.
    position: Option<u64>,
}

impl Cursor {
    pub fn new(me: UserKey, rev: u64) -> Self {
        Self { me, rev, position: None }
    }

    /// Nobody's cursor, at the end of `ring`: sees what everybody sees who wrote none of it.
    pub fn shared(ring: &Ring) -> Self {
        let mut cursor = Self::new(UserKey(uuid::Uuid::nil()), ring.head());
        ring.join(&mut cursor);
        cursor
    }

    /// Whether `batch` is what comes next, in the fragment that most see.
    pub fn precedes(&self, batch: &Batch) -> bool {
        self.position == batch.from.position && self.rev == batch.from.rev && batch.own.binary_search(&self.me).is_err()
    }

    /// Moves behind `batch`.
    pub fn pass(&mut self, batch: &Batch) {
        (self.position, self.rev) = (batch.to.position, batch.to.rev);
    }

    pub fn me(&self) -> UserKey {
        self.me
    }

    pub fn rev(&self) -> u64 {
        self.rev
    }

    /// Notes that changes up to `rev` were read from elsewhere.
    pub fn skip_to(&mut self, rev: u64) {
        self.rev = rev;
        self.position = None;
    }
}

/// Some entries as most see them, in a frame that is made once for all who are at the same place.
#[derive(Debug)]
pub struct Batch {
    from: Cursor,
    to: Cursor,
    /// Who has a fragment of their own in it, and needs another frame. Sorted.
    own: Vec<UserKey>,
    pub frame: Frame,
}

/// What a cursor finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The next bytes; the cursor has moved behind them.
    Frame(Frame),
    /// Nothing new.
    End,
    /// The ring has passed the cursor: read changes after its `rev` from the store.
    Lagged,
}

/// The ring no longer has what comes next.
#[derive(Debug, PartialEq, Eq)]
pub struct Lagged;

impl Ring {
    /// An empty ring of a log whose latest change is `head`.
    pub fn new(head: u64, capacity: usize) -> Self {
        Self { entries: VecDeque::new(), start: 0, base: head, capacity, last_frame: Mutex::new(None) }
    }

    /// The position behind the last entry.
    pub fn end(&self) -> u64 {
        self.start + self.entries.len() as u64
    }

    /// The latest change pushed.
    pub fn head(&self) -> u64 {
        self.entries.back().map_or(self.base, |(rev, _)| *rev)
    }

    /// Notes where the ring ends for a cursor that is there, so that it finds every notice from here on.
    pub fn join(&self, cursor: &mut Cursor) {
        if cursor.rev >= self.head() {
            cursor.position = Some(self.end());
        }
    }

    pub fn push(&mut self, entry: Entry) {
        let rev = entry.rev.unwrap_or_else(|| self.head());
        debug_assert!(entry.rev.is_none() || rev > self.head(), "changes are pushed in order");
        if entry.seq.is_some() {
            self.supersede(entry.seq);
        }
        if self.entries.len() == self.capacity
            && let Some((rev, _)) = self.entries.pop_front()
        {
            self.start += 1;
            self.base = rev;
        }
        self.entries.push_back((rev, entry));
    }

    /// Blanks earlier states of a message: who is late must not be sent what was deleted meanwhile.
    fn supersede(&mut self, seq: Option<u64>) {
        for (_, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.seq == seq) {
            (entry.fragment, entry.variants) = (String::new(), Variants::default());
            *self.last_frame.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Drops what is rendered, as it may show people under names they no longer have. Whoever is late reads
    /// from the store.
    pub fn clear(&mut self) {
        (self.base, self.start) = (self.head(), self.end());
        self.entries.clear();
    }

    /// Reads on from the cursor.
    pub fn read(&self, cursor: &mut Cursor) -> Found {
        let from = match cursor.position {
            Some(position) if position >= self.start => position,
            // notices, if nothing else: what they came to is shown with what is read from the store
            Some(_) => return Found::Lagged,
            None if cursor.rev < self.base => return Found::Lagged,
            // notices from before a reader came are not for them
            None => self.start + self.entries.partition_point(|(rev, _)| *rev <= cursor.rev) as u64,
        };
        let mut to = from;
        let mut bytes = 0;
        let mut own = false;
        let mut fragments = Vec::new();
        for (rev, entry) in self.entries.range((from - self.start) as usize..) {
            if bytes > FRAME {
                break;
            }
            to += 1;
            if entry.rev.is_some_and(|rev| rev <= cursor.rev) {
                own = true; // an entry left out makes a frame of one's own, too
                continue;
            }
            cursor.rev = *rev;
            let mine = entry.variants.of(cursor.me);
            own |= mine.is_some();
            let fragment = mine.unwrap_or(&entry.fragment);
            if !fragment.is_empty() {
                bytes += fragment.len();
                fragments.push(fragment);
            }
        }
        cursor.position = Some(to);
        match (fragments.is_empty(), own) {
            (true, _) => Found::End,
            (false, true) => Found::Frame(build_frame(&fragments)),
            (false, false) => Found::Frame(self.shared_frame(from, to, &fragments)),
        }
    }

    /// Reads on from a [cursor of all](Cursor::shared). `None` at the end.
    ///
    /// # Errors
    /// [`Lagged`] where the ring has passed the cursor, which now stands at its end.
    pub fn next_batch(&self, all: &mut Cursor) -> Result<Option<Batch>, Lagged> {
        let from = all.clone();
        match self.read(all) {
            Found::End => Ok(None),
            Found::Lagged => {
                *all = Cursor::shared(self);
                Err(Lagged)
            }
            Found::Frame(frame) => {
                let index = |cursor: &Cursor| cursor.position.unwrap_or(self.start).max(self.start) - self.start;
                let entries = self.entries.range(index(&from) as usize..index(all) as usize);
                let mut own: Vec<UserKey> = entries.flat_map(|(_, entry)| entry.variants.users()).collect();
                own.sort_unstable();
                own.dedup();
                Ok(Some(Batch { from, to: all.clone(), own, frame }))
            }
        }
    }

    fn shared_frame(&self, from: u64, to: u64, fragments: &[&str]) -> Frame {
        let mut last_frame = self.last_frame.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn change(rev: u64, author: UserKey) -> Entry {
        let own = Variants::new(vec![(author, format!("{rev}! ").into())]);
        Entry { rev: Some(rev), seq: Some(rev), fragment: format!("{rev} "), variants: own }
    }

    fn notice(text: &'static str) -> Entry {
        Entry { rev: None, seq: None, fragment: text.to_owned(), variants: Variants::default() }
    }

    fn read_all(ring: &Ring, cursor: &mut Cursor) -> String {
        let mut all = String::new();
        while let Found::Frame(frame) = ring.read(cursor) {
            all.push_str(frame.payload());
        }
        all
    }

    #[test]
    fn a_reader_sees_what_comes_after_it_and_authors_see_their_own_face() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(7, 10);
        ring.push(change(8, ada));
        ring.push(notice("(bob came) "));
        ring.push(change(9, bob));
        assert_eq!(read_all(&ring, &mut Cursor::new(ada, 7)), "8! (bob came) 9 ");
        assert_eq!(read_all(&ring, &mut Cursor::new(bob, 8)), "9! ", "the notice was before its time");
        assert_eq!(ring.read(&mut Cursor::new(bob, 9)), Found::End);
        assert_eq!(ring.read(&mut Cursor::new(bob, 6)), Found::Lagged);
    }

    #[test]
    fn an_entry_has_a_face_for_each_of_several() {
        let (ada, bob, cyd) = (UserKey::generate(), UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        let own = Variants::new(vec![(cyd, "(bob came) ".into()), (bob, "(cyd came) ".into())]);
        ring.push(Entry { variants: own, ..notice("(bob and cyd came) ") });
        let mut all = Cursor::new(UserKey(uuid::Uuid::nil()), 0);
        let batch = ring.next_batch(&mut all).unwrap().unwrap();
        assert_eq!(batch.frame.payload(), "1 (bob and cyd came) ");
        for (user, expected) in [(ada, "1! (bob and cyd came) "), (bob, "1 (cyd came) "), (cyd, "1 (bob came) ")] {
            assert!(!Cursor::new(user, 0).precedes(&batch), "a frame of one's own");
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
    fn who_is_late_is_not_sent_what_was_deleted() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        ring.push(change(2, ada));
        assert_eq!(read_all(&ring, &mut Cursor::new(bob, 0)), "1 2 ");
        ring.push(Entry { rev: Some(3), seq: Some(1), fragment: "1 deleted ".into(), variants: Variants::default() });
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
    fn what_is_forgotten_before_it_was_read_is_not_missed() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        let mut live = Cursor::new(bob, 1);
        ring.join(&mut live);
        ring.push(notice("(cyd came) "));
        ring.clear();
        assert_eq!(ring.read(&mut live), Found::Lagged, "there was a notice, though no change");
        live.skip_to(1);
        ring.join(&mut live);
        assert_eq!(ring.read(&mut live), Found::End);
    }

    #[test]
    fn one_gathered_frame_is_shared() {
        let (ada, bob, cyd) = (UserKey::generate(), UserKey::generate(), UserKey::generate());
        let mut ring = Ring::new(0, 10);
        ring.push(change(1, ada));
        ring.push(change(2, ada));
        let (Found::Frame(one), Found::Frame(two)) =
            (ring.read(&mut Cursor::new(bob, 0)), ring.read(&mut Cursor::new(cyd, 0)))
        else {
            panic!("two frames")
        };
        assert_eq!(one.payload().as_ptr(), two.payload().as_ptr());
    }

    proptest! {
        /// Any interleaving of changes, notices and reads, through a ring of any size, with a store to fall
        /// back on: every reader reads every change after its start once, in order.
        #[test]
        fn every_reader_reads_the_log(
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
                    // the store: two changes at a time, as a store with a limit would give them
                    let upto = ring.head().min(cursor.rev() + 2);
                    seen.extend(cursor.rev() + 1..=upto);
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
