//! A room that sockets of this process follow: its ring, what is missing in it, and its signals.

use std::time::{Duration, Instant};

use super::{
    entry::Entry,
    live::{Found, Live, Position, Unannounced},
    losses::Loss,
    news::{Numbers, Part},
    ring::{Lagged, Read, Ring},
    signals::Signal,
};
use crate::{
    domain::{Message, RoomId, UserKey},
    net::sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
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
    /// Its place in the list of open rooms.
    pub(super) index: u32,
    /// The latest tick of the sidebars that had news of the room.
    pub(super) news_tick: AtomicU32,
    live: Mutex<Live>,
    /// The shards of the fan-out with subscribers in this room: a bit for each.
    pub(super) shards: AtomicU64,
    /// The shards that were notified of news and have not read them yet.
    pub(super) notified: AtomicU64,
    /// One read of late readers at a time: the others wait for it and then find what they need in the ring.
    pub(super) late_read: tokio::sync::Mutex<()>,
}

/// The changes of a room are being read, and only some of them are there.
pub(super) struct Unfinished;

impl Room {
    pub(super) fn new(id: RoomId, index: u32) -> Self {
        Self {
            id,
            index,
            news_tick: AtomicU32::new(0),
            live: Mutex::new(Live::new()),
            shards: AtomicU64::new(0),
            notified: AtomicU64::new(0),
            late_read: tokio::sync::Mutex::new(()),
        }
    }

    /// Whether the head of the log was read since the room was added. Else changes may be missing for which no event comes.
    pub(super) fn is_current(&self) -> bool {
        self.live.lock().is_current
    }

    /// Begins the ring at this head of the log, unless it has begun: rights that were verified before may have been lost
    /// up to it. `is_current`: the head was read since the room was added.
    pub(super) fn open(&self, head: u64, is_current: bool) {
        let mut live = self.live.lock();
        if live.ring.is_none() {
            live.ring = Some(Ring::new(head, RING_BYTES));
            live.losses.note(head, Loss::Everybody);
        }
        live.target = live.target.max(head);
        live.is_current |= is_current;
    }

    /// The latest `rev` that this process knows to be committed. A right that is read from the store afterwards is
    /// verified up to here.
    pub(super) fn known(&self) -> u64 {
        self.live.lock().known()
    }

    /// Whether the user may have lost the right to read the room after the `rev` up to which it is verified. To be asked
    /// after the room was read, and before what was read is sent.
    pub(super) fn is_lost(&self, user: UserKey, verified: u64) -> bool {
        self.live.lock().losses.concern(user, verified)
    }

    /// The `rev` of the latest loss.
    pub(super) fn losses(&self) -> u64 {
        self.live.lock().losses.latest()
    }

    /// Notes the losses of changes that are read from the store past the ring.
    pub(super) fn note_losses(&self, losses: impl Iterator<Item = (u64, Loss)>) {
        let mut live = self.live.lock();
        losses.for_each(|(rev, loss)| live.losses.note(rev, loss));
    }

    /// The room does not exist any more. Everybody's right is to be verified again: the loss is noted under the number after
    /// all known ones, although no change has it.
    pub(super) fn vanish(&self) {
        let mut live = self.live.lock();
        live.lose_news();
        let rev = live.known() + 1;
        live.losses.note(rev, Loss::Everybody);
        live.unannounced = Unannounced::Texts;
    }

    /// The latest `rev` in the ring.
    pub(super) fn head(&self) -> u64 {
        self.live.lock().head()
    }

    /// The `rev` after which the ring has all changes.
    pub(super) fn base(&self) -> u64 {
        self.live.lock().ring.as_ref().map_or(0, Ring::base)
    }

    /// As [`Ring::reactions_from`].
    pub(super) fn reactions_from(&self) -> u64 {
        self.live.lock().ring.as_ref().map_or(0, Ring::reactions_from)
    }

    /// Whether `rev` is the next change. It is cheap to ask before a change is rendered.
    pub(super) fn is_next(&self, rev: u64) -> bool {
        let live = self.live.lock();
        live.ring.as_ref().is_some_and(|ring| ring.head() + 1 == rev)
    }

    /// Whether changes are to be rendered.
    pub(super) fn renders(&self) -> bool {
        self.live.lock().renders
    }

    /// Pushes a change of these messages that was committed just now. Returns whether all before it was announced to the
    /// fan-out.
    pub(super) fn push(&self, entry: Entry, messages: &[Message]) -> bool {
        self.live.lock().push(entry, messages)
    }

    /// Notes that `rev` is committed, without starting a fill. Returns whether nothing was missing before.
    pub(super) fn note_target(&self, rev: u64) -> bool {
        let mut live = self.live.lock();
        let is_first = live.head() >= live.target && rev > live.head();
        live.target = live.target.max(rev);
        is_first
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

    /// Pushes changes that were read from the store after the ring's head. `has_more`: they are not all. Returns whether
    /// it did: not if the ring was cleared since.
    pub(super) fn push_all(&self, cleared: u64, changes: Vec<(Entry, &[Message])>, has_more: bool) -> bool {
        let mut live = self.live.lock();
        if live.cleared != cleared {
            return false;
        }
        for (entry, messages) in changes {
            live.push(entry, messages);
        }
        live.is_partial = has_more;
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
        live.is_filling = live.subscriptions > 0 || live.listeners > 0;
        !live.is_filling
    }

    /// Continues at `head` without the changes before it, which are too many.
    pub(super) fn jump(&self, head: u64) {
        let mut live = self.live.lock();
        live.clear(head);
        live.lose_news();
        live.losses.note(head, Loss::Everybody); // one of them may be among these changes
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
    pub(super) fn prepend(&self, cleared: u64, after: u64, base: u64, entries: Vec<Entry>, has_more: bool) {
        let mut live = self.live.lock();
        if live.cleared == cleared
            && let Some(ring) = &mut live.ring
        {
            ring.prepend(after, base, entries, has_more);
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

    /// What follows `position`, for all subscribers at that position; moves it there. The batch is `None` at the end, and
    /// [`Lagged`] if the ring has dropped what comes next. The position is then at the end of the ring.
    pub(super) fn read_batch(&self, position: &mut Position) -> Found {
        let mut live = self.live.lock();
        Found { batch: live.read_batch(position), losses: live.losses.latest() }
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

    fn add_subscription(&self) {
        let mut live = self.live.lock();
        live.subscriptions += 1;
        live.renders = true;
        live.idle_since = None;
    }

    fn remove_subscription(&self) {
        let mut live = self.live.lock();
        live.subscriptions -= 1;
        if live.subscriptions == 0 {
            live.idle_since = Some(Instant::now());
        }
    }

    /// Whether the room has had neither subscription nor listener for `time`. Without subscriptions alone, it drops its
    /// entries.
    pub(super) fn rest(&self, now: Instant, time: Duration) -> bool {
        let mut live = self.live.lock();
        let is_idle = live.idle_since.is_some_and(|since| now.saturating_duration_since(since) >= time);
        if is_idle && live.renders && live.listeners > 0 {
            live.renders = false;
            live.clear(0);
        }
        is_idle && live.listeners == 0
    }

    /// Counts an entry of a sidebar that was read as of the `rev` `read`, with these numbers. Returns whether it gets all
    /// that comes after that; else the numbers are to be read again.
    pub(super) fn add_listener(&self, read: u64, numbers: Numbers) -> bool {
        let mut live = self.live.lock();
        live.listeners += 1;
        let head = live.head();
        if read == head && !live.is_partial && live.news.is_none() {
            live.numbers.get_or_insert(numbers);
        }
        live.news.as_ref().map_or(head, |news| news.from) <= read
    }

    pub(super) fn remove_listener(&self) {
        let mut live = self.live.lock();
        live.listeners -= 1;
        if live.listeners == 0 {
            live.news = None;
            if live.subscriptions == 0 {
                live.idle_since.get_or_insert_with(Instant::now);
            }
        }
    }

    /// Whether there is news that the sidebars have not been notified of; they are from now on.
    pub(super) fn note_news(&self) -> bool {
        let mut live = self.live.lock();
        live.news.is_some() && !std::mem::replace(&mut live.is_news_noted, true)
    }

    /// The news of the `tick`, if there is any.
    ///
    /// # Errors
    /// [`Unfinished`] if a fill has to be waited for.
    pub(super) fn take_news(&self, tick: u32) -> Result<Option<Part>, Unfinished> {
        let mut live = self.live.lock();
        if live.is_partial && live.news.is_some() {
            return Err(Unfinished);
        }
        live.is_news_noted = false;
        Ok(live.news.take().map(|news| {
            self.news_tick.store(tick, SeqCst);
            news.into_part(&self.id, live.head(), live.numbers.unwrap_or_default())
        }))
    }
}

/// A room with one more subscription until dropped.
pub(super) struct OpenRoom(pub Arc<Room>);

impl OpenRoom {
    pub(super) fn new(room: Arc<Room>) -> Self {
        room.add_subscription();
        Self(room)
    }
}

impl Drop for OpenRoom {
    fn drop(&mut self) {
        self.0.remove_subscription();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Frame;

    #[test]
    fn late_readers_share_a_page_until_the_room_changes() {
        let room = Room::new(RoomId::lobby(), 0);
        room.open(5, true);
        room.add_subscription();
        let page = Read { to: 3, frame: Frame::text(std::iter::once("three changes")), has_reactions: false };
        let keep = |version| {
            room.set_late_page(version, 0, page.clone());
            (room.late_page(0), room.late_page(1))
        };
        let version = room.version();
        assert_eq!(keep(version), (Some(page.clone()), None));
        room.push(Entry { rev: 6, is_text: true, ..Entry::default() }, &[]);
        assert_eq!(room.late_page(0), None);
        assert_eq!(keep(version), (None, None), "it was read before the change");
        assert_eq!(keep(room.version()).0, Some(page.clone()));
        room.clear();
        assert_eq!(room.late_page(0), None);
    }
}
