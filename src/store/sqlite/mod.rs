//! The embedded database: SQLite in WAL mode with `synchronous=FULL`, one writer thread, and concurrent readers.
//!
//! FULL and not NORMAL, because an acknowledged message must survive a power cut: in a simulated one NORMAL lost 75 of
//! 978 acknowledged commits, FULL none. Group commit makes up for the cost of FULL (see `writer`). `mmap_size` stays
//! off, because an I/O error in mapped memory is a crash and not an error.

mod administration;
mod audit_rows;
mod avatars;
mod batch;
mod check;
mod checkpoints;
mod commands;
mod connection;
mod copied_uploads;
mod copy_mark;
#[cfg(test)]
mod cost_tests;
mod database;
mod everyone;
mod file_ids;
mod forgetting;
mod head;
mod log;
mod member_rows;
mod memberships;
mod mention_rows;
mod networks;
mod personal;
mod position;
mod purge;
mod read_transaction;
mod readers;
mod removals;
mod room_log;
mod room_rows;
mod rooms;
mod rows;
mod schema;
mod sessions;
mod snapshot;
mod summaries;
mod summary_cache;
mod transfer;
mod transfer_rows;
mod upload_rows;
mod uploads;
mod users;
mod writer;

pub use database::Sqlite;
