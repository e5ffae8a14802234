//! Numbers and client ids of posts.

use super::{NONE, STEPWISE, by, post, send};
use crate::{
    domain::Command::{Post, Read, Reply},
    properties::Witness::{Collision, Rollback, Settling, UnknownButCommitted},
    scenario::{
        Faults, Request, Scenario,
        When::{Always, Answered, Perhaps},
    },
};

/// Three natters post at the same time. One sends two posts in a command, one of which is sent to another natter too.
pub fn three_natters() -> Scenario {
    Scenario {
        natters: 3,
        requests: vec![by(0, Post { client: 0 }), by(0, Post { client: 1 }), by(1, Post { client: 0 }), by(1, Read)],
        sends: vec![
            send(&[0, 1], 0, Always),
            send(&[2], 1, Always),
            send(&[0], 2, Perhaps),
            send(&[3], 1, Answered(0)),
        ],
        faults: Faults { timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, UnknownButCommitted],
        ..Scenario::default()
    }
}

/// A post and a reply, with two step-downs. The post is sent again to the other natter.
pub fn step_down() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![by(0, Post { client: 0 }), by(1, Reply { client: 1, root: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[0], 1, Perhaps)],
        faults: Faults { elections: 2, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// Two posts and a reply in one command beside another natter's reply, with a step-down and a crash.
pub fn batch() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![post()],
        requests: vec![
            by(0, Post { client: 0 }),
            by(0, Reply { client: 1, root: 1 }),
            by(0, Post { client: 2 }),
            by(1, Reply { client: 0, root: 1 }),
        ],
        sends: vec![send(&[0, 1, 2], 0, Always), send(&[3], 1, Always), send(&[1], 1, Perhaps)],
        faults: Faults { elections: 1, crashes: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// A client id is used in two rooms.
pub fn two_rooms() -> Scenario {
    let other = |request: Request| Request { room: 1, ..request };
    Scenario {
        natters: 2,
        requests: vec![by(0, Post { client: 0 }), other(by(0, Post { client: 0 })), other(by(1, Post { client: 0 }))],
        sends: vec![
            send(&[0], 0, Always),
            send(&[1], 1, Always),
            send(&[2], 0, Always),
            send(&[0], 1, Perhaps),
            send(&[1], 0, Perhaps),
        ],
        faults: Faults { elections: 1, timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback],
        ..Scenario::default()
    }
}
