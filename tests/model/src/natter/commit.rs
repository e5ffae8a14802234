//! Commands of the log: load, decide, commit.

use crate::{
    collections::{Collections, Failure, Statement},
    database::InFlight,
    document::{Document, Key, Rev},
    domain::{Command, Decision, RoomState, decide},
    natter::{Head, Item, Posted, Purpose, Setback, Step, Task, Turn},
    rule::Rule,
};

/// What is to be done for an item.
enum Verdict {
    Commit(Document),
    Acknowledge(Rev, Option<u8>),
    Refuse,
    /// An answer without a promise.
    Answer,
}

impl Turn<'_> {
    /// Begins to load what the commands are applied to (R3): from the known head, or from a head that is read.
    pub fn load(&mut self, task: &mut Task) {
        if let Some(head) = self.known_head(task) {
            task.head = head;
            self.after_head(task);
        } else {
            task.step = Step::ReadHead;
        }
    }

    /// Applies the commands to the state and sends one ordered command (R4).
    pub fn commit(&mut self, task: &mut Task, seen: &Collections) -> bool {
        let mut state = match task.state.take() {
            Some(state) if !self.rules.hold(Rule::ReadStateAgain) => state,
            _ => seen.state(task.room),
        };
        if !self.rules.hold(Rule::ReadStateAgain) {
            task.state = Some(state.clone());
        }
        let Some(mut rights) = task.rights.clone() else { return false };
        if self.rules.hold(Rule::ReadRightsAgain) {
            task.rights = None;
        }
        let looked_up = task.looked_up.take();
        if looked_up.is_some() {
            rights.members.memberships = seen.state(task.room).memberships;
        }
        let Head { mut rev, mut seq, .. } = task.head;
        let (mut statements, mut counts) = (Vec::new(), Vec::new());
        let mut items = std::mem::take(&mut task.items).into_iter();
        for item in items.by_ref() {
            let removed = !item.system && !rights.members.is_member(item.actor);
            let gone = item.is_post() && rights.deleted_accounts.contains(&item.actor);
            let verdict = match self.find_own(task, &item, looked_up.as_deref().unwrap_or(seen)) {
                _ if removed && !self.rules.hold(Rule::LookUpBeforeRefusing) => Verdict::Refuse,
                Some(found) => found,
                None if removed => Verdict::Refuse,
                // its posts are searched for and deleted, whether they are known or not
                None if gone => Verdict::Answer,
                None => match decide(item.command, item.request, item.actor, &state, (rev + 1, seq + 1)) {
                    Decision::Commit(document) => Verdict::Commit(document),
                    Decision::Done => Verdict::Answer,
                    Decision::Refused if item.system => Verdict::Answer,
                    Decision::Refused => Verdict::Refuse,
                },
            };
            match verdict {
                Verdict::Commit(document) => {
                    rev += 1;
                    seq = document.seq().unwrap_or(seq);
                    let key = Key { room: task.room, rev };
                    let before = statements.len();
                    statements.extend(self.statements(key, &document, &state));
                    counts.push((statements.len() - before) as u8);
                    state.apply(&document, rev);
                    rights.members.apply(&document, rev);
                    task.items.push(item);
                }
                // the answer may depend on a command that is not committed yet
                _ if !counts.is_empty() => {
                    task.items.push(item);
                    break;
                }
                Verdict::Acknowledge(rev, seq) => self.acknowledge_item(task, &item, rev, seq),
                Verdict::Refuse => self.refuse(item.request),
                // an account's removal is answered when nothing is left
                Verdict::Answer if task.purpose == Purpose::RemoveAccount => {}
                Verdict::Answer => self.answer(item.request),
            }
        }
        task.items.extend(items);
        if counts.is_empty() {
            return self.go_on(task);
        }
        task.statements = counts;
        self.state.natters[self.natter].heads.remove(&task.room);
        self.send(task, statements, Step::AwaitCommit);
        false
    }

    /// The statements of one command.
    fn statements(&self, key: Key, document: &Document, state: &RoomState) -> Vec<Statement> {
        let insert = Statement::Insert(key, document.clone());
        let derivation = self.derivation(key, document, state);
        let mut statements = vec![insert];
        if matches!(document, Document::Change(_)) && self.rules.hold(Rule::Fence) {
            let place = usize::from(self.rules.hold(Rule::FenceAfterInsert));
            statements.insert(place, Statement::Fence(key));
        }
        if self.rules.hold(Rule::InsertBeforeDerive) {
            statements.extend(derivation);
            statements
        } else {
            [derivation, statements].concat()
        }
    }

    /// Looks for what an earlier attempt, or an earlier sending, has committed (R5, R6).
    fn find_own(&self, task: &Task, item: &Item, seen: &Collections) -> Option<Verdict> {
        match item.command {
            Command::Post { client } | Command::Reply { client, .. } | Command::DeleteRoom { client } => {
                let (key, message) = seen.find_client(item.actor, client)?;
                if !self.rules.hold(Rule::ClientIdsAreUnique) {
                    None
                } else if key.room == task.room || !self.rules.hold(Rule::ClientIdsKnowTheirRoom) {
                    Some(Verdict::Acknowledge(key.rev, Some(message.seq)))
                } else {
                    Some(Verdict::Answer)
                }
            }
            Command::Edit { seq, .. } | Command::Delete { seq } | Command::Pin { seq } | Command::Unpin { seq } => {
                let since = item.since?;
                let floor = seen.floor(task.room);
                let first = if self.rules.hold(Rule::DistrustStrays) { since.max(floor + 1) } else { since };
                match seen.own_change(task.room, first, item.request, seq) {
                    Some(rev) => {
                        Some(Verdict::Acknowledge(rev, None)).filter(|_| self.rules.hold(Rule::LookForOwnChange))
                    }
                    None if since <= floor => Some(Verdict::Answer).filter(|_| self.rules.hold(Rule::TrimmedIsUnknown)),
                    None => None,
                }
            }
            _ => None,
        }
    }

    /// Takes the outcome of the ordered command: the items before a failure are committed.
    pub fn committed(&mut self, task: &mut Task, command: &InFlight) -> bool {
        let mut executed = command.executed();
        for count in std::mem::take(&mut task.statements) {
            if executed < count {
                break;
            }
            executed -= count;
            let item = task.items.remove(0);
            task.head.rev += 1;
            task.head.seq += u8::from(item.takes_seq());
            let seq = Some(task.head.seq).filter(|_| item.is_post());
            self.acknowledge_item(task, &item, task.head.rev, seq);
        }
        match command.failure {
            None => self.learn_head(task),
            Some(Failure::Taken) => task.setback = Some(Setback::Collision),
            // another natter may have derived the change before it was trimmed
            Some(Failure::Fenced) => {
                task.setback = Some(Setback::Fenced);
                task.items[0].since.get_or_insert(task.head.rev + 1);
            }
        }
        self.go_on(task)
    }

    /// Reads the log again after an unknown outcome (R6).
    pub fn commit_unknown(&mut self, task: &mut Task) -> bool {
        let sent = std::mem::take(&mut task.statements).len();
        let later = task.items.split_off(sent);
        for (mut item, rev) in std::mem::take(&mut task.items).into_iter().zip(task.head.rev + 1..) {
            if !self.rules.hold(Rule::UnknownIsNotSuccess) {
                self.acknowledge(item.request, rev);
            } else if !self.rules.hold(Rule::UnknownIsNotFailure) {
                self.refuse(item.request);
            } else {
                item.since.get_or_insert(rev);
                task.items.push(item);
            }
        }
        task.items.extend(later);
        self.go_on(task)
    }

    /// Acknowledges a committed item, a post only after its author's account has been checked again (R12).
    fn acknowledge_item(&mut self, task: &mut Task, item: &Item, rev: Rev, seq: Option<u8>) {
        match seq {
            _ if task.purpose == Purpose::RemoveAccount => {}
            _ if item.system => self.answer(item.request),
            Some(seq) if self.scenario.removes_accounts() && self.rules.hold(Rule::CheckAccountAgain) => {
                task.posted.push(Posted { request: item.request, author: item.actor, rev, seq });
            }
            _ => self.acknowledge(item.request, rev),
        }
    }

    /// Goes on with what is left. Answers whether the task has ended.
    fn go_on(&mut self, task: &mut Task) -> bool {
        if !task.posted.is_empty() {
            task.step = Step::CheckAccount;
        } else if !task.items.is_empty() {
            self.load(task);
        } else if task.purpose == Purpose::RemoveAccount {
            task.step = Step::Search;
        } else {
            return true;
        }
        false
    }

    /// Acknowledges the posts of existing accounts, and deletes those of accounts that have gone.
    pub fn check_account(&mut self, task: &mut Task, seen: &Collections) -> bool {
        for Posted { request, author, rev, seq } in std::mem::take(&mut task.posted) {
            if seen.deleted_accounts.contains(&author) {
                task.items.insert(0, Item::system(request, author, seq));
            } else {
                self.acknowledge(request, rev);
            }
        }
        self.go_on(task)
    }
}

impl Item {
    /// natter's own deletion of a text.
    pub fn system(request: u8, actor: u8, seq: u8) -> Self {
        Self { request, actor, command: Command::Delete { seq }, system: true, since: None }
    }

    fn is_post(&self) -> bool {
        matches!(self.command, Command::Post { .. } | Command::Reply { .. })
    }

    fn takes_seq(&self) -> bool {
        let is_notice =
            matches!(self.command, Command::Remove { .. } | Command::Add { .. } | Command::DeleteRoom { .. });
        self.is_post() || is_notice
    }
}
