//! Removals of members, of rooms and of accounts.

use super::{AT_ONCE, NONE, STEPWISE, by, post, send};
use crate::{
    domain::Command::{Add, DeleteRoom, Pin, Post, Remove, RemoveAccount, SearchAgain},
    properties::Witness::{Collision, Refused, Settling, UnknownButCommitted},
    scenario::{
        Faults, Scenario,
        When::{Always, Answered, Perhaps, Quiet},
    },
};

/// A member is removed while posting. The post is sent again to the natter that removes.
pub fn removal() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Remove { user: 1 }), by(1, Post { client: 0 }), by(1, Pin { seq: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always), send(&[1], 0, Perhaps)],
        faults: Faults { elections: 1, timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Refused, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// A member is removed by one natter, added again by another one, and posts through a third one.
pub fn removal_and_return() -> Scenario {
    Scenario {
        natters: 3,
        before: vec![post()],
        requests: vec![by(0, Remove { user: 1 }), by(0, Add { user: 1 }), by(1, Post { client: 0 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 2, Always)],
        faults: Faults { timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Refused, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// A room is deleted while others write. The deletion is sent again to the natter that they write to.
pub fn deletion() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, DeleteRoom { client: 8 }), by(1, Post { client: 0 }), by(1, Pin { seq: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always), send(&[0], 1, Perhaps)],
        faults: Faults { timeouts: 1, crashes: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Refused, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// An account is deleted while its owner posts. Nothing fails, and the removal searches once.
pub fn account() -> Scenario {
    Scenario {
        natters: 3,
        requests: vec![by(0, RemoveAccount { user: 1 }), by(1, Post { client: 0 }), by(1, Post { client: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[1], 2, Perhaps), send(&[2], 1, Answered(1))],
        replication: AT_ONCE,
        sometimes: vec![Collision],
        ..Scenario::default()
    }
}

/// An account is deleted while its owner posts. A natter may crash, an outcome may be unknown.
pub fn account_and_faults() -> Scenario {
    Scenario {
        natters: 2,
        requests: vec![by(0, RemoveAccount { user: 1 }), by(1, Post { client: 0 }), by(0, SearchAgain { user: 1 })],
        sends: vec![
            send(&[0], 0, Always),
            send(&[0], 0, Perhaps),
            send(&[1], 1, Always),
            send(&[1], 1, Perhaps),
            send(&[2], 0, Quiet(0)),
            send(&[2], 0, Quiet(0)),
        ],
        faults: Faults { crashes: 1, timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![UnknownButCommitted],
        ..Scenario::default()
    }
}
