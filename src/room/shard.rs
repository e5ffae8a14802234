//! A shard of the fan-out: the task that owns some of the live subscribers and writes to their connections.
//!
//! While a shard owns the writing to a connection, nobody else touches it. So a delivery takes no lock and changes no
//! reference count: the shard compares the subscriber's position and calls the system's `send`. A shard never waits for
//! a socket: it gives a connection that is full back to the socket's own task ([`super::subscription`]).

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    ring::Lagged,
    room::{Batch, Position, Room},
    subscriber::Subscriber,
};
use crate::net::{
    Connection, Frame,
    sync::{Arc, atomic::Ordering::SeqCst},
};

/// Sockets written to before the task yields to others: about a millisecond.
const YIELD_EVERY: usize = 256;

pub(super) enum Command {
    /// The shard owns the writing from now on.
    Join { room: Arc<Room>, subscriber: Arc<Subscriber>, position: Position },
    /// The subscriber wants the writing back.
    Leave(u64),
    /// The room has something new.
    News(Arc<Room>),
}

pub(super) struct Shard {
    /// The shard's bit in [`Room::shards`].
    bit: u64,
    /// By [`key`].
    rooms: HashMap<usize, RoomShare>,
    /// The live subscribers by their id.
    subscribers: HashMap<u64, Location>,
}

/// A room's live subscribers in this shard.
struct RoomShare {
    room: Arc<Room>,
    /// Up to where the shard has read the room.
    position: Position,
    slots: Vec<Slot>,
}

/// A live subscriber as a broadcast sees it. Small and dense, because a broadcast goes through all of them.
struct Slot {
    connection: Arc<Connection>,
    position: Position,
    id: u64,
}

struct Location {
    subscriber: Arc<Subscriber>,
    room: usize,
    index: usize,
}

/// The outcome of a write.
enum Sent {
    Whole,
    /// The system accepted only a part. This is the rest.
    Part(Bytes),
    /// The connection is full, or broken: the subscriber's task finds out.
    Nothing,
}

/// Why a subscriber is no longer live: what its task has to send before anything else.
struct Full(VecDeque<Bytes>);

impl Shard {
    pub(super) fn new(index: usize) -> Self {
        Self { bit: 1 << index, rooms: HashMap::new(), subscribers: HashMap::new() }
    }

    /// Runs until the senders of the commands are dropped. `flushes`: the ids of subscribers whose connection has queued
    /// frames of its own.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
        mut flushes: mpsc::UnboundedReceiver<u64>,
    ) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Join { room, subscriber, position }) => self.join(room, subscriber, position),
                    Some(Command::Leave(id)) => self.remove(id, VecDeque::new()),
                    Some(Command::News(room)) => self.broadcast(&room).await,
                    None => return,
                },
                Some(id) = flushes.recv() => self.flush(id),
            }
        }
    }

    fn join(&mut self, room: Arc<Room>, subscriber: Arc<Subscriber>, position: Position) {
        room.shards.fetch_or(self.bit, SeqCst); // before the room is read, so that the shard learns of all that follows
        let (key, id) = (key(&room), subscriber.id);
        let share = self.rooms.entry(key).or_insert_with(|| {
            let position = Position { rev: room.head(), signals: room.signals_end() };
            // most rooms have few subscribers
            RoomShare { room, position, slots: Vec::with_capacity(1) }
        });
        let index = share.slots.len();
        share.slots.push(Slot { connection: Arc::clone(&subscriber.connection), position, id });
        self.subscribers.insert(id, Location { subscriber, room: key, index });
        let slot = &mut share.slots[index];
        let queued = slot.connection.take_queued();
        if let Err(Full(unsent)) = slot.send_all(queued).and_then(|()| slot.read_on(&share.room)) {
            self.remove(id, unsent);
        }
    }

    /// Sends what the library has queued.
    fn flush(&mut self, id: u64) {
        // not found: the writing was given back, and the subscriber's task sends what is queued
        let Some(Location { room, index, .. }) = self.subscribers.get(&id) else { return };
        let slot = &self.rooms[room].slots[*index];
        if let Err(Full(unsent)) = slot.send_all(slot.connection.take_queued()) {
            self.remove(id, unsent);
        }
    }

    /// Writes what is new in a room to its subscribers.
    async fn broadcast(&mut self, room: &Arc<Room>) {
        room.notified.fetch_and(!self.bit, SeqCst); // before the room is read
        let key = key(room);
        loop {
            let Some(share) = self.rooms.get_mut(&key) else { return };
            let from = share.position;
            let batch = match room.read_batch(&mut share.position) {
                Ok(None) => return,
                Ok(batch) => batch,
                Err(Lagged) => None,
            };
            let to = share.position;
            let mut next = 0;
            while let Some(share) = self.rooms.get_mut(&key)
                && next < share.slots.len()
            {
                match share.write(&mut next, batch.as_ref(), from, to) {
                    Ok(()) => tokio::task::yield_now().await,
                    // the last slot takes its place
                    Err((id, Full(unsent))) => self.remove(id, unsent),
                }
            }
            if batch.is_none_or(|batch| batch.is_last) {
                return;
            }
        }
    }

    /// Gives the writing back to the subscriber's task. Does nothing if the subscriber is not live.
    fn remove(&mut self, id: u64, unsent: VecDeque<Bytes>) {
        let Some(Location { subscriber, room, index }) = self.subscribers.remove(&id) else { return };
        let Some(share) = self.rooms.get_mut(&room) else { return };
        let slot = share.slots.swap_remove(index);
        if let Some(moved) = share.slots.get(index)
            && let Some(location) = self.subscribers.get_mut(&moved.id)
        {
            location.index = index;
        }
        if share.slots.is_empty() {
            share.room.shards.fetch_and(!self.bit, SeqCst);
            self.rooms.remove(&room);
        } else if share.slots.len() < share.slots.capacity() / 4 {
            share.slots.shrink_to_fit();
        }
        if self.subscribers.len() < self.subscribers.capacity() / 4 {
            self.subscribers.shrink_to_fit();
            self.rooms.shrink_to_fit();
        }
        subscriber.give_back(slot.position, unsent);
    }
}

impl RoomShare {
    /// Writes the batch, which leads from one position to the other, to the next slots, at most [`YIELD_EVERY`]. `None`: each reads on
    /// by itself.
    ///
    /// # Errors
    /// The first subscriber that is no longer live, which has to be removed.
    fn write(
        &mut self,
        next: &mut usize,
        batch: Option<&Batch>,
        from: Position,
        to: Position,
    ) -> Result<(), (u64, Full)> {
        for slot in self.slots.iter_mut().skip(*next).take(YIELD_EVERY) {
            let written = match batch {
                // nearly every delivery takes this path: one comparison, one system call
                Some(batch) if slot.position == from => slot.send_batch(&batch.frame, to),
                _ => slot.read_on(&self.room),
            };
            written.map_err(|full| (slot.id, full))?;
            *next += 1;
        }
        Ok(())
    }
}

impl Slot {
    /// Sends the frame that ends at `to`.
    fn send_batch(&mut self, frame: &Frame, to: Position) -> Result<(), Full> {
        match self.send(frame.bytes()) {
            Sent::Whole => {
                self.position = to;
                Ok(())
            }
            Sent::Part(rest) => {
                self.position = to;
                Err(Full(VecDeque::from([rest])))
            }
            Sent::Nothing => Err(Full(VecDeque::new())),
        }
    }

    /// Sends what follows the subscriber's own position, up to the end of the ring.
    fn read_on(&mut self, room: &Room) -> Result<(), Full> {
        loop {
            let mut to = self.position;
            match room.read_batch(&mut to) {
                Ok(None) => return Ok(()),
                Ok(Some(batch)) => self.send_batch(&batch.frame, to)?,
                Err(Lagged) => return Err(Full(VecDeque::new())),
            }
        }
    }

    /// Sends whole frames.
    fn send_all(&self, mut frames: VecDeque<Bytes>) -> Result<(), Full> {
        while let Some(frame) = frames.pop_front() {
            match self.send(&frame) {
                Sent::Whole => {}
                Sent::Part(rest) => {
                    frames.push_front(rest);
                    return Err(Full(frames));
                }
                Sent::Nothing => {
                    frames.push_front(frame);
                    return Err(Full(frames));
                }
            }
        }
        Ok(())
    }

    fn send(&self, bytes: &Bytes) -> Sent {
        match self.connection.send_now(bytes) {
            Ok(written) if written == bytes.len() => Sent::Whole,
            Ok(0) | Err(_) => Sent::Nothing,
            Ok(written) => Sent::Part(bytes.slice(written..)),
        }
    }
}

/// A room's key in [`Shard::rooms`]. The room stays where it is as long as the shard has it.
fn key(room: &Arc<Room>) -> usize {
    Arc::as_ptr(room) as usize
}
