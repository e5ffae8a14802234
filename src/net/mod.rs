//! Connections: the accept loop, writes to a connection, WebSocket frames, client addresses. Nothing here knows of
//! rooms or users.
//!
//! - [`accept`]: the accept loop, with its time limits and its limits on the number of connections.
//! - [`address`]: the client's address, and how many connections each address may have.
//! - [`connection`]: a connection with two writers, the fan-out and the HTTP and WebSocket libraries.
//! - [`io`]: a connection as the libraries read and write it.
//! - [`frame`]: a WebSocket frame that is encoded once and written to many connections.
//! - [`retry`]: delays between the attempts of an operation that is retried.
//! - [`sync`]: the locks and atomics of this module and of [`crate::room`].

pub mod accept;
pub mod address;
pub mod connection;
pub mod frame;
pub mod io;
pub mod retry;
pub mod sync;

pub use self::{connection::Connection, frame::Frame};
