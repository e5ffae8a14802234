//! The writers of the rooms' logs: one task a room, the only one of this process that takes numbers in it. What several
//! rooms write at the same time goes to the database in one command (`group`).
//!
//! A majority-acknowledged, journaled write takes milliseconds, even if it contains many messages. While one runs, new
//! commands wait, and the next one contains all of them (there is no timer, as in the embedded store). They get the
//! numbers that follow the room's head. The unique key (room, rev) of the log lets only one process take a number. The
//! write of another process fails with a collision. That process waits until it knows the new head, reads what changed,
//! and applies its commands again.
//!
//! Why there are no gaps: a process takes a number only if it knows that the number before it is permanent, because a
//! majority has it or because it comes earlier in the same ordered command. So the head comes from an acknowledged
//! write, the change stream or a majority read: a failover may roll back the primary's latest writes.
//!
//! `tests/model` checks this protocol exhaustively; its README has the rules.

mod accounts;
mod changes;
mod commands;
mod group;
mod handle;
mod jobs;
mod mentioned;
mod posts;
mod publish;
mod removal;
mod room_changes;
mod room_task;
mod room_writer;
mod uploads;
mod write;

pub use handle::Writer;
pub use jobs::Removed;
