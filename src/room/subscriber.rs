//! A socket's place in a room's log, and who writes to it.
//!
//! Most of the time a socket is *live*: the fan-out moves its cursor and writes to its connection, and its own task
//! sleeps. When the connection is full the fan-out leaves it alone, and its task takes over: waits for room, reads
//! on from the ring, or from the store where the ring has passed it, and hands back when it is at the end.
//! So a slow socket costs the others nothing, and no memory.

use std::{
    hint::black_box,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::{
    Room,
    ring::{Batch, Cursor, Found},
};
use crate::{
    net::{Connection, Frame, connection::Offer},
    render, store,
};

/// Changes read from the store at a time: as a rule a frame of some 25 KB.
const CATCH_UP: u32 = 100;
/// Most bytes of such a frame, but for its last message: it is held until a slow client has taken it.
const FRAME: usize = 64 * 1024;

/// Why a socket can no longer follow.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("the connection is broken: {0}")]
    Connection(#[from] io::Error),
    #[error("the log cannot be read: {0}")]
    Store(#[from] store::Error),
}

/// A socket, as the fan-out and its own task share it.
pub(super) struct Subscriber {
    connection: Arc<Connection>,
    progress: Mutex<Progress>,
    /// Wakes the socket's own task, when the fan-out leaves it alone.
    behind: Notify,
}

struct Progress {
    cursor: Cursor,
    live: bool,
}

impl Subscriber {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the cache line of the place loaded, by a read that nothing waits for.
    pub(super) fn prefetch(&self) {
        black_box(self.progress.is_poisoned());
    }

    /// As [`Subscriber::prefetch`], for the connection; to find it takes the place's line.
    pub(super) fn prefetch_connection(&self) {
        self.connection.prefetch();
    }

    /// Writes `batch`, or whatever is new to those for whom that is not it, if the socket is live and there
    /// is room.
    pub(super) fn fan_out(&self, room: &Room, batch: Option<&Batch>) {
        let mut progress = self.progress();
        // this is what nearly every delivery goes through: one lock, one comparison, one system call
        if let Some(batch) = batch
            && progress.live
            && progress.cursor.precedes(batch)
        {
            let offer = self.connection.offer(&batch.frame).unwrap_or(Offer::Refused);
            if offer != Offer::Refused {
                progress.cursor.pass(batch);
            }
            if offer != Offer::Sent {
                self.leave_alone(&mut progress);
            }
            return;
        }
        while progress.live {
            let mut cursor = progress.cursor.clone();
            // in a statement of its own, which lets go of the ring before the write
            let found = room.ring().read(&mut cursor);
            let offer = match found {
                Found::End => {
                    progress.cursor = cursor;
                    return;
                }
                Found::Frame(frame) => self.connection.offer(&frame).unwrap_or(Offer::Refused),
                Found::Lagged => Offer::Refused,
            };
            if offer != Offer::Refused {
                progress.cursor = cursor;
            }
            if offer != Offer::Sent {
                self.leave_alone(&mut progress);
            }
        }
    }

    fn leave_alone(&self, progress: &mut Progress) {
        progress.live = false;
        self.behind.notify_one();
    }
}

/// The socket's own end.
pub struct Subscription {
    room: Arc<Room>,
    id: u64,
    subscriber: Arc<Subscriber>,
}

impl Subscription {
    pub(super) fn new(room: Arc<Room>, id: u64, connection: Arc<Connection>, cursor: Cursor) -> Self {
        let progress = Mutex::new(Progress { cursor, live: false });
        Self { room, id, subscriber: Arc::new(Subscriber { connection, progress, behind: Notify::new() }) }
    }

    pub(super) fn subscriber(&self) -> (u64, Arc<Subscriber>) {
        (self.id, Arc::clone(&self.subscriber))
    }

    /// Keeps the client up to date for as long as the future is polled: who is here, and then the log from the
    /// reader's cursor. Returns only when that is no longer possible.
    pub async fn follow(&self) -> FollowError {
        let mut caught_up = Box::pin(self.begin()).await;
        loop {
            if let Err(error) = caught_up {
                return error;
            }
            self.subscriber.behind.notified().await;
            caught_up = Box::pin(self.go_on()).await; // boxed: most sockets only ever wait
        }
    }

    async fn begin(&self) -> Result<(), FollowError> {
        let here = self.room.here();
        self.subscriber.connection.write(&here.frame).await?;
        self.catch_up().await
    }

    async fn go_on(&self) -> Result<(), FollowError> {
        self.subscriber.connection.drained().await?;
        self.catch_up().await
    }

    /// Writes up to the end, and hands over to the fan-out.
    async fn catch_up(&self) -> Result<(), FollowError> {
        loop {
            let (found, cursor) = {
                let mut progress = self.subscriber.progress();
                let mut cursor = progress.cursor.clone();
                let found = self.room.ring().read(&mut cursor);
                if found == Found::End {
                    // under the same lock: what is pushed from here on, the fan-out finds a live socket for
                    *progress = Progress { cursor, live: true };
                    return Ok(());
                }
                (found, cursor)
            };
            match found {
                Found::End => {}
                Found::Frame(frame) => {
                    self.subscriber.connection.write(&frame).await?;
                    self.subscriber.progress().cursor = cursor;
                }
                Found::Lagged => self.read_from_store(cursor).await?,
            }
        }
    }

    async fn read_from_store(&self, mut cursor: Cursor) -> Result<(), FollowError> {
        let frame = self.frame_from_store(&mut cursor).await?;
        self.subscriber.connection.write(&frame).await?;
        self.subscriber.progress().cursor = cursor;
        Ok(())
    }

    async fn frame_from_store(&self, cursor: &mut Cursor) -> Result<Frame, FollowError> {
        // what this makes is large, and hundreds may be behind: few at a time
        let _permit = self.room.catch_up_permits.acquire().await;
        let messages = self.room.store.changes(&self.room.id, cursor.rev(), CATCH_UP).await?.messages;
        let (me, mut parts, mut bytes) = (cursor.me(), Vec::new(), 0);
        cursor.skip_to(cursor.rev()); // its place in the ring is gone, also where there is no change to read
        for message in messages {
            let part = render::message(&message, message.author_key == me, render::LIVE);
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
        self.subscriber.progress().live = false;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.stop();
        self.room.fanout.remove(self.id);
    }
}
