//! A room's recent changes, and how readers read them.

use std::collections::{HashMap, VecDeque};

use super::entry::Entry;
use crate::net::Frame;

/// Bytes after which a frame ends: several messages go out in one write, but no frame occupies a slow connection for
/// long.
const FRAME_BYTES: usize = 64 * 1024;

/// The last changes of a log, in order of their `rev`. Of each message only the latest fragment is kept.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Entry>,
    /// The ring has all that is left to read of the changes after this `rev`.
    base: u64,
    /// The latest `rev` pushed.
    head: u64,
    /// The `rev` of the entry with the latest fragment of each message, by `seq`.
    latest: HashMap<u64, u64>,
    /// The memory of the entries, in bytes.
    bytes: usize,
    capacity: usize,
    /// The last frame that was encoded, by the `rev` that it begins after: readers at the same `rev` read the same one.
    last_read: Option<(u64, Read)>,
}

/// What [`Ring::read`] finds after a `rev`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The `rev` that the frame ends at.
    pub to: u64,
    pub frame: Frame,
}

/// The ring has dropped what comes next: it is to be read from the store.
#[derive(Debug, PartialEq, Eq)]
pub struct Lagged;

impl Ring {
    /// An empty ring of a log whose latest `rev` is `head`. `capacity`: most bytes of its entries.
    pub fn new(head: u64, capacity: usize) -> Self {
        Self { entries: VecDeque::new(), base: head, head, latest: HashMap::new(), bytes: 0, capacity, last_read: None }
    }

    pub fn head(&self) -> u64 {
        self.head
    }

    pub fn base(&self) -> u64 {
        self.base
    }

    /// Whether entries can be prepended without dropping most of them again.
    pub fn has_room(&self) -> bool {
        self.bytes < self.capacity / 2
    }

    /// Adds the next change. Changes up to the head are in the ring already: they are ignored.
    pub fn push(&mut self, entry: Entry) {
        if entry.rev <= self.head {
            return;
        }
        self.head = entry.rev;
        for seq in entry.parts.iter().map(|part| part.seq) {
            if let Some(rev) = self.latest.insert(seq, entry.rev) {
                self.supersede(rev, seq);
            }
        }
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        while self.bytes > self.capacity
            && let Some(first) = self.entries.pop_front()
        {
            self.forget(&first);
            self.base = first.rev;
        }
    }

    /// Adds changes before the first one, in order of their `rev`: all that the store has after `after`, read while the
    /// ring's base was `base`. Keeps what fits.
    pub fn prepend(&mut self, after: u64, base: u64, entries: Vec<Entry>) {
        if self.base != base {
            return; // the ring has dropped more meanwhile, so there would be a gap
        }
        for mut entry in entries.into_iter().rev().skip_while(|entry| entry.rev > base) {
            // a message that has changed since is in the ring in its latest state
            entry.parts.retain(|part| !self.latest.contains_key(&part.seq));
            if entry.parts.is_empty() {
                continue;
            }
            if self.bytes + entry.bytes() > self.capacity {
                self.base = entry.rev;
                return;
            }
            self.bytes += entry.bytes();
            self.latest.extend(entry.parts.iter().map(|part| (part.seq, entry.rev)));
            self.entries.push_front(entry);
        }
        self.base = after;
    }

    /// Drops all entries, because they may show users under names that they no longer have, or because the changes up to
    /// `head` were not read. Readers that lag read from the store.
    pub fn clear(&mut self, head: u64) {
        *self = Self::new(head.max(self.head), self.capacity);
    }

    /// Reads on after `rev`; `None` at the end.
    ///
    /// # Errors
    /// [`Lagged`] if the ring has dropped what comes next.
    pub fn read(&mut self, rev: u64) -> Result<Option<Read>, Lagged> {
        if rev >= self.head {
            return Ok(None);
        }
        if rev < self.base {
            return Err(Lagged);
        }
        if let Some((after, read)) = &self.last_read
            && *after == rev
            && (read.to == self.head || read.frame.bytes().len() > FRAME_BYTES)
        {
            return Ok(Some(read.clone()));
        }
        let first = self.entries.partition_point(|entry| entry.rev <= rev);
        let (mut fragments, mut bytes, mut to) = (Vec::new(), 0, self.head);
        for entry in self.entries.range(first..) {
            if bytes > FRAME_BYTES {
                break;
            }
            to = entry.rev;
            for part in &entry.parts {
                bytes += part.fragment.len();
                fragments.push(part.fragment.as_str());
            }
        }
        let read = Read { to, frame: Frame::text(fragments.into_iter()) };
        self.last_read = Some((rev, read.clone()));
        Ok(Some(read))
    }

    /// Empties the fragment of a message: no reader may get a text that has been deleted since.
    fn supersede(&mut self, rev: u64, seq: u64) {
        let index = self.entries.partition_point(|entry| entry.rev < rev);
        if let Some(part) = self.entries.get_mut(index).and_then(|entry| entry.parts.iter_mut().find(|p| p.seq == seq))
        {
            self.bytes -= part.fragment.len();
            part.fragment = String::new();
            self.last_read = None;
        }
    }

    /// Removes an entry that was dropped from the index.
    fn forget(&mut self, entry: &Entry) {
        self.bytes -= entry.bytes();
        for part in &entry.parts {
            if self.latest.get(&part.seq) == Some(&entry.rev) {
                self.latest.remove(&part.seq);
            }
        }
    }
}
