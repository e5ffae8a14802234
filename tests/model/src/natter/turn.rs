//! One step of a natter.

use crate::{
    collections::{Collections, Statement},
    database::NatterId,
    document::{Document, Key, RequestId, Rev},
    domain::{Effect, RoomState, effects},
    model::State,
    natter::{Head, Purpose, Setback, Step, Task},
    rule::{Rule, Rules},
    scenario::Scenario,
};

/// A natter's step: one read, or the answer to one command, and what follows without the database.
pub struct Turn<'a> {
    pub scenario: &'a Scenario,
    pub rules: Rules,
    pub state: &'a mut State,
    pub natter: NatterId,
}

impl Turn<'_> {
    /// Begins what a client sent.
    pub fn begin(&mut self, requests: &[RequestId]) {
        let items: Vec<_> = requests.iter().map(|request| self.scenario.item(*request)).collect();
        let room = self.scenario.requests[usize::from(requests[0])].room;
        let mut task = Task::new(Purpose::of(items[0].command), room, items);
        task.expected = self.acknowledged();
        match task.purpose {
            Purpose::Write => self.load(&mut task),
            Purpose::Page if !self.rules.hold(Rule::HeadBeforeMessages) => task.step = Step::ReadMessages,
            Purpose::RemoveAccount => self.remove_account(&mut task),
            Purpose::Page | Purpose::CatchUp | Purpose::Trim => {}
        }
        self.state.natters[self.natter].task = Some(task);
    }

    /// Takes the next step. A read sees the snapshot at `place`.
    pub fn step(&mut self, place: usize) {
        let Some(mut task) = self.state.natters[self.natter].task.take() else { return };
        task.setback = None;
        let ended = if task.step.waits() { self.answered(&mut task) } else { self.read(&mut task, place) };
        self.state.natters[self.natter].task = Some(task).filter(|_| !ended);
    }

    /// Reads what the step needs. Answers whether the task has ended.
    fn read(&mut self, task: &mut Task, place: usize) -> bool {
        let seen = if self.rules.hold(Rule::MajorityReads) {
            self.state.database.snapshot(place).clone()
        } else {
            self.state.database.primary(self.rules)
        };
        if self.rules.hold(Rule::CausalReads) {
            let session = &mut self.state.natters[self.natter].session;
            *session = place.max(*session);
        }
        match task.step {
            Step::ReadHead => self.read_head(task, &seen),
            Step::CheckSettled => self.check_settled(task, &seen),
            Step::ReadRights => self.read_rights(task, &seen),
            Step::ReadState => return self.commit(task, &seen),
            Step::CheckAccount => return self.check_account(task, &seen),
            Step::ReadMessages => return self.read_messages(task, &seen),
            Step::Search => return self.search(task, &seen),
            _ => unreachable!("{:?} is no read", task.step),
        }
        false
    }

    /// Takes the answer to the command that was sent. Answers whether the task has ended.
    fn answered(&mut self, task: &mut Task) -> bool {
        let database = &mut self.state.database;
        let Some(command) = database.command_of(self.natter) else { return false };
        let command = database.commands.remove(command);
        self.state.natters[self.natter].session = self.state.database.latest();
        match task.step {
            Step::AwaitSettled => {
                task.head.unsettled = None;
                self.after_head(task);
                false
            }
            Step::AwaitCommit => self.committed(task, &command),
            Step::AwaitFloor => self.floor_raised(task),
            Step::AwaitTrimmed => self.trimmed(task),
            Step::AwaitAccount => {
                task.step = Step::Search;
                false
            }
            _ => unreachable!("{:?} awaits nothing", task.step),
        }
    }

    /// The outcome of the natter's command stays unknown to it.
    pub fn unknown(&mut self) {
        self.state.database.disown(self.natter);
        let Some(mut task) = self.state.natters[self.natter].task.take() else { return };
        self.state.natters[self.natter].heads.remove(&task.room);
        task.setback = Some(Setback::Unknown);
        let ended = match task.step {
            Step::AwaitCommit => self.commit_unknown(&mut task),
            Step::AwaitTrimmed => self.trimmed(&mut task),
            Step::AwaitAccount => {
                self.remove_account(&mut task);
                false
            }
            _ => {
                task.step = Step::ReadHead;
                false
            }
        };
        self.state.natters[self.natter].task = Some(task).filter(|_| !ended);
    }

    pub fn send(&mut self, task: &mut Task, statements: Vec<Statement>, step: Step) {
        self.state.database.send(self.natter, statements);
        task.step = step;
    }

    /// The statements that derive the document at `key`.
    pub fn derivation(&self, key: Key, document: &Document, state: &RoomState) -> Vec<Statement> {
        let mut effects = effects(document, key.rev, state);
        if !self.rules.hold(Rule::Scrub) {
            effects.retain(|effect| !matches!(effect, Effect::Scrub(_)));
        }
        if !self.rules.hold(Rule::ScrubBeforeDerive) {
            effects.sort_by_key(|effect| matches!(effect, Effect::Scrub(_)));
        }
        let guarded = self.rules.hold(Rule::DeriveIfOlder);
        effects.into_iter().map(|effect| Statement::derive(key, effect, guarded)).collect()
    }

    pub fn acknowledged(&self) -> u32 {
        let requests = self.state.answers.iter().enumerate();
        requests.filter(|(_, answers)| answers.acknowledged.is_some()).map(|(request, _)| 1 << request).sum()
    }

    pub fn acknowledge(&mut self, request: RequestId, rev: Rev) {
        self.state.answers[usize::from(request)].acknowledged = Some(rev);
    }

    pub fn refuse(&mut self, request: RequestId) {
        self.state.answers[usize::from(request)].refused = true;
    }

    /// Answers without a promise.
    pub fn answer(&mut self, request: RequestId) {
        self.state.answers[usize::from(request)].other = true;
    }

    pub fn known_head(&self, task: &Task) -> Option<Head> {
        self.state.natters[self.natter].heads.get(&task.room).cloned()
    }

    /// Remembers a settled head.
    pub fn learn_head(&mut self, task: &Task) {
        self.state.natters[self.natter].heads.insert(task.room, task.head.clone());
    }

    /// The documents of a room's log as a read of the head sees them.
    pub fn heads_seen<'a>(&self, seen: &'a Collections, primary: &'a Collections) -> &'a Collections {
        if self.rules.hold(Rule::HeadIsPermanent) { seen } else { primary }
    }
}
