//! Commits changes of messages, replies and notices, with one ordered command.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use mongodb::bson;

use super::{
    jobs::Queued,
    publish::Committed,
    room_writer::RoomWriter,
    uploads::removed_files,
    write::{Rest, Stop},
};
use crate::{
    domain::{
        Action, Message, RoomId,
        rules::{Change, Concerned, Head, Refusal, apply},
    },
    store::{
        Error, Result,
        mongo::{
            authors::Accounts,
            causal::CausalSession,
            documents::RoomNameDoc,
            log_documents::{ChangeDoc, MessageDoc},
            settle::derive,
            statements::{Failure, Ran, Statements},
            unique_index::{CLIENT_INDEX, FILE_INDEX},
        },
    },
};

/// The maximum number of commands in one write: each has up to five statements, and two of them can have a text.
const MAX_COMMANDS: usize = 50;

/// A message that commands change or refer to.
struct Loaded {
    message: Message,
    post_rev: u64,
    client: String,
}

/// What commands need to be applied.
struct Read {
    messages: HashMap<u64, Loaded>,
    /// The accounts of those who gave the commands, and of those whom they add.
    accounts: Arc<Accounts>,
    /// The number of pinned messages; 0 unless a command is a pin.
    pins: u64,
}

/// What a command does in a write.
enum Planned {
    /// Its statements end before the index `end`.
    Commit { done: Box<Committed>, start: usize, end: usize },
    /// It changes nothing: an answer that may depend on the changes before it.
    Answer { queued: Box<Queued>, answer: Box<Result<Message>> },
}

/// The commands of a write, and their statements.
#[derive(Default)]
struct Plan {
    commands: Vec<Planned>,
    statements: Statements,
    /// The message that changes the room or its members. It is the last command.
    room_change: Option<MessageDoc>,
    /// The name among the open rooms that the last command gives up.
    given_up: Option<RoomNameDoc>,
}

impl RoomWriter {
    /// Commits the commands under the numbers after `head`, in order.
    pub async fn write_changes(
        &mut self,
        head: Head,
        mut commands: VecDeque<Queued>,
        session: &mut CausalSession,
    ) -> Rest {
        let unwritten = commands.split_off(commands.len().min(MAX_COMMANDS));
        let (plan, later) = match self.plan(head, commands, session).await {
            Ok(planned) => planned,
            Err((commands, error)) => {
                return Rest {
                    commands: commands.into_iter().chain(unwritten).collect(),
                    stop: Some(Stop::Unknown(error)),
                };
            }
        };
        let Plan { commands, statements, room_change, given_up } = plan;
        let ran = match statements.is_empty() {
            true => Ran::All,
            false => self.commands.update(statements).await,
        };
        let (mut rest, mut committed) = self.finish(head, commands, ran, session).await;
        if rest.stop.is_none()
            && let Some(message) = room_change
        {
            self.forget_rights();
            if let Err(error) = self.db.derive_room(&message, session).await {
                // not acknowledged until the next read of the head has derived it: a removed member could still read
                let done = committed.pop().map(Committed::into_attempted);
                rest = Rest { commands: done.into_iter().collect(), stop: Some(Stop::Unknown(error)) };
            } else {
                self.after_room_change(&message, given_up).await;
            }
        }
        rest.commands.extend(later.into_iter().chain(unwritten));
        rest.commands.extend(self.publish(committed).await);
        rest
    }

    /// Applies the commands one after another. Returns those that have to wait for the others.
    async fn plan(
        &mut self,
        mut at: Head,
        commands: VecDeque<Queued>,
        session: &mut CausalSession,
    ) -> std::result::Result<(Plan, VecDeque<Queued>), (VecDeque<Queued>, Error)> {
        let Read { mut messages, accounts, mut pins } = match self.read(&commands, session).await {
            Ok(read) => read,
            Err(error) => return Err((commands, error)),
        };
        let mut plan = Plan::default();
        let mut commands = commands;
        while let Some(mut queued) = commands.pop_front() {
            queued.account_exists |= queued.is_trusted || accounts.may_write(&queued.by);
            if !queued.account_exists {
                queued.fail(&Error::NotFound);
                continue;
            }
            let target = queued.command.action.target().and_then(|seq| messages.get(&seq));
            let root = target.and_then(|target| messages.get(&target.message.root?));
            let message = |loaded: Option<&'_ Loaded>| loaded.map(|loaded| &loaded.message).cloned();
            let (before, root_before) = (message(target), message(root));
            // not before: no command comes after one that changes a membership
            let concerned = match queued.command.action.member(queued.by) {
                None => Ok(Concerned::default()),
                Some(user) => self.db.concerned(&self.room, user, session).await,
            };
            let concerned = match concerned {
                Ok(concerned) => concerned,
                Err(error) => {
                    plan.commands.push(Planned::answer(queued, Err(error)));
                    continue;
                }
            };
            // the rights are loaded
            let Some(state) = self.state(at, &queued, before.as_ref(), root_before.as_ref(), pins, &concerned) else {
                continue;
            };
            let applied = apply(&state, &queued.command);
            match (applied, before) {
                (Err(refusal), _) => {
                    plan.commands.push(Planned::answer(queued, Err(refusal.into())));
                }
                (Ok(None), Some(before)) => plan.commands.push(Planned::answer(queued, Ok(before))),
                (Ok(None), None) => plan.commands.push(Planned::answer(queued, Err(Error::Unchanged))),
                (Ok(Some(change)), before) => {
                    let start = plan.statements.len();
                    // deleted after the user was looked up
                    if queued.added_user().is_some_and(|user| !accounts.authors.contains_key(&user)) {
                        plan.commands.push(Planned::answer(queued, Err(Refusal::NoSuchMember.into())));
                        continue;
                    }
                    let given_up = match self.change_name(change.room.as_ref(), session).await {
                        Ok(given_up) => given_up,
                        Err(error) => {
                            plan.commands.push(Planned::answer(queued, Err(error)));
                            continue;
                        }
                    };
                    let room_change = match plan.add(at, &queued, &change, before.as_ref(), &mut messages, &self.room) {
                        Ok(room_change) => room_change,
                        Err(error) => {
                            plan.commands.push(Planned::answer(queued, Err(error)));
                            continue;
                        }
                    };
                    at.rev = change.message.rev;
                    let is_pinned = |message: &Message| i64::from(message.pinned_at.is_some());
                    pins =
                        pins.saturating_add_signed(is_pinned(&change.message) - before.as_ref().map_or(0, is_pinned));
                    if change.is_new {
                        (at.seq, at.texts) = (change.message.id.seq, change.message.room_texts);
                        self.set_texts(queued.by, change.message.author_texts);
                    }
                    let removed_files = removed_files(before.as_ref(), &change.message);
                    let Change { message, root, .. } = change;
                    let done = Box::new(Committed { queued, message, root, removed_files });
                    plan.commands.push(Planned::Commit { done, start, end: plan.statements.len() });
                    if room_change.is_some() {
                        (plan.room_change, plan.given_up) = (room_change, given_up);
                        break;
                    }
                }
            }
        }
        Ok((plan, commands))
    }

    /// Reads what the commands need: the accounts at the same time as the messages.
    async fn read(&self, commands: &VecDeque<Queued>, session: &mut CausalSession) -> Result<Read> {
        let unchecked = commands.iter().filter(|queued| !queued.is_trusted && !queued.account_exists);
        let added = commands.iter().filter_map(Queued::added_user);
        let accounts = self.commands.accounts(unchecked.map(|queued| queued.by).chain(added));
        let (messages, accounts) = tokio::join!(self.load(commands, session), accounts);
        let pins = match commands.iter().any(|queued| matches!(queued.command.action, Action::Pin { .. })) {
            true => self.db.count_pins(&self.room, session).await?,
            false => 0,
        };
        Ok(Read { messages: messages?, accounts: accounts?, pins })
    }

    /// The messages that the commands name, and the roots of their threads.
    async fn load(&self, commands: &VecDeque<Queued>, session: &mut CausalSession) -> Result<HashMap<u64, Loaded>> {
        let mut messages = HashMap::new();
        let mut wanted: Vec<u64> = commands.iter().filter_map(|queued| queued.command.action.target()).collect();
        while !wanted.is_empty() {
            wanted.sort_unstable();
            wanted.dedup();
            let found = self.db.messages_by_seq(&self.room, &wanted, session).await?;
            wanted.clear();
            for found in found {
                wanted.extend(found.root.map(|root| root as u64));
                let (post_rev, client) = (found.key.rev as u64, found.client.clone());
                let message = found.into_message();
                messages.insert(message.id.seq, Loaded { message, post_rev, client });
            }
            wanted.retain(|seq| !messages.contains_key(seq));
        }
        Ok(messages)
    }

    /// The refusal of a stale edit, with the name of the present message's author.
    async fn with_present_author(&self, error: Error) -> Error {
        match error {
            Error::Refused(Refusal::Stale(present)) => match self.with_author(*present).await {
                Ok(present) => Error::Refused(Refusal::Stale(Box::new(present))),
                Err(error) => error,
            },
            other => other,
        }
    }

    /// Answers the commands whose outcome is known, and returns the others.
    async fn finish(
        &mut self,
        head: Head,
        planned: Vec<Planned>,
        ran: Ran,
        session: &mut CausalSession,
    ) -> (Rest, Vec<Committed>) {
        let (ended_at, mut failure) = match ran {
            Ran::All => (usize::MAX, None),
            Ran::Until { index, failure } => (index, Some((index, failure))),
            Ran::Unknown(error) => {
                let commands = planned.into_iter().map(Planned::into_attempted).collect();
                return (Rest { commands, stop: Some(Stop::Unknown(error)) }, Vec::new());
            }
        };
        let (mut committed, mut rest) = (Vec::new(), Rest { commands: VecDeque::new(), stop: None });
        let mut at = head;
        for planned in planned {
            match planned {
                Planned::Commit { done, end, .. } if end <= ended_at && rest.stop.is_none() => {
                    at.rev = done.message.rev;
                    if done.queued.adds_message() {
                        (at.seq, at.texts) = (done.message.id.seq, done.message.room_texts);
                    }
                    committed.push(*done);
                }
                Planned::Answer { queued, answer } if rest.stop.is_none() => match *answer {
                    Ok(message) => match self.with_author(message).await {
                        Ok(message) => queued.succeed(&message, true),
                        Err(error) => queued.fail(&error),
                    },
                    Err(error) => {
                        let error = self.with_present_author(error).await;
                        self.refuse(*queued, error, session).await;
                    }
                },
                Planned::Commit { mut done, start, .. } => {
                    if let Some((index, failure)) = failure.take() {
                        rest.stop = Some(match failure {
                            Failure::Taken(broken) if index == start && broken == CLIENT_INDEX => Stop::Repeat,
                            Failure::Taken(broken) if index == start && broken == FILE_INDEX => Stop::FileTaken,
                            Failure::Taken(_) if index == start => Stop::Collision { rev: done.message.rev },
                            Failure::Refused(reason) if index == start => Stop::Refused(Error::Failed(reason)),
                            // inserted, but not derived: the fence stopped it, or the server
                            Failure::Taken(reason) | Failure::Refused(reason) => {
                                done.queued.attempts.push(done.message.rev);
                                Stop::Unknown(Error::Failed(reason))
                            }
                        });
                    }
                    rest.commands.push_back(done.queued);
                }
                Planned::Answer { queued, .. } => rest.commands.push_back(*queued),
            }
        }
        self.advance(at);
        if rest.stop.is_some() {
            self.forget_texts();
        }
        (rest, committed)
    }
}

impl Committed {
    /// The command, whose outcome is unknown.
    fn into_attempted(self) -> Queued {
        let Self { mut queued, message, .. } = self;
        queued.attempts.push(message.rev);
        queued
    }
}

impl Planned {
    fn answer(queued: Queued, answer: Result<Message>) -> Self {
        Self::Answer { queued: Box::new(queued), answer: Box::new(answer) }
    }

    /// The command, after a write with an unknown outcome.
    fn into_attempted(self) -> Queued {
        match self {
            Self::Commit { done, .. } => done.into_attempted(),
            Self::Answer { queued, .. } => *queued,
        }
    }
}

impl Plan {
    /// Adds the statements of a change, and keeps the new states for the next commands. Returns the message if it
    /// changes the room or its members.
    fn add(
        &mut self,
        head: Head,
        queued: &Queued,
        change: &Change,
        before: Option<&Message>,
        messages: &mut HashMap<u64, Loaded>,
        room: &RoomId,
    ) -> Result<Option<MessageDoc>> {
        let invalid = |error: bson::error::Error| Error::Failed(error.to_string());
        let (message, rev) = (&change.message, change.message.rev);
        let mut added = None;
        if change.is_new {
            let document = MessageDoc::new(message, rev, queued.client.as_str());
            self.statements.insert(bson::serialize_to_document(&document).map_err(invalid)?);
            let client = document.client.clone();
            added = (!change.members.is_empty() || change.room.is_some()).then_some(document);
            messages.insert(message.id.seq, Loaded { message: message.clone(), post_rev: rev, client });
        } else if let (Some(document), Some(before), Some(loaded)) = (
            ChangeDoc::new(queued.id, &queued.command, queued.by, change, head),
            before,
            messages.get_mut(&message.id.seq),
        ) {
            self.statements.insert(bson::serialize_to_document(&document).map_err(invalid)?);
            self.statements.fence(room, rev);
            derive(&mut self.statements, room, before, message, loaded.post_rev, &loaded.client)?;
            loaded.message = message.clone();
        } else {
            return Err(Error::Failed("a change refers to a message that was not read".into()));
        }
        if let Some(root) = &change.root
            && let Some(loaded) = messages.get_mut(&root.id.seq)
        {
            self.statements.derive(&MessageDoc::new(root, loaded.post_rev, &loaded.client), false)?;
            loaded.message = root.clone();
        }
        Ok(added)
    }
}
