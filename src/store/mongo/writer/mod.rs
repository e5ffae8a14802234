//! Appends to the rooms' logs: the one task of this process that assigns `seq` and `rev`.
//!
//! A majority-acknowledged, journaled insert takes milliseconds, however many messages are in it. While one runs, new
//! posts wait and go into the next one together (as in the embedded store, there is no timer), under the numbers that
//! follow the head. A unique index on (room, every number ever taken) lets only one process take a number. The other
//! processes get a collision, wait for the head to move, and take the next numbers.
//!
//! Why there are no gaps: a process takes a number only if it knows that the one before is permanent, because a majority
//! has it or because it comes earlier in the same ordered insert. For that reason the head is remembered from an
//! acknowledged write or read from a majority, and never read from a primary alone: a failover may take back the
//! primary's latest writes.

mod append;
mod delete;
mod handle;
mod jobs;
mod log_writer;
mod task;

pub use handle::Writer;
