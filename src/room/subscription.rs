//! The socket's own task: catches up from the ring or the store, and then leaves the socket to the fan-out.

use std::io;

use super::{
    cursor::Cursor,
    fanout::Fanout,
    ring::Found,
    room_state::RoomState,
    subscriber::{Progress, Subscriber},
};
use crate::{
    net::{Connection, Frame, sync::Arc},
    render, store,
};

/// Changes read from the store at a time: usually a frame of some 25 KB.
const CATCH_UP_PAGE: u32 = 100;
/// Most bytes of a frame of changes from the store, not counting its last change. A slow client keeps the frame in
/// memory until it has read it.
const CATCH_UP_FRAME_BYTES: usize = 64 * 1024;

/// Why a socket can no longer follow the log.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the log cannot be read: {0}")]
    Store(#[from] store::Error),
}

/// A socket's subscription to a room; ends when dropped.
pub struct Subscription {
    room: Arc<RoomState>,
    fanout: Arc<Fanout>,
    id: u64,
    subscriber: Arc<Subscriber>,
}

impl Subscription {
    pub(super) fn new(room: Arc<RoomState>, fanout: Arc<Fanout>, connection: Arc<Connection>, cursor: Cursor) -> Self {
        let subscriber = Arc::new(Subscriber::new(connection, cursor));
        let id = fanout.add(Arc::clone(&subscriber));
        Self { room, fanout, id, subscriber }
    }

    /// Sends the roster and then the log from the cursor on, for as long as the future is polled. Returns only on an
    /// error.
    pub async fn follow(&self) -> FollowError {
        let mut caught_up = Box::pin(self.begin()).await;
        loop {
            if let Err(error) = caught_up {
                return error;
            }
            self.subscriber.lagging.notified().await;
            caught_up = Box::pin(self.resume()).await; // boxed, because most sockets only ever wait
        }
    }

    async fn begin(&self) -> Result<(), FollowError> {
        let roster = self.room.roster();
        self.subscriber.connection.write(&roster.frame).await?;
        self.catch_up().await
    }

    async fn resume(&self) -> Result<(), FollowError> {
        self.subscriber.connection.drained().await?;
        self.catch_up().await
    }

    /// Writes up to the end of the ring, and marks the socket as live.
    async fn catch_up(&self) -> Result<(), FollowError> {
        loop {
            let (found, cursor) = {
                let mut progress = self.subscriber.progress.lock();
                let mut cursor = progress.cursor.clone();
                let found = self.room.ring().read(&mut cursor);
                if found == Found::End {
                    // under the same lock, so that the fan-out finds a live socket for each entry pushed from here on
                    *progress = Progress { cursor, is_live: true };
                    return Ok(());
                }
                (found, cursor)
            };
            match found {
                Found::End => {}
                Found::Frame(frame) => {
                    self.subscriber.connection.write(&frame).await?;
                    self.subscriber.progress.lock().cursor = cursor;
                }
                Found::Lagged => self.catch_up_from_store(cursor).await?,
            }
        }
    }

    async fn catch_up_from_store(&self, mut cursor: Cursor) -> Result<(), FollowError> {
        let frame = self.frame_from_store(&mut cursor).await?;
        self.subscriber.connection.write(&frame).await?;
        self.subscriber.progress.lock().cursor = cursor;
        Ok(())
    }

    async fn frame_from_store(&self, cursor: &mut Cursor) -> Result<Frame, FollowError> {
        // the frame is large, and hundreds of sockets may lag: a few at a time
        let _permit = self.room.catch_up_permits.acquire().await;
        let changes = self.room.store.changes(&self.room.id, cursor.rev, CATCH_UP_PAGE).await?;
        let (user, mut fragments, mut bytes) = (cursor.user, Vec::new(), 0);
        cursor.skip_to(cursor.rev); // its position in the ring is gone, even if there is no change to read
        for message in changes.messages {
            // never within a change that touched several messages: the cursor would skip the rest of it
            if bytes > CATCH_UP_FRAME_BYTES && message.rev > cursor.rev {
                break;
            }
            let fragment = render::message(&message, message.author_key == user, render::LIVE);
            bytes += fragment.len();
            fragments.push(fragment);
            cursor.skip_to(message.rev);
        }
        metrics::counter!("natter_caught_up_total").increment(fragments.len() as u64);
        self.room.ring().join(cursor);
        // the notices that the ring has dropped are lost; the roster shows their result
        let roster = self.room.roster();
        Ok(Frame::text(fragments.iter().map(String::as_str).chain([roster.fragment.as_str()])))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.subscriber.progress.lock().is_live = false; // no frame may follow a Close frame
        self.fanout.remove(self.id);
    }
}
