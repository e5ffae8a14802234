//! The checked system: a scenario under the rules, as a stateright model.

use stateright::{Model, Property};

use crate::{
    collections::{Collections, Statement},
    database::{Database, NatterId},
    document::Key,
    domain::effects,
    natter::{Answers, Natter, Purpose, Step, Turn},
    properties,
    rule::{Rule, Rules},
    scenario::{Faults, Scenario, When},
};

#[derive(Clone, Debug)]
pub struct System {
    pub scenario: Scenario,
    pub rules: Rules,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub database: Database,
    pub natters: Vec<Natter>,
    /// What was answered to each request.
    pub answers: Vec<Answers>,
    /// Which of the scenario's sends have happened, a bit each.
    pub sent: u32,
    pub faults: Faults,
    /// Whether a step-down has taken writes away.
    pub rolled_back: bool,
    /// Whether a read missed what had been acknowledged before it began.
    pub missed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A client sends requests.
    Send(usize),
    /// A natter reads, at a place of the oplog, or takes an answer.
    Step(NatterId, usize),
    /// The primary executes the next statement of a command.
    Execute(usize),
    /// The primary stops executing a command that nobody waits for.
    Stop(usize),
    /// The oldest write without a majority gets it.
    Replicate,
    /// A primary is elected that has only so many of the writes without a majority. The driver may retry commands.
    Elect {
        kept: usize,
        retries: bool,
    },
    Timeout(NatterId),
    Crash(NatterId),
    Stream(NatterId),
    LosePlace(NatterId),
    CatchUp(NatterId),
}

impl System {
    pub fn new(scenario: Scenario, skipped: Option<Rule>) -> Self {
        Self { scenario, rules: Rules { skipped } }
    }

    fn turn<'a>(&'a self, state: &'a mut State, natter: NatterId) -> Turn<'a> {
        Turn { scenario: &self.scenario, rules: self.rules, state, natter }
    }

    /// Whether a send can happen now.
    fn may_send(&self, state: &State, send: usize) -> bool {
        let what = &self.scenario.sends[send];
        let answered = |request: u8| state.answers[usize::from(request)].any();
        let writes = |natter: &Natter| natter.task.as_ref().is_some_and(|task| task.purpose == Purpose::Write);
        let when = match what.when {
            When::Always | When::Perhaps => true,
            When::Answered(request) => answered(request),
            When::Quiet(request) => {
                let quiet = state.database.commands.is_empty() && !state.natters.iter().any(writes);
                answered(request) && quiet && self.rules.hold(Rule::SearchAgain)
            }
        };
        when && state.sent & (1 << send) == 0 && state.natters[what.natter].task.is_none()
    }

    /// What a natter can do, or what can happen to it.
    fn natter_actions(&self, state: &State, id: NatterId, actions: &mut Vec<Action>) {
        let natter = &state.natters[id];
        let database = &state.database;
        match &natter.task {
            Some(task) if task.step.waits() => {
                let command = database.command_of(id).map(|command| &database.commands[command]);
                if command.is_some_and(crate::database::InFlight::finished) {
                    actions.push(Action::Step(id, 0));
                }
                if state.faults.timeouts > 0 {
                    actions.push(Action::Timeout(id));
                }
            }
            Some(task) => {
                let confirmed = task.step == Step::ReadHead
                    && matches!(task.purpose, Purpose::Page | Purpose::CatchUp)
                    && self.rules.hold(Rule::ConfirmHead);
                let first = if confirmed { database.latest() } else { natter.session };
                actions.extend((first..=database.latest()).map(|place| Action::Step(id, place)));
            }
            None => {
                if self.scenario.streams.contains(&id) && natter.stream < database.history.len() {
                    actions.push(Action::Stream(id));
                    if state.faults.lost_places > 0 {
                        actions.push(Action::LosePlace(id));
                    }
                }
                if natter.must_catch_up() {
                    actions.push(Action::CatchUp(id));
                }
            }
        }
        if state.faults.crashes > 0 && natter.task.is_some() {
            actions.push(Action::Crash(id));
        }
    }
}

impl Model for System {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let history = self.scenario.history();
        let mut permanent = Collections::default();
        for insertion in &history {
            let Key { room, .. } = insertion.key;
            let state = permanent.state(room);
            let mut statements = vec![Statement::Insert(insertion.key, insertion.document.clone())];
            let effects = effects(&insertion.document, insertion.key.rev, &state).into_iter();
            statements.extend(effects.map(|effect| Statement::derive(insertion.key, effect, true)));
            for statement in statements {
                let _ = permanent.execute(&statement, self.rules);
            }
        }
        let natter = Natter { stream: history.len(), ..Natter::default() };
        vec![State {
            database: Database { permanent: permanent.into(), history: history.into(), ..Database::default() },
            natters: vec![natter; self.scenario.natters],
            answers: vec![Answers::default(); self.scenario.requests.len()],
            sent: 0,
            faults: self.scenario.faults,
            rolled_back: false,
            missed: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let sends = (0..self.scenario.sends.len()).filter(|send| self.may_send(state, *send));
        actions.extend(sends.map(Action::Send));
        for natter in 0..state.natters.len() {
            self.natter_actions(state, natter, actions);
        }
        for (place, command) in state.database.commands.iter().enumerate() {
            if command.next().is_some() {
                actions.push(Action::Execute(place));
                if command.owner.is_none() {
                    actions.push(Action::Stop(place));
                }
            }
        }
        if !state.database.recent.is_empty() {
            actions.push(Action::Replicate);
            if state.faults.elections > 0 {
                for kept in 0..state.database.recent.len() {
                    actions.push(Action::Elect { kept, retries: false });
                    actions.push(Action::Elect { kept, retries: true });
                }
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let replication = self.scenario.replication;
        match action {
            Action::Send(send) => {
                state.sent |= 1 << send;
                let send = &self.scenario.sends[send];
                self.turn(&mut state, send.natter).begin(&send.requests);
            }
            Action::Step(natter, place) => self.turn(&mut state, natter).step(place),
            Action::Execute(command) => state.database.execute(command, replication, self.rules),
            Action::Stop(command) => {
                state.database.commands.remove(command);
            }
            Action::Replicate => state.database.replicate(replication, self.rules),
            Action::Elect { kept, retries } => {
                state.faults.elections -= 1;
                state.rolled_back = true;
                for natter in state.database.elect(kept, retries) {
                    self.turn(&mut state, natter).unknown();
                }
            }
            Action::Timeout(natter) => {
                state.faults.timeouts -= 1;
                self.turn(&mut state, natter).unknown();
            }
            Action::Crash(natter) => {
                state.faults.crashes -= 1;
                self.turn(&mut state, natter).crash();
            }
            Action::Stream(natter) => self.turn(&mut state, natter).stream(),
            Action::LosePlace(natter) => {
                state.faults.lost_places -= 1;
                self.turn(&mut state, natter).lose_place();
            }
            Action::CatchUp(natter) => self.turn(&mut state, natter).catch_up(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(&self.scenario)
    }
}
