//! A room that sockets of this process follow: its ring, what is missing in it, and its signals.

use std::time::{Duration, Instant};

use super::{
    entry::Entry,
    ring::{Lagged, Read, Ring},
    signals::{Signal, Signals},
};
use crate::{
    domain::RoomId,
    net::{
        Frame,
        sync::{
            Arc, Mutex,
            atomic::{AtomicU64, Ordering::SeqCst},
        },
    },
};

/// Most bytes of a ring: about a thousand short messages. Sockets further behind read from the store.
const RING_BYTES: usize = 512 * 1024;
/// Shortest time between two wake-ups of the fan-out. All changes of this time go out in one write.
pub(super) const TICK: Duration = Duration::from_millis(10);
/// As [`TICK`], if no text has changed: a message may get a hundred reactions within a second.
const QUIET_TICK: Duration = Duration::from_millis(250);

pub struct Room {
    pub(super) id: RoomId,
    live: Mutex<Live>,
    /// The shards of the fan-out with subscribers in this room: a bit for each.
    pub(super) shards: AtomicU64,
    /// The shards that were notified of news and have not read them yet.
    pub(super) notified: AtomicU64,
    /// One read of late readers at a time: the others wait for it and then find what they need in the ring.
    pub(super) late_read: tokio::sync::Mutex<()>,
}

struct Live {
    /// `None` until the head of the log has been read.
    ring: Option<Ring>,
    /// How often the ring was cleared: what was read before that may be outdated.
    cleared: u64,
    /// The last changes that were read for late readers, by the `rev` that they begin after. Only until the room changes.
    late_page: Option<Box<(u64, Read)>>,
    /// The latest `rev` that this process knows to be committed.
    target: u64,
    /// Whether a task reads the changes between the ring's head and the target.
    is_filling: bool,
    /// Boxed, because most rooms have none.
    signals: Option<Box<Signals>>,
    /// When the fan-out was last woken.
    woken: Option<Instant>,
    /// What the fan-out has not been woken for yet.
    unannounced: Unannounced,
    subscriptions: usize,
    /// When the last subscription ended, if there is none.
    idle_since: Option<Instant>,
}

/// What is in the room and not yet announced to the fan-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unannounced {
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

/// What is new in a room, as one frame.
pub(super) struct Batch {
    pub frame: Frame,
    /// Whether it ends at the ring's head. What is pushed afterwards is announced again, a tick later.
    pub is_last: bool,
}

impl Room {
    pub(super) fn new(id: RoomId) -> Self {
        let live = Live {
            ring: None,
            cleared: 0,
            late_page: None,
            target: 0,
            is_filling: false,
            signals: None,
            woken: None,
            unannounced: Unannounced::Nothing,
            subscriptions: 0,
            idle_since: None,
        };
        Self {
            id,
            live: Mutex::new(live),
            shards: AtomicU64::new(0),
            notified: AtomicU64::new(0),
            late_read: tokio::sync::Mutex::new(()),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.live.lock().ring.is_some()
    }

    /// Sets the head of the log, unless it is set.
    pub(super) fn open(&self, head: u64) {
        self.live.lock().ring.get_or_insert_with(|| Ring::new(head, RING_BYTES));
    }

    /// The latest `rev` in the ring.
    pub(super) fn head(&self) -> u64 {
        self.live.lock().head()
    }

    /// The `rev` after which the ring has all changes.
    pub(super) fn base(&self) -> u64 {
        self.live.lock().ring.as_ref().map_or(0, Ring::base)
    }

    /// Whether `rev` is the next change. It is cheap to ask before a change is rendered.
    pub(super) fn is_next(&self, rev: u64) -> bool {
        let live = self.live.lock();
        live.ring.as_ref().is_some_and(|ring| ring.head() + 1 == rev)
    }

    /// Pushes a change that was committed just now. Returns whether all before it was announced to the fan-out.
    pub(super) fn push(&self, entry: Entry) -> bool {
        self.live.lock().push(entry)
    }

    /// Notes that `rev` is committed. Returns whether to start a fill: changes up to it are missing, and no task reads
    /// them.
    pub(super) fn advance(&self, rev: u64) -> bool {
        let mut live = self.live.lock();
        live.target = live.target.max(rev);
        live.start_fill()
    }

    /// How often the ring was cleared, to be asked before the store is read.
    pub(super) fn cleared(&self) -> u64 {
        self.live.lock().cleared
    }

    /// Pushes changes that were read from the store after the ring's head. Returns whether it did: not if the ring was
    /// cleared since.
    pub(super) fn push_all(&self, cleared: u64, entries: Vec<Entry>) -> bool {
        let mut live = self.live.lock();
        if live.cleared != cleared {
            return false;
        }
        for entry in entries {
            live.push(entry);
        }
        true
    }

    /// Ends the fill if nothing is missing, and returns whether it ended.
    pub(super) fn end_fill(&self) -> bool {
        let mut live = self.live.lock();
        live.is_filling = live.head() < live.target;
        !live.is_filling
    }

    /// Ends the fill although changes are missing, if nobody follows the room, and returns whether it ended. The next
    /// event or subscription starts another.
    pub(super) fn abandon_fill(&self) -> bool {
        let mut live = self.live.lock();
        live.is_filling = live.subscriptions > 0;
        !live.is_filling
    }

    /// Continues at `head` without the changes before it, which are too many.
    pub(super) fn jump(&self, head: u64) {
        let mut live = self.live.lock();
        live.clear(head);
        live.unannounced = Unannounced::Texts;
    }

    /// Drops the ring's entries, because they may show users under names that they no longer have.
    pub(super) fn clear(&self) {
        let mut live = self.live.lock();
        live.cleared += 1;
        live.clear(0);
    }

    /// Whether the ring can take changes from before its base.
    pub(super) fn has_room(&self) -> bool {
        self.live.lock().ring.as_ref().is_some_and(Ring::has_room)
    }

    /// As [`Ring::prepend`]; not if the ring was cleared since.
    pub(super) fn prepend(&self, cleared: u64, after: u64, base: u64, entries: Vec<Entry>) {
        let mut live = self.live.lock();
        if live.cleared == cleared
            && let Some(ring) = &mut live.ring
        {
            ring.prepend(after, base, entries);
        }
    }

    /// Differs after each change of what the room shows.
    pub(super) fn version(&self) -> (u64, u64) {
        let live = self.live.lock();
        (live.head(), live.cleared)
    }

    /// The changes after `rev` that were read for another late reader.
    pub(super) fn late_page(&self, rev: u64) -> Option<Read> {
        self.live.lock().late_page.as_ref().filter(|page| page.0 == rev).map(|page| page.1.clone())
    }

    /// Keeps changes for other late readers, unless the room has changed since [`Room::version`] was `version`.
    pub(super) fn set_late_page(&self, version: (u64, u64), rev: u64, page: Read) {
        let mut live = self.live.lock();
        if (live.head(), live.cleared) == version {
            live.late_page = Some(Box::new((rev, page)));
        }
    }

    /// As [`Ring::read`].
    pub(super) fn read(&self, rev: u64) -> Result<Option<Read>, Lagged> {
        self.live.lock().ring.as_mut().map_or(Ok(None), |ring| ring.read(rev))
    }

    /// What follows `position`, for all subscribers at that position; moves it there. `None` at the end.
    ///
    /// # Errors
    /// [`Lagged`] if the ring has dropped what comes next. The position is then at the end of the ring.
    pub(super) fn read_batch(&self, position: &mut Position) -> Result<Option<Batch>, Lagged> {
        let mut live = self.live.lock();
        let head = live.head();
        let read = live.ring.as_mut().map_or(Ok(None), |ring| ring.read(position.rev));
        let read = read.inspect_err(|Lagged| position.rev = head)?;
        let is_last = read.as_ref().is_none_or(|read| read.to == head);
        let mut frames = Vec::new();
        if let Some(Read { to, frame }) = read {
            position.rev = to;
            frames.push(frame);
        }
        if let Some(signals) = &live.signals {
            frames.extend(signals.after(position.signals));
            position.signals = signals.sent;
        }
        Ok((!frames.is_empty()).then(|| Batch { frame: Frame::join(&frames), is_last }))
    }

    /// The number of signals ever sent.
    pub(super) fn signals_end(&self) -> u64 {
        self.live.lock().signals.as_ref().map_or(0, |signals| signals.sent)
    }

    /// Sends a signal to the subscribers. Returns as [`Room::push`].
    pub(super) fn send(&self, signal: Signal) -> bool {
        let mut live = self.live.lock();
        live.signals.get_or_insert_default().push(signal);
        live.add_unannounced(Unannounced::Quiet)
    }

    /// When the fan-out is to be woken, `now` at the earliest; `None` if it knows everything.
    pub(super) fn wake_due(&self, now: Instant) -> Option<Instant> {
        let live = self.live.lock();
        let tick = match live.unannounced {
            Unannounced::Nothing => return None,
            Unannounced::Quiet => QUIET_TICK,
            Unannounced::Texts => TICK,
        };
        Some(live.woken.map_or(now, |woken| now.max(woken + tick)))
    }

    /// The shards to wake. From here on, new changes are announced again.
    pub(super) fn announce(&self, now: Instant) -> u64 {
        let mut live = self.live.lock();
        live.unannounced = Unannounced::Nothing;
        live.woken = Some(now);
        drop(live);
        let shards = self.shards.load(SeqCst);
        shards & !self.notified.fetch_or(shards, SeqCst)
    }

    pub(super) fn add_subscription(&self) {
        let mut live = self.live.lock();
        live.subscriptions += 1;
        live.idle_since = None;
    }

    pub(super) fn remove_subscription(&self) {
        let mut live = self.live.lock();
        live.subscriptions -= 1;
        if live.subscriptions == 0 {
            live.idle_since = Some(Instant::now());
        }
    }

    /// Since when the room has had no subscription; `None` if it has one.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.live.lock().idle_since
    }
}

impl Live {
    fn head(&self) -> u64 {
        self.ring.as_ref().map_or(0, Ring::head)
    }

    /// As [`Ring::clear`].
    fn clear(&mut self, head: u64) {
        self.late_page = None;
        if let Some(ring) = &mut self.ring {
            ring.clear(head);
        }
    }

    fn push(&mut self, entry: Entry) -> bool {
        let Some(ring) = &mut self.ring else { return false };
        let kind = if entry.is_text { Unannounced::Texts } else { Unannounced::Quiet };
        self.target = self.target.max(entry.rev);
        self.late_page = None;
        ring.push(entry);
        self.add_unannounced(kind)
    }

    /// Returns whether everything was announced.
    fn add_unannounced(&mut self, kind: Unannounced) -> bool {
        let all_announced = self.unannounced == Unannounced::Nothing;
        self.unannounced = self.unannounced.max(kind);
        all_announced
    }

    fn start_fill(&mut self) -> bool {
        let starts = self.ring.is_some() && !self.is_filling && self.head() < self.target;
        self.is_filling |= starts;
        starts
    }
}

/// A room with one more subscription until dropped.
pub(super) struct OpenRoom(pub Arc<Room>);

impl Drop for OpenRoom {
    fn drop(&mut self) {
        self.0.remove_subscription();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_readers_share_a_page_until_the_room_changes() {
        let room = Room::new(RoomId::lobby());
        room.open(5);
        let page = Read { to: 3, frame: Frame::text(std::iter::once("three changes")) };
        let keep = |version| {
            room.set_late_page(version, 0, page.clone());
            (room.late_page(0), room.late_page(1))
        };
        let version = room.version();
        assert_eq!(keep(version), (Some(page.clone()), None));
        room.push(Entry { rev: 6, parts: Vec::new(), is_text: true });
        assert_eq!(room.late_page(0), None);
        assert_eq!(keep(version), (None, None), "it was read before the change");
        assert_eq!(keep(room.version()).0, Some(page.clone()));
        room.clear();
        assert_eq!(room.late_page(0), None);
    }
}
