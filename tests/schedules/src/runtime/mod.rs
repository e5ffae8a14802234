//! What the included sources have for tokio: shuttle's tasks, channels and locks, a clock that the schedule sets, and
//! connections that are buffers in memory.

pub mod net;
pub mod time;

pub use shuttle_tokio::{io, select, spawn, sync, task};
