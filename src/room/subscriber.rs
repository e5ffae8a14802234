//! A socket's cursor into the log, and who writes to the socket.
//!
//! Most of the time a socket is *live*: the fan-out moves its cursor and writes to its connection, and the socket's own
//! task sleeps. When the connection is full, the fan-out marks the socket as not live and wakes its task, the
//! [`super::subscription`]. That task waits until the connection has room, reads on from the ring, or from the store if
//! the ring has dropped what comes next, and marks the socket as live again at the end of the ring.
//! So a slow socket costs the others nothing, and no memory.

use tokio::sync::Notify;

use super::{
    cursor::{Batch, Cursor},
    ring::Found,
    room_state::RoomState,
};
use crate::net::{
    Connection,
    connection::Offer,
    sync::{Arc, Mutex},
};

/// A socket, shared by the fan-out and the socket's own task.
pub(super) struct Subscriber {
    pub(super) connection: Arc<Connection>,
    pub(super) progress: Mutex<Progress>,
    /// Wakes the socket's own task when the socket is no longer live.
    pub(super) lagging: Notify,
}

pub(super) struct Progress {
    pub(super) cursor: Cursor,
    pub(super) is_live: bool,
}

impl Subscriber {
    pub(super) fn new(connection: Arc<Connection>, cursor: Cursor) -> Self {
        let progress = Mutex::new(Progress { cursor, is_live: false });
        Self { connection, progress, lagging: Notify::new() }
    }

    /// If the socket is live, writes `batch`, or what follows the cursor if that is not `batch`.
    pub(super) fn fan_out(&self, room: &RoomState, batch: Option<&Batch>) {
        let mut progress = self.progress.lock();
        // nearly every delivery takes this path: one lock, one comparison, one system call
        if let Some(batch) = batch
            && progress.is_live
            && progress.cursor.precedes(batch)
        {
            let offer = self.connection.offer(&batch.frame).unwrap_or(Offer::Full);
            if offer != Offer::Full {
                progress.cursor.pass(batch);
            }
            if offer != Offer::Sent {
                self.set_lagging(&mut progress);
            }
            return;
        }
        while progress.is_live {
            let mut cursor = progress.cursor.clone();
            // in a statement of its own, which releases the ring before the write
            let found = room.ring().read(&mut cursor);
            let offer = match found {
                Found::End => {
                    progress.cursor = cursor;
                    return;
                }
                Found::Frame(frame) => self.connection.offer(&frame).unwrap_or(Offer::Full),
                Found::Lagged => Offer::Full,
            };
            if offer != Offer::Full {
                progress.cursor = cursor;
            }
            if offer != Offer::Sent {
                self.set_lagging(&mut progress);
            }
        }
    }

    fn set_lagging(&self, progress: &mut Progress) {
        progress.is_live = false;
        self.lagging.notify_one();
    }
}
