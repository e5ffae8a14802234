//! Changes and their derivation.

use super::{AT_ONCE, NONE, STEPWISE, by, post, send};
use crate::{
    domain::Command::{Delete, Edit, Pin, Post, Read, Reply, Unpin},
    properties::Witness::{Collision, Refused, Rollback, Settling, UnknownButCommitted},
    scenario::{
        Faults, Scenario,
        When::{Always, Answered},
    },
};

/// Two changes of a message and a page, with a step-down.
pub fn step_down() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Edit { seq: 1, text: 1, base: 1 }), by(1, Pin { seq: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Answered(0))],
        faults: Faults { elections: 1, timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// Two changes of a message and a reply to it, with two step-downs.
pub fn step_downs() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Unpin { seq: 1 }), by(1, Reply { client: 0, root: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        faults: Faults { elections: 2, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// One natter commits two changes of a message and a post in one command, another one changes the message too.
pub fn batch() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(0, Edit { seq: 1, text: 1, base: 1 }),
            by(0, Post { client: 0 }),
            by(1, Unpin { seq: 1 }),
        ],
        sends: vec![send(&[0, 1, 2], 0, Always), send(&[3], 1, Always)],
        faults: Faults { elections: 1, timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// Three natters change a message, with an unknown outcome.
pub fn three_natters() -> Scenario {
    Scenario {
        natters: 3,
        before: vec![post()],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Unpin { seq: 1 }), by(0, Edit { seq: 1, text: 1, base: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 2, Always)],
        faults: Faults { timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// A pin whose outcome is unknown while another natter unpins.
pub fn unknown_pin() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Unpin { seq: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Answered(0))],
        faults: Faults { timeouts: 2, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// An edit whose outcome is unknown while another natter edits what it may have made.
pub fn unknown_edit() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Edit { seq: 1, text: 1, base: 1 }), by(0, Edit { seq: 1, text: 2, base: 2 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always)],
        faults: Faults { timeouts: 2, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, UnknownButCommitted, Settling, Refused],
        ..Scenario::default()
    }
}

/// The deletion of a reply changes two messages.
pub fn deleted_reply() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post(), by(0, Reply { client: 8, root: 1 })],
        requests: vec![by(0, Delete { seq: 2 }), by(1, Reply { client: 0, root: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        faults: Faults { timeouts: 1, crashes: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Settling, UnknownButCommitted],
        ..Scenario::default()
    }
}

/// An edited message is edited again, and deleted.
pub fn replaced_texts() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post(), by(0, Edit { seq: 1, text: 1, base: 1 })],
        requests: vec![by(0, Edit { seq: 1, text: 2, base: 2 }), by(0, Delete { seq: 1 }), by(1, Pin { seq: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        faults: Faults { elections: 1, crashes: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, Settling],
        ..Scenario::default()
    }
}
