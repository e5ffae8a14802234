//! The JSON API of rooms' logs.

pub mod in_lobby;
pub mod list;
pub mod message;
pub mod personal;
pub mod pins;
pub mod reactions;
pub mod send;
mod types;
