//! What changes in a room while it is followed: its ring, its signals, the news for the sidebars. [`super::room`] has it
//! under a lock.

use std::time::Instant;

use super::{
    entry::Entry,
    losses::Losses,
    news::{News, Numbers},
    ring::{Lagged, Read, Ring},
    signals::Signals,
};
use crate::{domain::Message, net::Frame};

pub(super) struct Live {
    /// `None` until the head of the log has been read.
    pub ring: Option<Ring>,
    /// How often the ring was cleared: what was read before that may be outdated.
    pub cleared: u64,
    /// The last changes that were read for late readers, by the `rev` that they begin after. Only until the room changes.
    pub late_page: Option<Box<(u64, Read)>>,
    /// The latest `rev` that this process knows to be committed.
    pub target: u64,
    /// As [`Room::is_current`](super::room::Room::is_current).
    pub is_current: bool,
    /// Whether a task reads the changes between the ring's head and the target.
    pub is_filling: bool,
    pub losses: Losses,
    /// As of the ring's head; `None` if they are not known.
    pub numbers: Option<Numbers>,
    /// What the listeners have not been sent yet, since there are any. Boxed, because most rooms have none.
    pub news: Option<Box<News>>,
    /// Whether the sidebars have been notified of the news.
    pub is_news_noted: bool,
    /// Whether the last changes are from a fill that has more to read: a message of before may still be missing.
    pub is_partial: bool,
    /// The entries of sidebars that show the room.
    pub listeners: u32,
    /// Whether changes are rendered and kept: while there are subscriptions, and for some time after the last.
    pub renders: bool,
    /// Boxed, because most rooms have none.
    pub signals: Option<Box<Signals>>,
    /// When the fan-out was last woken.
    pub woken: Option<Instant>,
    /// What the fan-out has not been woken for yet.
    pub unannounced: Unannounced,
    pub subscriptions: usize,
    /// When the last subscription ended, if there is none.
    pub idle_since: Option<Instant>,
}

/// What is in the room and not yet announced to the fan-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unannounced {
    Nothing,
    /// Changes of no text, and signals.
    Quiet,
    Texts,
}

/// A reader's position: in the log, and among the signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub rev: u64,
    pub signals: u64,
}

/// What a shard finds in a room.
pub(super) struct Found {
    pub batch: Result<Option<Batch>, Lagged>,
    /// The `rev` of the room's latest loss of a right.
    pub losses: u64,
}

/// What is new in a room, as one frame.
pub(super) struct Batch {
    pub frame: Frame,
    /// Whether it ends at the ring's head. What is pushed afterwards is announced again, a tick later.
    pub is_last: bool,
}

impl Live {
    pub fn new() -> Self {
        Self {
            ring: None,
            cleared: 0,
            late_page: None,
            target: 0,
            is_current: false,
            is_filling: false,
            losses: Losses::default(),
            numbers: None,
            news: None,
            is_news_noted: false,
            is_partial: false,
            listeners: 0,
            renders: false,
            signals: None,
            woken: None,
            unannounced: Unannounced::Nothing,
            subscriptions: 0,
            idle_since: None,
        }
    }

    pub fn head(&self) -> u64 {
        self.ring.as_ref().map_or(0, Ring::head)
    }

    /// As [`Room::known`](super::room::Room::known).
    pub fn known(&self) -> u64 {
        self.head().max(self.target).max(self.losses.latest())
    }

    /// As [`Ring::clear`].
    pub fn clear(&mut self, head: u64) {
        self.late_page = None;
        if let Some(ring) = &mut self.ring {
            ring.clear(head);
        }
    }

    /// As [`Room::read_batch`](super::room::Room::read_batch).
    pub fn read_batch(&mut self, position: &mut Position) -> Result<Option<Batch>, Lagged> {
        let head = self.head();
        let read = match &mut self.ring {
            // each socket has to be sent its own reactions
            Some(ring) if position.rev < ring.reactions_from() => Err(Lagged),
            Some(ring) => ring.read(position.rev),
            None => Ok(None),
        };
        let read = read.inspect_err(|Lagged| position.rev = head)?;
        let is_last = read.as_ref().is_none_or(|read| read.to == head);
        let mut frames = Vec::new();
        if let Some(Read { to, frame, .. }) = read {
            position.rev = to;
            frames.push(frame);
        }
        if let Some(signals) = &self.signals {
            frames.extend(signals.after(position.signals));
            position.signals = signals.sent;
        }
        Ok((!frames.is_empty()).then(|| Batch { frame: Frame::join(&frames), is_last }))
    }

    /// As [`Room::push`](super::room::Room::push).
    pub fn push(&mut self, entry: Entry, messages: &[Message]) -> bool {
        let Some(ring) = &mut self.ring else { return false };
        let (head, rev) = (ring.head(), entry.rev);
        if rev <= head {
            return false; // it is in the ring already
        }
        self.target = self.target.max(rev);
        self.late_page = None;
        if self.listeners > 0 {
            let news = self.news.get_or_insert_with(|| Box::new(News::new(head, self.numbers)));
            news.add(messages);
            entry.loss.into_iter().for_each(|loss| news.lose(loss));
        }
        self.numbers = Numbers::after(self.numbers, messages, rev);
        // under the same lock as the change: who reads later what follows knows of the loss
        entry.loss.into_iter().for_each(|loss| self.losses.note(rev, loss));
        let kind = if entry.is_text || entry.loss.is_some() { Unannounced::Texts } else { Unannounced::Quiet };
        match self.renders {
            // a ring has all changes or none
            true if entry.parts.is_empty() => ring.clear(rev),
            true => ring.push(entry),
            false => {
                ring.clear(rev);
                return false;
            }
        }
        self.add_unannounced(kind)
    }

    /// The listeners have to read the room's numbers again.
    pub fn lose_news(&mut self) {
        self.numbers = None;
        self.is_partial = false;
        self.news = (self.listeners > 0).then(|| Box::new(News::new(self.head(), None)));
    }

    /// Returns whether everything was announced.
    pub fn add_unannounced(&mut self, kind: Unannounced) -> bool {
        let all_announced = self.unannounced == Unannounced::Nothing;
        self.unannounced = self.unannounced.max(kind);
        all_announced
    }

    pub fn start_fill(&mut self) -> bool {
        let starts = self.ring.is_some() && !self.is_filling && self.head() < self.target;
        self.is_filling |= starts;
        starts
    }
}
