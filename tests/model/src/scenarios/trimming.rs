//! Trimming, and writers whose number was trimmed.

use super::{AT_ONCE, LAGGING, NONE, STEPWISE, by, post, send};
use crate::{
    domain::Command::{Edit, Pin, Post, Read, Trim, Unpin},
    properties::Witness::{Collision, Fenced, Rollback, Trimmed, UnknownButCommitted},
    scenario::{
        Faults, Scenario,
        When::{Always, Answered, Perhaps},
    },
};

/// A change is trimmed while a natter that has not heard of it commits another one under its number.
pub fn late_change() -> Scenario {
    Scenario {
        natters: 3,
        before: vec![post()],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(1, Edit { seq: 1, text: 1, base: 1 }),
            by(1, Post { client: 0 }),
            by(1, Trim { keep: 0 }),
        ],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Answered(1)), send(&[3], 2, Always)],
        faults: Faults { timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Fenced, Trimmed],
        ..Scenario::default()
    }
}

/// A change is trimmed while a natter that has not heard of it commits a post under its number.
pub fn late_post() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![
            by(0, Post { client: 0 }),
            by(1, Pin { seq: 1 }),
            by(1, Post { client: 0 }),
            by(1, Trim { keep: 0 }),
            by(0, Unpin { seq: 1 }),
        ],
        sends: vec![
            send(&[0], 0, Always),
            send(&[4], 0, Always),
            send(&[1], 1, Always),
            send(&[2], 1, Answered(1)),
            send(&[3], 1, Always),
        ],
        faults: Faults { crashes: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Fenced, Trimmed],
        ..Scenario::default()
    }
}

/// A pin whose outcome is unknown is undone and trimmed.
pub fn unknown_pin() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(1, Unpin { seq: 1 }),
            by(1, Post { client: 0 }),
            by(1, Trim { keep: 0 }),
        ],
        sends: vec![
            send(&[0], 0, Always),
            send(&[1], 1, Always),
            send(&[2], 1, Answered(1)),
            send(&[3], 1, Answered(2)),
        ],
        faults: Faults { timeouts: 2, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Fenced, Trimmed, UnknownButCommitted],
        ..Scenario::default()
    }
}

/// Two trims with a step-down: the floor is rolled back before it has a majority, or not at all.
pub fn step_down() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post(), by(0, Pin { seq: 1 }), by(0, Post { client: 8 })],
        requests: vec![
            by(0, Unpin { seq: 1 }),
            by(0, Trim { keep: 0 }),
            by(1, Post { client: 0 }),
            by(1, Trim { keep: 0 }),
        ],
        sends: vec![send(&[0], 0, Always), send(&[1], 0, Always), send(&[2], 1, Always), send(&[3], 1, Always)],
        faults: Faults { elections: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, Trimmed],
        ..Scenario::default()
    }
}

/// A stray change appears in the stream of a natter that has lost its place.
pub fn stray() -> Scenario {
    Scenario {
        natters: 3,
        before: vec![post(), by(0, Post { client: 8 })],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(1, Edit { seq: 2, text: 1, base: 2 }),
            by(1, Post { client: 0 }),
            by(1, Trim { keep: 0 }),
            by(2, Read),
            by(2, Post { client: 0 }),
        ],
        sends: vec![
            send(&[0], 0, Always),
            send(&[1], 1, Always),
            send(&[2], 1, Answered(1)),
            send(&[3], 1, Answered(2)),
            send(&[4], 2, Perhaps),
            send(&[5], 2, Answered(3)),
        ],
        faults: Faults { lost_places: 1, ..NONE },
        replication: AT_ONCE,
        streams: vec![2],
        sometimes: vec![Collision, Fenced, Trimmed],
    }
}

/// Reads lag while a pin whose outcome is unknown is trimmed.
pub fn lagging() -> Scenario {
    Scenario { faults: Faults { timeouts: 1, ..NONE }, replication: LAGGING, ..unknown_pin() }
}

/// A pin is undone and trimmed, with a step-down.
pub fn late_change_and_step_down() -> Scenario {
    Scenario {
        faults: Faults { elections: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Fenced, Trimmed, Rollback, UnknownButCommitted],
        ..unknown_pin()
    }
}
