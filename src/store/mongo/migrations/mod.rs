//! Migrates a database to the schema of this natter.

mod m0001_initial_schema;
mod m0002_presence;
mod m0003_removals;
mod m0004_networks;
mod m0005_log;
mod m0006_live;
mod m0007_rooms;
mod m0008_mentions;
mod m0009_sessions;
mod m0010_administration;
mod m0011_files;
mod schema;
mod steps;

pub use steps::{check_current, migrate};
