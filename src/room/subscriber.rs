//! A subscriber: a socket, shared by its own task and by the fan-out.
//!
//! Most of the time a socket is *live*: a shard of the fan-out owns the writing to its connection and its position in the
//! log, and the socket's own task sleeps. When the connection is full, or when the user may have lost the right to read the
//! room, the shard gives both back and wakes the task. The task waits until the connection has room, reads on from the ring
//! or the store, and hands both over again at the end of the ring. So a slow socket costs the others nothing, and no memory.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::Notify;

use super::{listening::Listening, live::Position};
use crate::{
    domain::UserKey,
    net::{
        Connection,
        sync::{
            Arc, Mutex,
            atomic::{AtomicU64, Ordering::SeqCst},
        },
    },
};

/// A socket of a user, in all its subscriptions.
pub struct Subscriber {
    /// It also selects the shard.
    pub(super) id: u64,
    pub(super) user: UserKey,
    pub(super) connection: Arc<Connection>,
    /// The right to read the subscription's room is verified up to this `rev`.
    pub(super) verified: AtomicU64,
    /// Where the fan-out gave the writing back.
    rev: AtomicU64,
    signals: AtomicU64,
    returned: Notify,
    /// What its sidebar shows.
    pub(super) listening: Mutex<Listening>,
}

impl Subscriber {
    pub(super) fn new(id: u64, user: UserKey, connection: Arc<Connection>) -> Arc<Self> {
        Arc::new(Self {
            id,
            user,
            connection,
            verified: AtomicU64::new(0),
            rev: AtomicU64::new(0),
            signals: AtomicU64::new(0),
            returned: Notify::new(),
            listening: Mutex::default(),
        })
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

#[cfg(test)]
pub(super) mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A subscriber, and the client's end of its connection.
    pub async fn subscriber() -> (Arc<Subscriber>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let connection = Arc::new(Connection::new(listener.accept().await.unwrap().0));
        (Subscriber::new(0, UserKey::generate(), connection), client)
    }
}
