//! The live part of natter under random schedules. README.md says how.

pub mod check;
mod client;
mod log;
mod net;
pub mod profile;
mod render;
mod rule;
mod runtime;
mod scenario;
mod scheduler;
mod socket;
mod store;
mod view;
mod world;

include!(concat!(env!("OUT_DIR"), "/room.rs"));

use check::note;
use natter::{domain, security};

pub use rule::Rule;
