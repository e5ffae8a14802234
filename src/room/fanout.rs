//! The fan-out: everybody's sockets, in a few shards, each written to by one task.
//!
//! One task for many sockets, because a wake-up costs as much as the write it leads to; a shard for each
//! core, so that all of them write. A connection that is full is skipped (see [`super::reader`]), so a shard never waits.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::{mpsc, watch};

use super::{
    Room,
    ring::{Cursor, Lagged},
    subscriber::Subscriber,
};

/// Sockets written to before other tasks get their turn: about a millisecond.
const YIELD_EVERY: usize = 256;

enum Command {
    Add(u64, Arc<Subscriber>),
    Remove(u64),
}

pub(super) struct Fanout {
    next: AtomicU64,
    shards: Vec<mpsc::UnboundedSender<Command>>,
}

/// What the tasks of a fanout wait for.
pub(super) struct FanoutTasks(Vec<mpsc::UnboundedReceiver<Command>>);

impl Fanout {
    pub(super) fn new() -> (Self, FanoutTasks) {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (shards, presence) = (0..cores).map(|_| mpsc::unbounded_channel()).unzip();
        (Self { next: AtomicU64::new(0), shards }, FanoutTasks(presence))
    }

    /// A fresh id for a socket.
    pub(super) fn id(&self) -> u64 {
        self.next.fetch_add(1, Relaxed)
    }

    pub(super) fn add(&self, id: u64, subscriber: Arc<Subscriber>) {
        let _ = self.shard(id).send(Command::Add(id, subscriber));
    }

    pub(super) fn remove(&self, id: u64) {
        let _ = self.shard(id).send(Command::Remove(id));
    }

    fn shard(&self, id: u64) -> &mpsc::UnboundedSender<Command> {
        &self.shards[id as usize % self.shards.len()]
    }
}

impl FanoutTasks {
    /// Starts the tasks. They end when the room does.
    pub(super) fn open(self, room: &Arc<Room>) {
        for commands in self.0 {
            let all = Cursor::shared(&room.ring());
            tokio::spawn(serve(Arc::downgrade(room), room.end.subscribe(), all, commands));
        }
    }
}

async fn serve(
    room: Weak<Room>,
    mut end: watch::Receiver<u64>,
    mut all: Cursor,
    mut commands: mpsc::UnboundedReceiver<Command>,
) {
    let mut subscribers: HashMap<u64, Arc<Subscriber>> = HashMap::new();
    let step = |subscribers: &mut HashMap<_, _>, step| match step {
        Command::Add(id, subscriber) => drop(subscribers.insert(id, subscriber)),
        Command::Remove(id) => drop(subscribers.remove(&id)),
    };
    loop {
        tokio::select! {
            taken = commands.recv() => match taken {
                Some(taken) => step(&mut subscribers, taken),
                None => return,
            },
            changed = end.changed() => {
                let (Ok(()), Some(room)) = (changed, room.upgrade()) else { return };
                loop {
                    let next = room.ring().next_batch(&mut all);
                    let batch = match &next {
                        Ok(None) => break,
                        Ok(batch) => batch.as_ref(),
                        Err(Lagged) => None,
                    };
                    // only now: whoever is live from before this batch has entered by this moment
                    while let Ok(taken) = commands.try_recv() {
                        step(&mut subscribers, taken);
                    }
                    // where a thousand sockets take catch_up_permits, each one's memory has left the caches since its last: it
                    // is asked for while the system writes to the ones before
                    let (mut second_next, mut next) = (subscribers.values().skip(2), subscribers.values().skip(1));
                    for (n, subscriber) in subscribers.values().enumerate() {
                        second_next.next().inspect(|subscriber| subscriber.prefetch());
                        next.next().inspect(|subscriber| subscriber.prefetch_connection());
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
