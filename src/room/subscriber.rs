//! A socket, shared by its own task and by the fan-out.
//!
//! Most of the time a socket is *live*: a shard of the fan-out owns the writing to its connection and its position in the
//! log, and the socket's own task sleeps. When the connection is full, the shard gives both back and wakes the task. The
//! task waits until the connection has room, reads on from the ring or the store, and hands both over again at the end of
//! the ring. So a slow socket costs the others nothing, and no memory.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::Notify;

use super::room::Position;
use crate::net::{
    Connection,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

pub(super) struct Subscriber {
    pub(super) id: u64,
    pub(super) connection: Arc<Connection>,
    /// Where the fan-out gave the writing back.
    rev: AtomicU64,
    signals: AtomicU64,
    returned: Notify,
}

impl Subscriber {
    pub(super) fn new(id: u64, connection: Arc<Connection>) -> Arc<Self> {
        Arc::new(Self { id, connection, rev: AtomicU64::new(0), signals: AtomicU64::new(0), returned: Notify::new() })
    }

    /// Gives the writing back to the socket's task: once for each join. `unsent`: what could not be sent.
    pub(super) fn give_back(&self, position: Position, unsent: VecDeque<Bytes>) {
        self.connection.take_back(unsent);
        self.rev.store(position.rev, SeqCst);
        self.signals.store(position.signals, SeqCst);
        self.returned.notify_one();
    }

    /// Waits until the fan-out has given the writing back, and returns the position to continue at.
    pub(super) async fn returned(&self) -> Position {
        self.returned.notified().await;
        Position { rev: self.rev.load(SeqCst), signals: self.signals.load(SeqCst) }
    }
}
