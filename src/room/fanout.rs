//! The fan-out: a fixed number of shards that write each new frame to all live sockets.
//!
//! A shard is a task that owns its subscribers. One task for many sockets, because a wake-up costs as much as the write
//! that it leads to; one shard for each core, so that all cores write.

use tokio::sync::mpsc;

use super::{
    live::Position,
    room::Room,
    shard::{Command, Shard},
    subscriber::Subscriber,
    tick::Tick,
};
use crate::net::{
    connection::FlushRequests,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Most shards: a room has a bit for each.
const MAX_SHARDS: usize = 64;

pub(super) struct Fanout {
    next_id: AtomicU64,
    shards: Vec<Handle>,
}

struct Handle {
    commands: mpsc::UnboundedSender<Command>,
    flushes: mpsc::UnboundedSender<u64>,
}

impl Fanout {
    /// Starts a task for each shard. The tasks end when this is dropped.
    pub(super) fn start() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MAX_SHARDS);
        let shards = (0..cores).map(|index| {
            let (commands, command_queue) = mpsc::unbounded_channel();
            let (flushes, flush_queue) = mpsc::unbounded_channel();
            tokio::spawn(Shard::new(index).run(command_queue, flush_queue));
            Handle { commands, flushes }
        });
        Self { next_id: AtomicU64::new(0), shards: shards.collect() }
    }

    /// An id for a new subscriber. It also selects the shard.
    pub(super) fn new_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed)
    }

    /// Gives the writing to a subscriber's connection to the fan-out, which continues at `position`. It gives it back when
    /// the connection is full, when the ring has dropped what comes next, or by [`Fanout::leave`].
    pub(super) fn join(&self, room: &Arc<Room>, subscriber: &Arc<Subscriber>, position: Position) {
        let shard = self.shard(subscriber.id);
        subscriber.connection.hand_over(FlushRequests { requests: shard.flushes.clone(), id: subscriber.id });
        let (room, subscriber) = (Arc::clone(room), Arc::clone(subscriber));
        let join = Command::Join { room, subscriber, position };
        let _ = shard.commands.send(join);
    }

    /// Asks for the writing. The subscriber is notified when it has it, as always when the fan-out gives it back.
    pub(super) fn leave(&self, subscriber: u64) {
        let _ = self.shard(subscriber).commands.send(Command::Leave(subscriber));
    }

    /// Notifies the shards, a bit for each, of something new in the room.
    pub(super) fn notify(&self, room: &Arc<Room>, shards: u64) {
        for (_, shard) in self.shards.iter().enumerate().filter(|(index, _)| shards & (1 << index) != 0) {
            let _ = shard.commands.send(Command::News(Arc::clone(room)));
        }
    }

    /// Sends what happened in all rooms to the sidebars of all live subscribers.
    pub(super) fn send_sidebars(&self, tick: &Arc<Tick>) {
        for shard in &self.shards {
            let _ = shard.commands.send(Command::Sidebars(Arc::clone(tick)));
        }
    }

    fn shard(&self, id: u64) -> &Handle {
        &self.shards[id as usize % self.shards.len()]
    }
}
