//! Faults of MongoDB, of the network and of natter processes: real servers, killed and stopped by signals.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod checks;
mod files;
mod killed;
mod presence;
mod secured;
mod several_processes;
mod starting;
mod stopped;
mod support;
