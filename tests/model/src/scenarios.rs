//! The scenarios: small systems, each of which is about a few rules.

pub mod changes;
pub mod posts;
pub mod reads;
pub mod rights;
pub mod trimming;

use crate::{
    database::Replication,
    domain::Command,
    scenario::{Faults, Request, Send, When},
};

/// A write has its majority at once: scenarios without step-downs.
const AT_ONCE: Replication = Replication { at_once: true, lags: false };
/// A write gets its majority in a step of its own, or loses its place in a step-down.
const STEPWISE: Replication = Replication { at_once: false, lags: false };
/// Majority reads return any earlier state.
const LAGGING: Replication = Replication { at_once: true, lags: true };
const NONE: Faults = Faults { elections: 0, timeouts: 0, crashes: 0, lost_places: 0 };

/// A post that all natters know.
fn post() -> Request {
    by(0, Command::Post { client: 9 })
}

/// A request of a user in room 0.
fn by(actor: u8, command: Command) -> Request {
    Request { room: 0, actor, command }
}

fn send(requests: &[u8], natter: usize, when: When) -> Send {
    Send { requests: requests.to_vec(), natter, when }
}
