//! The socket's own task: catches up from the ring or the store, and then leaves the socket to the fan-out.

use std::io;

use super::{
    filling::{advance, backfill, late_page},
    listener::want_missed,
    live::Position,
    own_reactions::{OwnReactions, own_reactions},
    ring::{Lagged, Read},
    room::OpenRoom,
    rooms::Rooms,
    signals,
    subscriber::Subscriber,
};
use crate::{
    domain::RoomId,
    net::sync::{Arc, atomic::Ordering::SeqCst},
    store::{self, Access},
};

/// Most changes that a page is sent when it catches up. A page that missed more fetches its room anew and shows the last
/// of them; to insert thousands of messages one by one would block the browser.
const MAX_CATCH_UP: u64 = 1000;

/// Who reads a subscription's frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Page,
    Script,
}

/// Why a socket can no longer follow the log.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the log cannot be read: {0}")]
    Store(#[from] store::Error),
    /// The user may have lost the right to read the room: see [`Subscription::set_verified`].
    #[error("the right to read the room must be verified")]
    Unverified,
}

/// A socket's subscription to a room.
pub struct Subscription {
    rooms: Arc<Rooms>,
    room: OpenRoom,
    subscriber: Arc<Subscriber>,
    reader: Reader,
    /// While the subscription is live, the fan-out has it.
    position: Position,
    /// The page has been sent which reactions are its user's own, as of this `rev` or later.
    own_reactions_to: u64,
    /// Whether the socket has been sent what a subscription begins with.
    has_begun: bool,
    is_live: bool,
}

impl Subscription {
    /// Subscribes a socket to all changes after the `rev` `after`, or from now on. `known`: the latest `rev` of the room
    /// that was known ([`Hub::known`](super::hub::Hub::known)) before the access was read.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub(super) async fn new(
        rooms: &Arc<Rooms>,
        access: &Access,
        known: u64,
        subscriber: &Arc<Subscriber>,
        reader: Reader,
        after: Option<u64>,
    ) -> store::Result<Self> {
        let room = rooms.open(access.room()).await?;
        // what was committed while the head was read, or what a fill gave up while nobody followed the room
        advance(rooms, &room.0, 0);
        let head = room.0.head();
        let rev = match after {
            None => head,
            Some(rev) if rev <= head => rev,
            // just committed and not in the ring yet; or invented, and then the subscription would never advance
            Some(rev) => rev.min(rooms.store.head(&room.0.id).await?),
        };
        subscriber.verified.store(known, SeqCst);
        Ok(Self::at(rooms, room, subscriber, reader, rev))
    }

    /// A subscription to no room.
    pub(super) fn without_room(rooms: &Arc<Rooms>, subscriber: &Arc<Subscriber>, reader: Reader) -> Self {
        let room = OpenRoom::new(Arc::clone(&rooms.nowhere));
        Self::at(rooms, room, subscriber, reader, 0)
    }

    fn at(rooms: &Arc<Rooms>, room: OpenRoom, subscriber: &Arc<Subscriber>, reader: Reader, rev: u64) -> Self {
        let position = Position { rev, signals: room.0.signals_end() };
        let (rooms, subscriber) = (Arc::clone(rooms), Arc::clone(subscriber));
        Self { rooms, room, subscriber, reader, position, own_reactions_to: 0, has_begun: false, is_live: false }
    }

    pub fn room(&self) -> &RoomId {
        &self.room.0.id
    }

    /// The latest `rev` of the room that is known. To be asked before the right to read it is read again.
    pub fn known(&self) -> u64 {
        self.room.0.known()
    }

    /// The right to read the room is verified up to the `rev` `known`.
    pub fn set_verified(&mut self, known: u64) {
        self.subscriber.verified.store(known, SeqCst);
    }

    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// The latest `rev` that the socket has been sent, as far as its own task knows.
    pub fn rev(&self) -> u64 {
        self.position.rev
    }

    /// Sends the log from the subscription's position on, for as long as the future is polled. Returns only on an error.
    pub async fn follow(&mut self) -> FollowError {
        loop {
            if self.is_live {
                self.position = self.subscriber.returned().await;
                self.is_live = false;
            }
            // boxed, because most sockets only ever wait
            if let Err(error) = Box::pin(self.catch_up()).await {
                return error;
            }
            self.rooms.fanout.join(&self.room.0, &self.subscriber, self.position);
            self.is_live = true;
            want_missed(&self.rooms, &self.subscriber);
        }
    }

    /// Ends the subscription. Nothing of the room is sent afterwards. If the future is dropped, call it again.
    pub async fn end(&mut self) {
        if self.is_live {
            self.rooms.fanout.leave(self.subscriber.id);
            self.subscriber.returned().await;
            self.is_live = false;
        }
    }

    /// Writes up to the end of the ring.
    async fn catch_up(&mut self) -> Result<(), FollowError> {
        let Self {
            rooms,
            room: OpenRoom(room),
            subscriber,
            reader,
            position: Position { rev, .. },
            own_reactions_to,
            has_begun,
            ..
        } = self;
        let connection = &subscriber.connection;
        connection.drained().await?;
        if !std::mem::replace(has_begun, true)
            && let Some(frame) = rooms.opening(room)
        {
            connection.write(&frame).await?;
        }
        let is_page = *reader == Reader::Page;
        loop {
            // up to which of the changes in it the reactions are not known one by one
            let (next, unknown_to) = match room.read(*rev) {
                Ok(None) => (None, 0),
                Ok(Some(read)) => {
                    let from = room.reactions_from();
                    (Some(read), if *rev < from { from } else { 0 })
                }
                Err(Lagged) if is_page && room.head() - *rev > MAX_CATCH_UP => {
                    (Some(Read { to: room.head(), frame: signals::refetch(&room.id), has_reactions: false }), 0)
                }
                Err(Lagged) => {
                    backfill(rooms, room, *rev).await?;
                    if room.base() <= *rev {
                        continue;
                    }
                    let read = late_page(rooms, room, *rev).await?;
                    let to = read.to;
                    (Some(read), to)
                }
            };
            let own = match &next {
                Some(read) if is_page && read.has_reactions && *own_reactions_to < unknown_to => {
                    Some(own_reactions(rooms, room, subscriber.user, *rev).await?)
                }
                _ => None,
            };
            // after the reads: what was read may have come after a loss
            if room.is_lost(subscriber.user, subscriber.verified.load(SeqCst)) {
                return Err(FollowError::Unverified);
            }
            let Some(Read { to, frame, .. }) = next else { return Ok(()) };
            if let Some(OwnReactions { frame, as_of }) = own {
                // first: if the connection breaks, the page continues after what comes next
                connection.write(&frame).await?;
                *own_reactions_to = as_of;
            }
            connection.write(&frame).await?;
            *rev = to;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.is_live {
            self.rooms.fanout.leave(self.subscriber.id);
        }
    }
}
