//! A shard of the fan-out: the task that owns some of the live subscribers and writes to their connections.
//!
//! While a shard owns the writing to a connection, nobody else touches it. So a delivery takes no lock and changes no
//! reference count: the shard compares the subscriber's position and calls the system's `send`. A shard never waits for
//! a socket: it gives a connection that is full back to the socket's own task ([`super::subscription`]).

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    listening::Wanted,
    live::{Batch, Position},
    losses::Loss,
    ring::Lagged,
    room::Room,
    subscriber::Subscriber,
    tick::Tick,
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
    /// What happened in all rooms, for the sidebars.
    Sidebars(Arc<Tick>),
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
    /// The latest loss of a right up to which the subscribers' rights have been compared.
    losses: u64,
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
                    Some(Command::Sidebars(tick)) => self.send_sidebars(&tick).await,
                    None => return,
                },
                Some(id) = flushes.recv() => self.flush(id),
            }
        }
    }

    fn join(&mut self, room: Arc<Room>, subscriber: Arc<Subscriber>, position: Position) {
        room.shards.fetch_or(self.bit, SeqCst); // before the room is read, so that the shard learns of all that follows
        let (key, id, losses) = (key(&room), subscriber.id, room.losses());
        let is_lost = is_lost(&room, &subscriber);
        let share = self.rooms.entry(key).or_insert_with(|| {
            let position = Position { rev: room.head(), signals: room.signals_end() };
            // most rooms have few subscribers
            RoomShare { room, position, losses, slots: Vec::with_capacity(1) }
        });
        let index = share.slots.len();
        share.slots.push(Slot { connection: Arc::clone(&subscriber.connection), position, id });
        self.subscribers.insert(id, Location { subscriber, room: key, index });
        let slot = &mut share.slots[index];
        if is_lost {
            return self.remove(id, VecDeque::new());
        }
        let queued = slot.connection.take_queued();
        if let Err(Full(unsent)) = slot.send_all(queued).and_then(|()| slot.read_on(&share.room, losses)) {
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
            let found = room.read_batch(&mut share.position);
            let to = share.position;
            if found.losses > share.losses {
                self.compare_losses(key, found.losses); // before anything is written
            }
            let batch = match found.batch {
                Ok(None) => return,
                Ok(batch) => batch,
                Err(Lagged) => None,
            };
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

    /// Gives back the writing of all subscribers of the room that may have lost the right to read it up to the loss
    /// `latest`.
    fn compare_losses(&mut self, key: usize, latest: u64) {
        let Some(share) = self.rooms.get_mut(&key) else { return };
        share.losses = latest;
        let subscribers = share.slots.iter().filter_map(|slot| self.subscribers.get(&slot.id));
        let lost = subscribers.filter(|location| is_lost(&share.room, &location.subscriber));
        let lost: Vec<u64> = lost.map(|location| location.subscriber.id).collect();
        lost.into_iter().for_each(|id| self.remove(id, VecDeque::new()));
    }

    /// Writes what happened in all rooms to the subscribers that have a sidebar: one write each.
    async fn send_sidebars(&mut self, tick: &Tick) {
        let (mut full, mut frames) = (Vec::new(), Vec::new());
        for (index, location) in self.subscribers.values().enumerate() {
            if let Err(Full(unsent)) = send_sidebar(&location.subscriber, tick, &mut frames) {
                full.push((location.subscriber.id, unsent));
            }
            if index % YIELD_EVERY == YIELD_EVERY - 1 {
                tokio::task::yield_now().await;
            }
        }
        full.into_iter().for_each(|(id, unsent)| self.remove(id, unsent));
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
                _ => slot.read_on(&self.room, self.losses),
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

    /// Sends what follows the subscriber's own position, up to the end of the ring, or up to a loss of a right that came
    /// after `losses`.
    fn read_on(&mut self, room: &Room, losses: u64) -> Result<(), Full> {
        loop {
            let mut to = self.position;
            let found = room.read_batch(&mut to);
            if found.losses > losses {
                return Err(Full(VecDeque::new()));
            }
            match found.batch {
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

/// Whether the subscriber may have lost the right to read the room.
fn is_lost(room: &Room, subscriber: &Subscriber) -> bool {
    room.is_lost(subscriber.user, subscriber.verified.load(SeqCst))
}

/// Writes what happened in the rooms of a subscriber's sidebar. `frames`: memory to use.
fn send_sidebar<'a>(subscriber: &Subscriber, tick: &'a Tick, frames: &mut Vec<&'a Frame>) -> Result<(), Full> {
    let mut listening = subscriber.listening.lock();
    if tick.number != listening.tick + 1 {
        return Ok(()); // the subscriber's task asks for what was missed, and until then may have lost a right
    }
    frames.clear();
    let lost = listening.take_frames(tick, subscriber.user, frames);
    let sent = subscriber.connection.send_now_vectored(frames);
    if sent.is_ok() {
        listening.tick = tick.number;
    } // else the numbers are read when the subscriber is live again
    drop(listening);
    for (room, loss) in lost {
        room.remove_listener();
        let wanted = Wanted::room(room.id.clone());
        match loss {
            Loss::User(_) => subscriber.want(wanted, Instant::now()),
            Loss::Everybody => subscriber.want_later(wanted),
        }
    }
    sent.map_err(Full)
}

/// A room's key in [`Shard::rooms`]. The room stays where it is as long as the shard has it.
fn key(room: &Arc<Room>) -> usize {
    Arc::as_ptr(room) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::subscriber::tests::subscriber;

    #[tokio::test]
    async fn a_tick_after_one_that_was_missed_is_not_sent() {
        let (subscriber, _client) = subscriber().await;
        let mut frames = Vec::new();
        let ticks = [2, 1, 2].map(|number| Tick::new(number, Vec::new(), None));
        let sent = ticks.each_ref().map(|tick| {
            assert!(send_sidebar(&subscriber, tick, &mut frames).is_ok());
            subscriber.listening.lock().tick
        });
        assert_eq!(sent, [0, 1, 2]);
    }
}
