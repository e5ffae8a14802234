//! Connections: the accept loop, what a connection is written to by, the frames of a WebSocket, client addresses.
//! Nothing here knows of rooms or users.
//!
//! - [`accept`]: the accept loop, with its limits of time and number.
//! - [`address`]: whose a connection is, and how many one address may have.
//! - [`connection`]: the HTTP and WebSocket libraries' end of a connection.
//! - [`connection`]: a connection, and how two can write to it.
//! - [`frame`]: a WebSocket frame that is made once and written to many.

pub mod accept;
pub mod address;
pub mod connection;
pub mod frame;
pub mod io;

pub use self::{connection::Connection, frame::Frame};
