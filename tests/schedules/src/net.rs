//! natter's connection and frame, with shuttle's locks.

use std::sync::Arc;

use crate::runtime::{
    io::AsyncWriteExt,
    net::{Pipe, TcpStream},
};

include!(concat!(env!("OUT_DIR"), "/net.rs"));

use self::io::{ConnectionIo, ConnectionPermits};
pub use self::{connection::Connection, frame::Frame};

/// The locks, reference counts and atomics of the live part: shuttle's.
pub mod sync {
    pub use std::sync::{Arc, Weak};

    pub use shuttle::sync::atomic;
    pub use shuttle_parking_lot::{Mutex, RwLock};
}

/// Connections here are not counted.
pub mod address {
    pub struct AddressSlot;
}

/// A socket as the WebSocket library has it.
pub struct Socket {
    connection: Arc<Connection>,
    io: ConnectionIo,
}

impl Socket {
    pub fn new(pipe: Arc<Pipe>) -> Self {
        let connection = Arc::new(Connection::new(TcpStream(pipe)));
        connection.set_websocket();
        let permits = ConnectionPermits { _permit: None, _slot: None };
        let io = ConnectionIo::new(Arc::clone(&connection), std::time::Duration::MAX, permits);
        Self { connection, io }
    }

    pub fn connection(&self) -> Arc<Connection> {
        Arc::clone(&self.connection)
    }

    /// Sends a frame for this client alone, as the library does. Returns whether the connection still works.
    pub async fn send(&mut self, frame: &Frame) -> bool {
        let sent = async {
            self.io.write_all(frame.bytes()).await?;
            self.io.flush().await
        };
        sent.await.is_ok()
    }

    pub fn close(self) {
        let _ = self.connection.shutdown(); // it fails only if it is closed already
    }
}
