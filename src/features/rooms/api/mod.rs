//! The JSON API of rooms and their members.

pub mod direct;
pub mod list;
pub mod members;
pub mod own;
pub mod room;
mod types;
