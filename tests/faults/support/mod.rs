//! Real servers, and people who go on through whatever happens to them.

mod client;
mod crowd;
mod line;
mod mongod;
mod natter;
#[path = "../../support/port.rs"]
mod port;

use std::process::Command;

pub use client::{Socket, revs};
pub use crowd::{Crowd, Verdict};
pub use line::Line;
pub use mongod::{Mongod, ReplicaSet};
pub use natter::{Natter, PASSWORD, spawn, until};
pub use port::free_port;

/// Sends a process a signal by its name.
fn signal(pid: u32, name: &str) {
    let kill = format!("kill -{name} {pid}"); // the shell's own: a bare Debian has no other
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}
