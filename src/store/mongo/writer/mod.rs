//! The writer of the rooms' logs: the only task of this process that assigns `seq` and `rev`.
//!
//! A majority-acknowledged, journaled insert takes milliseconds, even if it contains many messages. While one insert
//! runs, new posts wait, and the next insert contains all of them (there is no timer, as in the embedded store). They
//! get the numbers that follow the room's head, which is its latest `seq` and `rev`. A unique index on (room, every
//! number ever taken) lets only one process take a number. The insert of another process fails with a collision.
//! That process waits until it knows the new head, and takes the next numbers.
//!
//! Why there are no gaps: a process takes a number only if it knows that the number before it is permanent, because a
//! majority has it or because it comes earlier in the same ordered insert. So the head comes from an acknowledged write
//! or from a majority read, and never from a read of the primary alone: a failover may roll back the primary's latest
//! writes.

mod append;
mod delete;
mod handle;
mod jobs;
mod log_writer;
mod task;

pub use handle::Writer;
