//! `natter import` and `natter copy`: the binary on both databases.
#![allow(clippy::unwrap_used)] // all of this is tests; clippy.toml knows only functions marked as such

mod backups;
mod copying;
mod damaged_objects;
mod damages;
mod doctor;
mod files;
mod filling;
mod importing;
mod newer_schema;
mod refusals;
mod removals;
mod repairs;
mod restoring;
mod running_server;
mod search_index;
#[allow(dead_code, reason = "tests/store uses all of it")]
#[path = "../store/support.rs"]
mod store;
mod support;
mod under_load;
