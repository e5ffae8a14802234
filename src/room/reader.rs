//! A socket's way through a room's log.

use std::sync::{Arc, PoisonError};

use tokio::sync::watch;

use super::{
    Frame, Room, render,
    ring::{Cursor, Found},
};
use crate::store::Result;

/// Changes read from the store at a time: a frame of some 50 KB.
const CATCH_UP: u32 = 200;

pub struct Reader {
    room: Arc<Room>,
    end: watch::Receiver<u64>,
    cursor: Cursor,
}

impl Reader {
    pub(super) fn new(room: Arc<Room>, end: watch::Receiver<u64>, cursor: Cursor) -> Self {
        Self { room, end, cursor }
    }

    /// The next bytes to write, as soon as there are any. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Where the store fails while the reader catches up; the cursor stays where it was.
    pub async fn next(&mut self) -> Result<Frame> {
        loop {
            // before the ring is read, so that what is pushed in between wakes us again
            self.end.mark_unchanged();
            let found = self.room.ring.read().unwrap_or_else(PoisonError::into_inner).read(&mut self.cursor);
            match found {
                Found::Frame(frame) => return Ok(frame),
                Found::Passed => {
                    if let Some(frame) = self.catch_up().await? {
                        return Ok(frame);
                    }
                }
                // the sender lives in the room that we hold
                Found::End => drop(self.end.changed().await),
            }
        }
    }

    async fn catch_up(&mut self) -> Result<Option<Frame>> {
        let rev = self.cursor.rev();
        let messages = self.room.store.changes(&self.room.id, rev, CATCH_UP).await?;
        metrics::counter!("natter_caught_up_total").increment(messages.len() as u64);
        let Some(last) = messages.last().map(|m| m.rev) else {
            self.cursor.skip_to(self.room.head());
            return Ok(None);
        };
        let mut frame = String::new();
        for message in &messages {
            frame.push_str(&render::message(message, message.author_key == self.cursor.me()));
        }
        self.cursor.skip_to(last);
        Ok(Some(frame.into()))
    }
}
