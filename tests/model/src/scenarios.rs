//! The scenarios.

use crate::{
    database::Replication,
    domain::Command::{self, Delete, Edit, Pin, Post, Read, Remove, RemoveAccount, Reply, SearchAgain, Trim, Unpin},
    properties::Witness::{Collision, Fenced, Lagging, Refused, Rollback, Settling, Trimmed, UnknownButCommitted},
    scenario::{
        Faults, Request, Scenario, Send,
        When::{self, Always, Answered, Perhaps, Quiet},
    },
};

const AT_ONCE: Replication = Replication { at_once: true, lags: false };
const LAGGING: Replication = Replication { at_once: true, lags: true };
const STEPWISE: Replication = Replication { at_once: false, lags: false };
const NONE: Faults = Faults { elections: 0, timeouts: 0, crashes: 0, lost_places: 0 };

/// Every scenario with its name.
pub fn all() -> Vec<(&'static str, Scenario)> {
    vec![
        ("three posters", three_posters()),
        ("posts and a step-down", posts_and_step_down()),
        ("changes and a step-down", changes_and_step_down()),
        ("batch of changes", batch_of_changes()),
        ("unknown outcomes of changes", unknown_changes()),
        ("unknown outcomes of edits", unknown_edits()),
        ("crash before the derivation", crash_before_derivation()),
        ("deleted reply", deleted_reply()),
        ("replaced texts", replaced_texts()),
        ("trimming", trimming()),
        ("trimming an unknown change", trimming_unknown()),
        ("removal and post", removal_and_post()),
        ("account removal", account_removal()),
        ("two rooms", two_rooms()),
        ("lost place", lost_place()),
        ("lagging reads", lagging_reads()),
        ("lagging changes", lagging_changes()),
    ]
}

/// Three natters post at the same time; one post is sent to two of them.
pub fn three_posters() -> Scenario {
    Scenario {
        natters: 3,
        requests: vec![by(0, Post { client: 0 }), by(0, Post { client: 1 }), by(1, Post { client: 0 })],
        sends: vec![send(&[0, 1], 0, Always), send(&[2], 1, Always), send(&[0], 2, Perhaps)],
        replication: AT_ONCE,
        sometimes: vec![Collision],
        ..Scenario::default()
    }
}

/// A batch of posts, a reply and a post that is sent again, with a step-down.
pub fn posts_and_step_down() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Post { client: 0 }), by(0, Post { client: 1 }), by(1, Reply { client: 2, root: 1 })],
        sends: vec![send(&[0, 1], 0, Always), send(&[2], 1, Always), send(&[0], 1, Perhaps)],
        faults: Faults { elections: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// Two changes of a message, with a step-down.
pub fn changes_and_step_down() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Edit { seq: 1, text: 1, base: 1 }), by(1, Pin { seq: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Answered(0))],
        faults: Faults { elections: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// One natter commits two changes of a message and a post in one command.
pub fn batch_of_changes() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(0, Edit { seq: 1, text: 1, base: 1 }),
            by(0, Post { client: 0 }),
            by(1, Unpin { seq: 1 }),
        ],
        sends: vec![send(&[0, 1, 2], 0, Always), send(&[3], 1, Always)],
        faults: Faults { timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// A pin whose outcome is unknown while another natter unpins.
pub fn unknown_changes() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Unpin { seq: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Answered(0))],
        faults: Faults { timeouts: 2, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// An edit whose outcome is unknown while another natter edits what it may have made.
pub fn unknown_edits() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Edit { seq: 1, text: 1, base: 1 }), by(0, Edit { seq: 1, text: 2, base: 2 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always)],
        faults: Faults { timeouts: 2, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, UnknownButCommitted, Settling, Refused],
        ..Scenario::default()
    }
}

/// A natter crashes between a change and its derivation while a reader looks on and another natter edits.
pub fn crash_before_derivation() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Edit { seq: 1, text: 1, base: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        faults: Faults { crashes: 1, ..NONE },
        replication: AT_ONCE,
        streams: true,
        sometimes: vec![Collision, Settling],
        ..Scenario::default()
    }
}

/// The deletion of a reply changes two messages.
pub fn deleted_reply() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 }), by(0, Reply { client: 8, root: 1 })],
        requests: vec![by(0, Delete { seq: 2 }), by(1, Reply { client: 0, root: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        faults: Faults { timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Settling, UnknownButCommitted],
        ..Scenario::default()
    }
}

/// An edited message is edited again, and deleted.
pub fn replaced_texts() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 }), by(0, Edit { seq: 1, text: 1, base: 1 })],
        requests: vec![by(0, Edit { seq: 1, text: 2, base: 2 }), by(0, Delete { seq: 1 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always)],
        faults: Faults { crashes: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Settling],
        ..Scenario::default()
    }
}

/// A change is trimmed while a natter that has not heard of it commits another one under its number.
pub fn trimming() -> Scenario {
    Scenario {
        natters: 3,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![
            by(0, Pin { seq: 1 }),
            by(1, Edit { seq: 1, text: 1, base: 1 }),
            by(1, Post { client: 0 }),
            by(1, Trim { keep: 0 }),
        ],
        sends: vec![
            send(&[0], 0, Always),
            send(&[1], 1, Always),
            send(&[2], 1, Answered(1)),
            send(&[3], 2, Always),
        ],
        replication: AT_ONCE,
        sometimes: vec![Collision, Fenced, Trimmed],
        ..Scenario::default()
    }
}

/// A pin whose outcome is unknown is undone and trimmed.
pub fn trimming_unknown() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
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
        faults: Faults { timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![Collision, Fenced, Trimmed, UnknownButCommitted],
        ..Scenario::default()
    }
}

/// A member is removed while posting.
pub fn removal_and_post() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Remove { user: 1 }), by(1, Post { client: 0 })],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[1], 0, Perhaps)],
        faults: Faults { elections: 1, timeouts: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Refused, UnknownButCommitted, Settling],
        ..Scenario::default()
    }
}

/// An account is deleted while its owner posts, and the natter that posts may crash.
pub fn account_removal() -> Scenario {
    Scenario {
        natters: 2,
        requests: vec![by(0, RemoveAccount { user: 1 }), by(1, Post { client: 0 }), by(0, SearchAgain { user: 1 })],
        sends: vec![
            send(&[0], 0, Always),
            send(&[1], 1, Always),
            send(&[1], 1, Perhaps),
            send(&[0], 0, Perhaps),
            send(&[2], 0, Quiet(0)),
            send(&[2], 0, Quiet(0)),
        ],
        faults: Faults { crashes: 1, timeouts: 1, ..NONE },
        replication: AT_ONCE,
        sometimes: vec![UnknownButCommitted],
        ..Scenario::default()
    }
}

/// A client id is used in two rooms.
pub fn two_rooms() -> Scenario {
    let other = Request { room: 1, ..by(0, Post { client: 0 }) };
    Scenario {
        natters: 2,
        requests: vec![by(0, Post { client: 0 }), other, Request { room: 1, ..by(1, Post { client: 0 }) }],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 0, Always), send(&[0], 1, Perhaps)],
        faults: Faults { elections: 1, ..NONE },
        replication: STEPWISE,
        sometimes: vec![Collision, Rollback],
        ..Scenario::default()
    }
}

/// A stream loses its place while a reader follows another natter's changes.
pub fn lost_place() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(1, Read), by(0, Post { client: 0 }), by(0, Pin { seq: 1 })],
        sends: vec![send(&[0], 1, Always), send(&[1], 0, Always), send(&[2], 0, Always)],
        faults: Faults { lost_places: 1, crashes: 1, ..NONE },
        replication: AT_ONCE,
        streams: true,
        sometimes: vec![],
        ..Scenario::default()
    }
}

/// Reads lag: a member is removed by one natter and posts through the other.
pub fn lagging_reads() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Remove { user: 1 }), by(1, Post { client: 0 }), by(0, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 0, Always)],
        replication: LAGGING,
        streams: true,
        sometimes: vec![Collision, Refused, Lagging],
        ..Scenario::default()
    }
}

/// Reads lag: two changes of a message and a reader.
pub fn lagging_changes() -> Scenario {
    Scenario {
        natters: 2,
        before: vec![by(0, Post { client: 9 })],
        requests: vec![by(0, Pin { seq: 1 }), by(1, Edit { seq: 1, text: 1, base: 1 }), by(1, Read)],
        sends: vec![send(&[0], 0, Always), send(&[1], 1, Always), send(&[2], 1, Always)],
        replication: LAGGING,
        sometimes: vec![Collision, Lagging],
        ..Scenario::default()
    }
}

fn by(actor: u8, command: Command) -> Request {
    Request { room: 0, actor, command }
}

fn send(requests: &[u8], natter: usize, when: When) -> Send {
    Send { requests: requests.to_vec(), natter, when }
}
