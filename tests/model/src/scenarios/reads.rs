//! Readers: pages, catch-up, the change stream, and reads that lag.

use super::{AT_ONCE, LAGGING, NONE, by, post, send};
use crate::{
    domain::Command::{Edit, Pin, Post, Read, Remove, Reply},
    properties::Witness::{Collision, Lagging, Refused, Settling},
    scenario::{Faults, Scenario, When::Always},
};

/// A natter crashes between a change and its derivation while a reader follows and another natter edits.
pub fn crash() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Edit { seq: 1, text: 1, base: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        faults: Faults { crashes: 1, timeouts: 1, ..NONE },
        replication: AT_ONCE,
        streams: vec![0, 1],
        sometimes: vec![Collision, Settling],
    }
}

/// A stream loses its place, and a natter crashes, while a reader follows another natter's changes.
pub fn lost_place() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![
            by(1, Read),
            by(0, Post { client: 0 }),
            by(0, Pin { seq: 1 }),
            by(0, Reply { client: 1, root: 1 }),
        ],
        sends: vec![send(&[0], 1, Always), send(&[1], 0, Always), send(&[2], 0, Always), send(&[3], 0, Always)],
        faults: Faults { lost_places: 1, crashes: 1, ..NONE },
        replication: AT_ONCE,
        streams: vec![0, 1],
        sometimes: vec![Settling],
    }
}

/// Reads lag: a member is removed by one natter and posts through another one, which hears of it from the stream.
pub fn lagging_rights() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Remove { user: 1 }), by(1, Post { client: 0 }), by(0, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 0, Always)],
        replication: LAGGING,
        streams: vec![0, 1],
        sometimes: vec![Collision, Refused, Lagging],
        ..Scenario::default()
    }
}

/// Reads lag: two changes of a message, a post and a reader.
pub fn lagging_changes() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(1, Edit { seq: 1, text: 1, base: 1 }),
            by(1, Read),
            by(0, Post { client: 0 }),
        ],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always), send(&[3], 0, Always)],
        faults: Faults { timeouts: 1, ..NONE },
        replication: LAGGING,
        sometimes: vec![Collision, Lagging],
        ..Scenario::default()
    }
}
