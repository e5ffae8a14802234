//! The fan-out: writes each batch to all live sockets of a room.
//!
//! The sockets are in a few shards, each with one task. One task for many sockets, because a wake-up costs as much as
//! the write that it leads to; one shard for each core, so that all cores write. A shard never waits for a socket: it
//! skips a connection that is full (see [`super::subscriber`]).

use std::collections::HashMap;

use tokio::sync::{mpsc, watch};

use super::{cursor::Cursor, ring::Lagged, room_state::RoomState, subscriber::Subscriber};
use crate::net::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Sockets written to before the task yields to others: about a millisecond.
const YIELD_EVERY: usize = 256;

enum Command {
    Add(u64, Arc<Subscriber>),
    Remove(u64),
}

pub(super) struct Fanout {
    next_id: AtomicU64,
    shards: Vec<mpsc::UnboundedSender<Command>>,
}

impl Fanout {
    /// Starts a task for each shard. The tasks end when the room is dropped.
    pub(super) fn start(room: &Arc<RoomState>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let shards = (0..cores).map(|_| {
            let (shard, commands) = mpsc::unbounded_channel();
            let cursor = room.ring().shared_cursor();
            tokio::spawn(run_shard(Arc::downgrade(room), room.end.subscribe(), cursor, commands));
            shard
        });
        Self { next_id: AtomicU64::new(0), shards: shards.collect() }
    }

    /// Adds a subscriber, and returns the id for [`Fanout::remove`].
    pub(super) fn add(&self, subscriber: Arc<Subscriber>) -> u64 {
        let id = self.next_id.fetch_add(1, Relaxed);
        let _ = self.shard(id).send(Command::Add(id, subscriber));
        id
    }

    pub(super) fn remove(&self, id: u64) {
        let _ = self.shard(id).send(Command::Remove(id));
    }

    fn shard(&self, id: u64) -> &mpsc::UnboundedSender<Command> {
        &self.shards[id as usize % self.shards.len()]
    }
}

async fn run_shard(
    room: Weak<RoomState>,
    mut end: watch::Receiver<u64>,
    mut cursor: Cursor,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let mut subscribers: HashMap<u64, Arc<Subscriber>> = HashMap::new();
    let apply = |subscribers: &mut HashMap<_, _>, command| match command {
        Command::Add(id, subscriber) => drop(subscribers.insert(id, subscriber)),
        Command::Remove(id) => drop(subscribers.remove(&id)),
    };
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => apply(&mut subscribers, command),
                None => return,
            },
            changed = end.changed() => {
                let (Ok(()), Some(room)) = (changed, room.upgrade()) else { return };
                loop {
                    let next = room.ring().next_batch(&mut cursor);
                    let batch = match &next {
                        Ok(None) => break,
                        Ok(batch) => batch.as_ref(),
                        Err(Lagged) => None,
                    };
                    // after the batch was read: each subscriber that is live from before this batch is added by now
                    while let Ok(command) = commands.try_recv() {
                        apply(&mut subscribers, command);
                    }
                    for (n, subscriber) in subscribers.values().enumerate() {
                        subscriber.fan_out(&room, batch);
                        if n % YIELD_EVERY == YIELD_EVERY - 1 {
                            tokio::task::yield_now().await;
                        }
                    }
                }
            }
        }
    }
}
