//! What always holds, and what sometimes happens.

use stateright::{Model, Property};

use crate::{
    database::Insertion,
    document::{Document, Room},
    domain::{Command, RoomState},
    model::{State, System},
    natter::{Setback, Step},
    rule::Rule,
    scenario::{BEFORE, Scenario, When},
};

/// What happens in some execution of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A number was taken.
    Collision,
    /// A step-down took writes away.
    Rollback,
    /// The outcome of a command is unknown to its natter, and it has happened.
    UnknownButCommitted,
    /// A change below the floor was stopped by the fence.
    Fenced,
    /// A natter derives a document for another.
    Settling,
    Trimmed,
    Refused,
    /// A read of a natter lags behind the latest majority.
    Lagging,
}

/// The properties of a scenario.
pub fn all(scenario: &Scenario) -> Vec<Property<System>> {
    let mut properties = vec![
        Property::always("no gap", |_, state| numbers_are_dense(state)),
        Property::always("no double", |_, state| nothing_is_doubled(state)),
        Property::always("acknowledged is there for good", acknowledged_is_there),
        Property::always("acknowledged is in every later read", |_, state: &State| !state.missed),
        Property::always("refused is not there", |_, state| refused_is_not_there(state)),
        Property::always("derived state is the fold of the log", |_, state| derived_is_fold(state)),
        Property::always("readers see all up to their cursor", |_, state| readers_are_complete(state)),
        Property::always("removed changes are below the floor", |_, state| removed_are_below_floor(state)),
        Property::always("nothing is committed without the right", |_, state| rights_hold(state)),
        Property::always("replaced texts are gone", |_, state| replaced_texts_are_gone(state)),
        Property::always("deleted accounts have no texts", deleted_accounts_have_no_texts),
        Property::always("readers reach the head", readers_reach_the_head),
        Property::always("requests are answered", requests_are_answered),
        Property::always("nothing is stuck", nothing_is_stuck),
        Property::sometimes("everything is done", at_rest),
    ];
    properties.extend(scenario.sometimes.iter().map(|witness| match witness {
        Witness::Collision => Property::sometimes("collision", |_, state| setback(state, Setback::Collision)),
        Witness::Rollback => Property::sometimes("rollback", |_, state: &State| state.rolled_back),
        Witness::UnknownButCommitted => Property::sometimes("unknown but committed", |_, state| unknown(state)),
        Witness::Fenced => Property::sometimes("fenced", |_, state| setback(state, Setback::Fenced)),
        Witness::Settling => {
            Property::sometimes("settling", |_, state| tasks(state).any(|task| task.step == Step::AwaitSettled))
        }
        Witness::Trimmed => Property::sometimes("trimmed", |_, state: &State| {
            let log = &state.database.permanent.log;
            state.database.log().any(|insertion| !log.contains_key(&insertion.key))
        }),
        Witness::Refused => Property::sometimes("refused", |_, state: &State| state.answers.iter().any(|a| a.refused)),
        Witness::Lagging => Property::sometimes("lagging", |_, state: &State| {
            state.natters.iter().any(|natter| natter.session < state.database.latest())
        }),
    }));
    properties
}

fn tasks(state: &State) -> impl Iterator<Item = &crate::natter::Task> {
    state.natters.iter().filter_map(|natter| natter.task.as_ref())
}

fn setback(state: &State, setback: Setback) -> bool {
    tasks(state).any(|task| task.setback == Some(setback))
}

fn unknown(state: &State) -> bool {
    tasks(state).filter(|task| task.setback == Some(Setback::Unknown)).any(|task| {
        let committed = |request| state.database.log().any(|i| i.document.request() == request);
        task.items.iter().any(|item| committed(item.request))
    })
}

fn rooms(state: &State) -> impl Iterator<Item = Room> {
    let last = state.database.history.iter().map(|insertion| insertion.key.room).max();
    0..=last.unwrap_or(0)
}

fn history(state: &State, room: Room) -> impl Iterator<Item = &Insertion> {
    state.database.log().filter(move |insertion| insertion.key.room == room)
}

/// The revs of a room are 1, 2, 3 … in the order of commit, and so are the seqs of its posts.
fn numbers_are_dense(state: &State) -> bool {
    rooms(state).all(|room| {
        let revs = history(state, room).map(|insertion| insertion.key.rev);
        let seqs = history(state, room).filter_map(|insertion| insertion.document.seq());
        revs.eq(1..=history(state, room).count() as u8)
            && seqs.enumerate().all(|(place, seq)| usize::from(seq) == place + 1)
    })
}

/// A client id is stored once, and a change is committed once.
fn nothing_is_doubled(state: &State) -> bool {
    let history: Vec<_> = state.database.log().collect();
    let same = |a: &Document, b: &Document| match (a, b) {
        (Document::Post(a), Document::Post(b)) => a.client.is_some() && (a.author, a.client) == (b.author, b.client),
        // natter's own deletions have their request from what they belong to
        (Document::Change(a), Document::Change(b)) => a.request == b.request && a.of == b.of,
        _ => false,
    };
    history.iter().enumerate().all(|(place, a)| {
        a.document.request() == BEFORE || !history[place + 1..].iter().any(|b| same(&a.document, &b.document))
    })
}

fn acknowledged_is_there(system: &System, state: &State) -> bool {
    state.answers.iter().enumerate().all(|(request, answers)| {
        answers.acknowledged.is_none_or(|rev| {
            let room = system.scenario.requests[request].room;
            let committed = |i: &Insertion| i.key.rev == rev && usize::from(i.document.request()) == request;
            history(state, room).any(committed)
        })
    })
}

fn refused_is_not_there(state: &State) -> bool {
    let refused = |request: u8| state.answers.get(usize::from(request)).is_some_and(|answers| answers.refused);
    !state.database.log().any(|insertion| refused(insertion.document.request()))
}

/// The derived state of each document is the fold of the log, of all of it or of all but the newest document.
fn derived_is_fold(state: &State) -> bool {
    rooms(state).all(|room| {
        let (mut before, mut after) = (RoomState::default(), RoomState::default());
        for insertion in history(state, room) {
            before.clone_from(&after);
            after.apply(&insertion.document, insertion.key.rev);
        }
        let derived = state.database.permanent.state(room);
        let messages = derived.messages.iter().all(|(seq, message)| {
            after.messages.get(seq) == Some(message) || before.messages.get(seq) == Some(message)
        });
        messages
            && derived.messages.len() == after.messages.len()
            && (derived.memberships == after.memberships || derived.memberships == before.memberships)
    })
}

/// Up to its cursor, a reader has the latest state of every message.
fn readers_are_complete(state: &State) -> bool {
    state.natters.iter().filter_map(|natter| natter.socket.as_ref()).all(|socket| {
        let mut fold = RoomState::default();
        for insertion in history(state, socket.room) {
            fold.apply(&insertion.document, insertion.key.rev);
        }
        let mut known = fold.messages.iter().filter(|(_, message)| message.changed <= socket.cursor);
        known.all(|(seq, message)| socket.view.get(seq) == Some(message))
    })
}

/// Only changes are ever removed, and only up to the floor.
fn removed_are_below_floor(state: &State) -> bool {
    let permanent = &state.database.permanent;
    state.database.log().all(|Insertion { key, document, .. }| {
        let trimmed = matches!(document, Document::Change(_)) && key.rev <= permanent.floor(key.room);
        trimmed || permanent.log.contains_key(key)
    })
}

/// Nobody who was removed commits anything later. natter's own deletions are nobody's.
fn rights_hold(state: &State) -> bool {
    rooms(state).all(|room| {
        let mut fold = RoomState::default();
        history(state, room).all(|Insertion { key, document, .. }| {
            let allowed = fold.is_member(document.actor());
            fold.apply(document, key.rev);
            allowed
        })
    })
}

/// Of the edits of a message only the newest carries a text, and after a delete none. Strays wait for the next trim.
fn replaced_texts_are_gone(state: &State) -> bool {
    let permanent = &state.database.permanent;
    permanent.log.iter().all(|(key, document)| match document {
        Document::Change(change) if change.text.is_some() && key.rev > permanent.floor(key.room) => {
            let mut messages = permanent.posts(key.room).filter(|(_, message)| message.seq == change.of);
            messages.all(|(_, message)| message.text_rev <= key.rev)
        }
        _ => true,
    })
}

/// Whether nothing is going on and nothing is left to do.
fn at_rest(system: &System, state: &State) -> bool {
    let sends = system.scenario.sends.iter().enumerate();
    let mut due = sends.filter(|(_, send)| match send.when {
        When::Always | When::Answered(_) => true,
        When::Perhaps => false,
        When::Quiet(_) => system.rules.hold(Rule::SearchAgain),
    });
    let database = &state.database;
    // the removal of an account is a durable job: another process takes it over after a crash
    let mut jobs = system.scenario.requests.iter().zip(&state.answers).filter(|(request, _)| match request.command {
        Command::RemoveAccount { .. } => true,
        Command::SearchAgain { .. } => system.rules.hold(Rule::SearchAgain),
        _ => false,
    });
    jobs.all(|(_, answers)| answers.any())
        && due.all(|(place, _)| state.sent & (1 << place) != 0)
        && database.commands.is_empty()
        && database.recent.is_empty()
        && state.natters.iter().all(|natter| natter.task.is_none() && !natter.must_catch_up())
        && system.scenario.streams.iter().all(|natter| state.natters[*natter].stream == database.history.len())
}

fn deleted_accounts_have_no_texts(system: &System, state: &State) -> bool {
    let database = &state.database.permanent;
    if database.deleted_accounts.is_empty() || !at_rest(system, state) {
        return true;
    }
    database.log.values().all(|document| {
        let deleted = database.deleted_accounts.contains(&document.actor());
        let text = match document {
            Document::Post(message) => message.text,
            Document::Change(change) => change.text,
        };
        !deleted || text.is_none()
    })
}

fn readers_reach_the_head(system: &System, state: &State) -> bool {
    let head = |room| history(state, room).map(|insertion| insertion.key.rev).max().unwrap_or(0);
    let followers = system.scenario.streams.iter().map(|natter| &state.natters[*natter]);
    let mut sockets = followers.filter_map(|natter| natter.socket.as_ref());
    sockets.all(|socket| socket.cursor == head(socket.room)) || !at_rest(system, state)
}

fn requests_are_answered(system: &System, state: &State) -> bool {
    let crashed = state.faults.crashes < system.scenario.faults.crashes;
    let sent = |request| {
        let mut sends = system.scenario.sends.iter().enumerate();
        sends.any(|(place, send)| state.sent & (1 << place) != 0 && send.requests.contains(&request))
    };
    let mut answers = state.answers.iter().enumerate();
    crashed || !at_rest(system, state) || answers.all(|(request, answers)| answers.any() || !sent(request as u8))
}

fn nothing_is_stuck(system: &System, state: &State) -> bool {
    let mut actions = Vec::new();
    system.actions(state, &mut actions);
    !actions.is_empty() || tasks(state).next().is_none()
}
