//! The live log: every room's recent changes, rendered once and read by every socket at its own pace.
//!
//! ```text
//! store ── events ──▶ hub ── renders ──▶ ring ◀── cursor ── socket
//!   ▲                  │ presence          │ passed it?         │
//!   └──────────────────┴───────────────────┴── changes(rev) ◀───┘
//! ```
//!
//! - [`entry`]: a change or a notice, in the faces it has.
//! - [`ring`]: the last changes of a room as bytes, and the arithmetic of cursors on them. Pure.
//! - [`presence`]: who is here, and what there is to announce. Pure; the clock is an argument.
//! - [`lease`]: the task that tells other processes who is in here.
//! - [`crate::render`]: a message as others and as its author see it; notices; the list of who is here.
//! - [`hub`]: the task that turns the store's events into entries of the rings.
//! - [`registry`]: the open sockets, for ending those whose grant no longer holds.
//! - [`grants`]: the task that looks for such.
//! - [`fanout`]: the fan-out: few tasks that write to many sockets.
//! - [`reader`]: what a socket holds: a cursor, and the way on when it cannot keep up.

pub mod entry;
mod fanout;
mod grant_check;
pub mod hub;
pub mod presence_publisher;
pub mod registry;
pub mod ring;
pub mod roster;
pub mod subscriber;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{Semaphore, mpsc, watch};

use self::{
    entry::Entry,
    fanout::Fanout,
    ring::{Cursor, Ring},
    subscriber::Subscription,
};
use crate::{
    domain::{RoomId, UserKey},
    net::{Connection, Frame},
    render,
    store::{Result, Store},
};

/// Changes a room keeps rendered. Sockets further behind read from the store; at some 400 bytes a face
/// this is under a megabyte.
const RING: usize = 1024;

/// Sockets that read from the store at the same time.
const CATCH_UP_READS: usize = 4;

/// One room, shared by all who are in it.
pub struct Room {
    id: RoomId,
    store: Arc<dyn Store>,
    ring: RwLock<Ring>,
    /// The ring's end, which wakes the fan-out.
    end: watch::Sender<u64>,
    fanout: Fanout,
    here: RwLock<Arc<RosterView>>,
    /// For sockets that read from the store.
    catch_up_permits: Semaphore,
    presence: mpsc::UnboundedSender<PresenceEvent>,
}

/// Who is here, rendered once for all who come.
pub struct RosterView {
    /// The inside of the page's list, by language.
    pub inside: render::words::ByLanguage<String>,
    /// The same as a fragment that replaces it.
    fragment: String,
    frame: Frame,
}

impl RosterView {
    fn new(names: &[String]) -> Arc<Self> {
        let render::Roster { inside, fragment } = render::roster(names);
        let frame = Frame::text(std::iter::once(fragment.as_str()));
        Arc::new(Self { inside, fragment, frame })
    }
}

/// Somebody's socket coming or going.
#[derive(Debug)]
pub(crate) enum PresenceEvent {
    Connected { user: UserKey, name: String, returning: bool },
    Disconnected { user: UserKey },
}

impl Room {
    fn open(id: RoomId, store: Arc<dyn Store>, head: u64, presence: mpsc::UnboundedSender<PresenceEvent>) -> Arc<Self> {
        let ring = RwLock::new(Ring::new(head, RING));
        let here = RwLock::new(RosterView::new(&[]));
        let (fanout, fanout_tasks) = Fanout::new();
        let room = Arc::new(Self {
            id,
            store,
            ring,
            end: watch::Sender::new(0),
            fanout,
            here,
            catch_up_permits: Semaphore::new(CATCH_UP_READS),
            presence,
        });
        fanout_tasks.open(&room);
        room
    }

    pub fn id(&self) -> &RoomId {
        &self.id
    }

    /// A reader on `connection` of all that changes after `after`, or from now on.
    ///
    /// # Errors
    /// Where the store cannot tell whether there is such a change.
    pub async fn reader(
        self: &Arc<Self>,
        me: UserKey,
        connection: Arc<Connection>,
        after: Option<u64>,
    ) -> Result<Subscription> {
        let reached = self.head();
        let after = match after {
            None => reached,
            Some(rev) if rev <= reached => rev,
            // just committed and not in the ring yet; or made up, and then the reader would wait for ever
            Some(rev) => rev.min(self.store.head(&self.id).await?),
        };
        let mut cursor = Cursor::new(me, after);
        self.ring().join(&mut cursor);
        let reader = Subscription::new(Arc::clone(self), self.fanout.id(), connection, cursor);
        let (id, subscriber) = reader.subscriber();
        self.fanout.add(id, subscriber);
        Ok(reader)
    }

    /// Marks a socket of `user` as open for as long as the returned guard lives. `returning` says that
    /// the client had a connection before and lost it: coming back from that is no entrance.
    pub fn enter(self: &Arc<Self>, user: UserKey, name: &str, returning: bool) -> PresenceGuard {
        let _ = self.presence.send(PresenceEvent::Connected { user, name: name.to_owned(), returning });
        PresenceGuard { room: Arc::clone(self), user }
    }

    /// Who is here.
    pub fn here(&self) -> Arc<RosterView> {
        Arc::clone(&self.here.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_here(&self, here: Arc<RosterView>) {
        *self.here.write().unwrap_or_else(PoisonError::into_inner) = here;
    }

    fn push(&self, entry: Entry) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    fn forget(&self) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Wakes whoever waits for what was pushed.
    fn wake(&self) {
        let end = self.ring().end();
        self.end.send_if_modified(|seen| std::mem::replace(seen, end) != end);
    }

    /// The latest `rev` in the live log.
    pub fn head(&self) -> u64 {
        self.ring().head()
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open socket's presence in a room; ends when dropped.
pub struct PresenceGuard {
    room: Arc<Room>,
    user: UserKey,
}

impl Drop for PresenceGuard {
    fn drop(&mut self) {
        let _ = self.room.presence.send(PresenceEvent::Disconnected { user: self.user });
    }
}
