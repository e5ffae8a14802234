//! A room's recent changes, and how readers read them.

use std::collections::{HashMap, VecDeque};

use super::entry::Entry;
use crate::net::Frame;

/// Bytes after which a frame ends: several messages go out in one write, but no frame occupies a slow connection for
/// long.
pub(super) const FRAME_BYTES: usize = 64 * 1024;

/// The last changes of a log. Of each message only the latest fragment is kept.
#[derive(Debug)]
pub struct Ring {
    /// The ring has all that is left to read of the changes after this `rev`.
    base: u64,
    /// The latest `rev` pushed.
    head: u64,
    /// Of all changes after this `rev` it is known who gave or took back which reaction.
    reactions_from: u64,
    /// Whether messages with reactions may have been changed before that, and again since: their entries are later ones.
    are_later_reactions_unknown: bool,
    /// Most bytes of the entries.
    capacity: usize,
    /// Boxed, because most rooms are quiet.
    recent: Option<Box<Recent>>,
}

#[derive(Debug, Default)]
struct Recent {
    /// In order of their `rev`.
    entries: VecDeque<Entry>,
    /// The `rev` of the entry with the latest fragment of each message, by `seq`.
    latest: HashMap<u64, u64>,
    /// The memory of the entries, in bytes.
    bytes: usize,
    /// The last frame that was encoded, by the `rev` that it begins after: readers at the same `rev` read the same one.
    last_read: Option<(u64, Read)>,
}

/// What [`Ring::read`] finds after a `rev`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The `rev` that the frame ends at.
    pub to: u64,
    pub frame: Frame,
    /// Whether a message that changed after the `rev` has reactions, also if it comes with a later frame.
    pub has_reactions: bool,
}

/// The ring has dropped what comes next: it is to be read from the store.
#[derive(Debug, PartialEq, Eq)]
pub struct Lagged;

impl Ring {
    /// An empty ring of a log whose latest `rev` is `head`. `capacity`: most bytes of its entries.
    pub fn new(head: u64, capacity: usize) -> Self {
        let are_later_reactions_unknown = false;
        Self { base: head, head, reactions_from: head, are_later_reactions_unknown, capacity, recent: None }
    }

    pub fn head(&self) -> u64 {
        self.head
    }

    pub fn base(&self) -> u64 {
        self.base
    }

    /// A reader from before this `rev` has to be sent its own reactions.
    pub fn reactions_from(&self) -> u64 {
        self.reactions_from.max(self.base)
    }

    /// Whether entries can be prepended without dropping most of them again.
    pub fn has_room(&self) -> bool {
        self.recent.as_ref().is_none_or(|recent| recent.bytes < self.capacity / 2)
    }

    /// Adds the next change. Changes up to the head are in the ring already: they are ignored.
    pub fn push(&mut self, entry: Entry) {
        if entry.rev <= self.head {
            return;
        }
        // the changes between are of messages that have changed again since
        let is_gap = entry.rev > self.head + 1;
        self.head = entry.rev;
        if entry.reacted.is_none() && (is_gap || entry.has_reactions) {
            self.reactions_from = entry.rev;
            self.are_later_reactions_unknown |= is_gap;
        }
        let recent = self.recent.get_or_insert_default();
        for seq in entry.parts.iter().map(|part| part.seq) {
            if let Some(rev) = recent.latest.insert(seq, entry.rev) {
                recent.supersede(rev, seq);
            }
        }
        recent.bytes += entry.bytes();
        recent.entries.push_back(entry);
        while recent.bytes > self.capacity
            && let Some(first) = recent.entries.pop_front()
        {
            recent.forget(&first);
            self.base = first.rev;
        }
    }

    /// Adds changes before the first one, in order of their `rev`: what the store has after `after`, read while the ring's
    /// base was `base`; all of it, or up to the base at least (`has_more`). Keeps what fits.
    pub fn prepend(&mut self, after: u64, base: u64, entries: Vec<Entry>, has_more: bool) {
        if self.base != base {
            return; // the ring has dropped more meanwhile, so there would be a gap
        }
        let is_later = |entry: &Entry| entry.rev > base && entry.has_reactions;
        self.are_later_reactions_unknown |= has_more || entries.iter().any(is_later);
        let recent = self.recent.get_or_insert_default();
        for mut entry in entries.into_iter().rev().skip_while(|entry| entry.rev > base) {
            // a message that has changed since is in the ring in its latest state
            entry.parts.retain(|part| !recent.latest.contains_key(&part.seq));
            if entry.parts.is_empty() {
                continue;
            }
            if recent.bytes + entry.bytes() > self.capacity {
                self.base = entry.rev;
                return;
            }
            recent.bytes += entry.bytes();
            recent.latest.extend(entry.parts.iter().map(|part| (part.seq, entry.rev)));
            recent.entries.push_front(entry);
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
        let recent = self.recent.get_or_insert_default();
        if let Some((after, read)) = &recent.last_read
            && *after == rev
            && (read.to == self.head || read.frame.bytes().len() > FRAME_BYTES)
        {
            return Ok(Some(read.clone()));
        }
        let first = recent.entries.partition_point(|entry| entry.rev <= rev);
        let has_reactions = (self.are_later_reactions_unknown && rev < self.reactions_from)
            || recent.entries.range(first..).any(|entry| entry.has_reactions);
        let (mut fragments, mut bytes, mut to) = (Vec::new(), 0, self.head);
        for entry in recent.entries.range(first..) {
            if bytes > FRAME_BYTES {
                break;
            }
            to = entry.rev;
            for fragment in entry.fragments() {
                bytes += fragment.len();
                fragments.push(fragment);
            }
        }
        let read = Read { to, frame: Frame::text(fragments.into_iter()), has_reactions };
        recent.last_read = Some((rev, read.clone()));
        Ok(Some(read))
    }
}

impl Recent {
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

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
