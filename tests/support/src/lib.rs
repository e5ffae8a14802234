//! Starts the servers that the tests and the benches need: natter processes, and MongoDB servers and replica sets.
//! Each server ends with the value that owns it.
#![allow(clippy::unwrap_used, reason = "a test that cannot start its servers fails")]

mod host;
mod mongod;
mod natter;
mod polling;
mod port;
mod replica_set;
mod server;
mod temporary;

pub use self::{
    host::Host,
    mongod::Mongod,
    natter::{NatterCommand, NatterProcess},
    polling::{eventually, poll, until},
    port::{free_address, free_port},
    replica_set::ReplicaSet,
    server::{ServerProcess, resident_memory},
    temporary::TemporaryDirectory,
};
