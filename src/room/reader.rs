//! A socket's place in a room's log, and who writes to it.
//!
//! Most of the time a socket is *live*: the fan-out moves its cursor and writes to its wire, and its own task
//! sleeps. When the wire is full the fan-out leaves it alone, and its task takes over: waits for room, reads
//! on from the ring, or from the store where the ring has passed it, and hands back when it is at the end.
//! So a slow socket costs the others nothing, and no memory.

use std::{
    hint::black_box,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    Room, render,
    ring::{Cursor, Found, Stretch},
};
use crate::{
    net::{Frame, Wire, wire::Offer},
    store,
};

/// Changes read from the store at a time: as a rule a frame of some 25 KB.
const CATCH_UP: u32 = 100;
/// Most bytes of such a frame, but for its last message: it is held until a slow client has taken it.
const FRAME: usize = 64 * 1024;

/// Why a socket can no longer follow.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("the connection is broken: {0}")]
    Wire(#[from] io::Error),
    #[error("the log cannot be read: {0}")]
    Store(#[from] store::Error),
}

/// A socket, as the fan-out and its own task share it.
pub(super) struct Member {
    wire: Arc<Wire>,
    place: Mutex<Place>,
    /// Wakes the socket's own task, when the fan-out leaves it alone.
    behind: Notify,
}

struct Place {
    cursor: Cursor,
    live: bool,
}

impl Member {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the cache line of the place loaded, by a read that nothing waits for.
    pub(super) fn prefetch(&self) {
        black_box(self.place.is_poisoned());
    }

    /// As [`Member::prefetch`], for the wire; to find it takes the place's line.
    pub(super) fn prefetch_wire(&self) {
        self.wire.prefetch();
    }

    /// Writes `stretch`, or whatever is new to those for whom that is not it, if the socket is live and there
    /// is room.
    pub(super) fn fan_out(&self, room: &Room, stretch: Option<&Stretch>) {
        let mut place = self.place();
        // this is what nearly every delivery goes through: one lock, one comparison, one system call
        if let Some(stretch) = stretch
            && place.live
            && place.cursor.is_before(stretch)
        {
            let offer = self.wire.offer(&stretch.frame).unwrap_or(Offer::Refused);
            if offer != Offer::Refused {
                place.cursor.pass(stretch);
            }
            if offer != Offer::Sent {
                self.leave_alone(&mut place);
            }
            return;
        }
        while place.live {
            let mut cursor = place.cursor.clone();
            // in a statement of its own, which lets go of the ring before the write
            let found = room.ring().read(&mut cursor);
            let offer = match found {
                Found::End => {
                    place.cursor = cursor;
                    return;
                }
                Found::Frame(frame) => self.wire.offer(&frame).unwrap_or(Offer::Refused),
                Found::Passed => Offer::Refused,
            };
            if offer != Offer::Refused {
                place.cursor = cursor;
            }
            if offer != Offer::Sent {
                self.leave_alone(&mut place);
            }
        }
    }

    fn leave_alone(&self, place: &mut Place) {
        place.live = false;
        self.behind.notify_one();
    }
}

/// The socket's own end.
pub struct Reader {
    room: Arc<Room>,
    id: u64,
    member: Arc<Member>,
}

impl Reader {
    pub(super) fn new(room: Arc<Room>, id: u64, wire: Arc<Wire>, cursor: Cursor) -> Self {
        let place = Mutex::new(Place { cursor, live: false });
        Self { room, id, member: Arc::new(Member { wire, place, behind: Notify::new() }) }
    }

    pub(super) fn member(&self) -> (u64, Arc<Member>) {
        (self.id, Arc::clone(&self.member))
    }

    /// Keeps the client up to date for as long as the future is polled: who is here, and then the log from the
    /// reader's cursor. Returns only when that is no longer possible.
    pub async fn follow(&self) -> Lost {
        let mut caught_up = Box::pin(self.begin()).await;
        loop {
            if let Err(lost) = caught_up {
                return lost;
            }
            self.member.behind.notified().await;
            caught_up = Box::pin(self.go_on()).await; // boxed: most sockets only ever wait
        }
    }

    async fn begin(&self) -> Result<(), Lost> {
        let here = self.room.here();
        self.member.wire.write(&here.frame).await?;
        self.catch_up().await
    }

    async fn go_on(&self) -> Result<(), Lost> {
        self.member.wire.drained().await?;
        self.catch_up().await
    }

    /// Writes up to the end, and hands over to the fan-out.
    async fn catch_up(&self) -> Result<(), Lost> {
        loop {
            let (found, cursor) = {
                let mut place = self.member.place();
                let mut cursor = place.cursor.clone();
                let found = self.room.ring().read(&mut cursor);
                if found == Found::End {
                    // under the same lock: what is pushed from here on, the fan-out finds a live socket for
                    *place = Place { cursor, live: true };
                    return Ok(());
                }
                (found, cursor)
            };
            match found {
                Found::End => {}
                Found::Frame(frame) => {
                    self.member.wire.write(&frame).await?;
                    self.member.place().cursor = cursor;
                }
                Found::Passed => self.read_from_store(cursor).await?,
            }
        }
    }

    async fn read_from_store(&self, mut cursor: Cursor) -> Result<(), Lost> {
        let frame = self.frame_from_store(&mut cursor).await?;
        self.member.wire.write(&frame).await?;
        self.member.place().cursor = cursor;
        Ok(())
    }

    async fn frame_from_store(&self, cursor: &mut Cursor) -> Result<Frame, Lost> {
        // what this makes is large, and hundreds may be behind: few at a time
        let _turn = self.room.turns.acquire().await;
        let messages = self.room.store.changes(&self.room.id, cursor.rev(), CATCH_UP).await?.messages;
        let (me, mut parts, mut bytes) = (cursor.me(), Vec::new(), 0);
        cursor.skip_to(cursor.rev()); // its place in the ring is gone, also where there is no change to read
        for message in messages {
            let part = render::message(&message, message.author_key == me);
            bytes += part.len();
            parts.push(part);
            cursor.skip_to(message.rev);
            if bytes > FRAME {
                break;
            }
        }
        metrics::counter!("natter_caught_up_total").increment(parts.len() as u64);
        self.room.ring().join(cursor);
        // the notices that the ring has passed are gone; what they came to is not
        let here = self.room.here();
        Ok(Frame::text(parts.iter().map(String::as_str).chain([here.fragment.as_str()])))
    }

    /// Ends the fan-out to this socket: after a goodbye nothing may follow.
    pub fn stop(&self) {
        self.member.place().live = false;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop();
        self.room.crowd.leave(self.id);
    }
}
