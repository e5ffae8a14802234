//! The replica set: an oplog whose beginning has a majority, and the commands that it executes.

use std::sync::Arc;

use crate::{
    collections::{Collections, Failure, Statement},
    document::{Document, Key},
    rule::Rules,
};

/// The place of a natter in `State::natters`.
pub type NatterId = usize;

/// The database. The part of the oplog that has a majority is kept as the documents that it made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Database {
    /// What majority reads see.
    pub permanent: Arc<Collections>,
    /// The part of the oplog that has no majority yet. A step-down can take its end away.
    pub recent: Vec<Statement>,
    /// Commands that are executed or whose answer has not been read.
    pub commands: Vec<InFlight>,
    /// Not part of the database: the insertions with a majority, in order. No process sees it but through its stream.
    pub history: Arc<Vec<Insertion>>,
    /// What `permanent` was before, oldest first. Empty where reads do not lag.
    pub earlier: Vec<Arc<Collections>>,
}

/// An insertion into `log`, in the order of commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Insertion {
    pub key: Key,
    pub document: Document,
    /// Whether it is a change whose number had been trimmed. The stream reports it, but it is not part of the log.
    pub stray: bool,
}

/// An ordered command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InFlight {
    /// Who waits for the answer. Nobody does after a timeout or a crash.
    pub owner: Option<NatterId>,
    pub statements: Vec<Statement>,
    /// For each executed statement, how many writes of `recent` must have a majority for it to be permanent.
    pub awaits: Vec<u8>,
    pub failure: Option<Failure>,
}

/// How the reads and writes of a scenario behave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Replication {
    /// Whether a write has its majority at once, as it does where no step-down can come.
    pub at_once: bool,
    /// Whether majority reads may lag.
    pub lags: bool,
}

impl Database {
    /// The documents at the primary.
    pub fn primary(&self, rules: Rules) -> Arc<Collections> {
        let mut collections = self.permanent.clone();
        for statement in &self.recent {
            // it did not fail when it was executed, and all before it is as it was then
            let _ = Arc::make_mut(&mut collections).execute(statement, rules);
        }
        collections
    }

    pub fn send(&mut self, owner: NatterId, statements: Vec<Statement>) {
        self.commands.push(InFlight { owner: Some(owner), statements, awaits: Vec::new(), failure: None });
    }

    /// Executes the next statement of a command.
    pub fn execute(&mut self, command: usize, replication: Replication, rules: Rules) {
        let Some(statement) = self.commands[command].next().cloned() else { return };
        let outcome = Arc::make_mut(&mut self.primary(rules)).execute(&statement, rules);
        if outcome == Ok(true) {
            self.recent.push(statement);
            if replication.at_once {
                self.replicate(replication, rules);
            }
        }
        let length = self.recent.len() as u8;
        let command = &mut self.commands[command];
        match outcome {
            Ok(_) => {
                // also a statement that changed nothing waits for the majority of all that it may have seen
                command.awaits.push(length);
            }
            Err(failure) => command.failure = Some(failure),
        }
        self.forget_finished();
    }

    /// The insertions that are part of the log.
    pub fn log(&self) -> impl Iterator<Item = &Insertion> {
        self.history.iter().filter(|insertion| !insertion.stray)
    }

    /// Gives the oldest recent write its majority.
    pub fn replicate(&mut self, replication: Replication, rules: Rules) {
        let statement = self.recent.remove(0);
        if replication.lags {
            self.earlier.push(self.permanent.clone());
        }
        if let Statement::Insert(key, document) = &statement {
            let stray = matches!(document, Document::Change(_)) && key.rev <= self.permanent.floor(key.room);
            Arc::make_mut(&mut self.history).push(Insertion { key: *key, document: document.clone(), stray });
        }
        let _ = Arc::make_mut(&mut self.permanent).execute(&statement, rules);
        for command in &mut self.commands {
            command.awaits.iter_mut().for_each(|awaits| *awaits = awaits.saturating_sub(1));
        }
    }

    /// Elects a primary that has only the first `kept` recent writes. Answers who lost a command.
    ///
    /// The driver may send a command again (`retries`): the new primary skips the statements that it has. A command
    /// that lost nothing goes on in any case: that it ends here is a timeout.
    pub fn elect(&mut self, kept: usize, retries: bool) -> Vec<NatterId> {
        self.recent.truncate(kept);
        let mut owners = Vec::new();
        self.commands.retain_mut(|command| {
            let permanent = command.awaits.iter().filter(|awaits| usize::from(**awaits) <= kept).count();
            if permanent == command.awaits.len() {
                return true;
            }
            if retries && command.owner.is_some() {
                command.awaits.truncate(permanent);
                command.failure = None;
                return true;
            }
            owners.extend(command.owner);
            false
        });
        owners
    }

    /// The command of a natter.
    pub fn command_of(&self, natter: NatterId) -> Option<usize> {
        self.commands.iter().position(|command| command.owner == Some(natter))
    }

    /// Leaves the command of a natter without an owner. It may still be executed.
    pub fn disown(&mut self, natter: NatterId) {
        if let Some(command) = self.command_of(natter) {
            self.commands[command].owner = None;
        }
        self.forget_finished();
    }

    /// Forgets commands that have nothing left to execute and whose answer nobody awaits.
    fn forget_finished(&mut self) {
        self.commands.retain(|command| command.owner.is_some() || command.next().is_some());
    }

    /// The snapshot that a majority read may return: a place in the oplog, counted in writes.
    pub fn latest(&self) -> usize {
        self.earlier.len()
    }

    pub fn snapshot(&self, place: usize) -> &Arc<Collections> {
        self.earlier.get(place).unwrap_or(&self.permanent)
    }
}

impl InFlight {
    /// The next statement to execute.
    pub fn next(&self) -> Option<&Statement> {
        self.statements.get(self.awaits.len()).filter(|_| self.failure.is_none())
    }

    pub fn executed(&self) -> u8 {
        self.awaits.len() as u8
    }

    /// Whether the answer can be given: nothing is left to execute, and what was executed has a majority.
    pub fn finished(&self) -> bool {
        self.next().is_none() && self.awaits.iter().all(|awaits| *awaits == 0)
    }
}
