//! What a scenario consists of. `scenarios` has the scenarios.

use crate::{
    database::{Insertion, NatterId, Replication},
    document::{Key, RequestId, Room, User},
    domain::{Command, Decision, RoomState, decide},
    natter::Item,
    properties::Witness,
};

/// A small system that is checked exhaustively.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    pub natters: usize,
    /// What the rooms' logs hold at the beginning.
    pub before: Vec<Request>,
    pub requests: Vec<Request>,
    pub sends: Vec<Send>,
    pub faults: Faults,
    pub replication: Replication,
    /// Who follows the change stream.
    pub streams: Vec<NatterId>,
    /// What happens in some execution. A scenario in which it never does checks less than it should.
    pub sometimes: Vec<Witness>,
}

#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub room: Room,
    pub actor: User,
    pub command: Command,
}

/// One sending of one or several requests to a natter. Each happens once at most, in any order.
#[derive(Clone, Debug)]
pub struct Send {
    pub requests: Vec<RequestId>,
    pub natter: NatterId,
    pub when: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    /// It may also never happen: a client that sends again, to the same natter or to another one.
    Perhaps,
    /// After this request was answered.
    Answered(RequestId),
    /// After this request was answered, and when nothing that came before can still be on its way.
    Quiet(RequestId),
}

/// How often each fault may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    pub elections: u8,
    pub timeouts: u8,
    pub crashes: u8,
    pub lost_places: u8,
}

/// The request of what a log holds at the beginning.
pub const BEFORE: RequestId = 31;

impl Scenario {
    pub fn item(&self, request: RequestId) -> Item {
        let Request { actor, command, .. } = self.requests[usize::from(request)];
        Item { request, actor, command, system: false, since: None }
    }

    pub fn removes_accounts(&self) -> bool {
        self.requests.iter().any(|request| matches!(request.command, Command::RemoveAccount { .. }))
    }

    /// The insertions of `before`.
    pub fn history(&self) -> Vec<Insertion> {
        let mut history: Vec<Insertion> = Vec::new();
        for Request { room, actor, command } in &self.before {
            let mut state = RoomState::default();
            let mut rev = 0;
            for insertion in history.iter().filter(|insertion| insertion.key.room == *room) {
                rev = insertion.key.rev;
                state.apply(&insertion.document, rev);
            }
            let seq = state.messages.len() as u8;
            if let Decision::Commit(document) = decide(*command, BEFORE, *actor, &state, (rev + 1, seq + 1)) {
                history.push(Insertion { key: Key { room: *room, rev: rev + 1 }, document, stray: false });
            }
        }
        history
    }
}
