//! Reads: the head, whether it is settled, pages and catch-up.

use crate::{
    collections::Collections,
    document::{Document, Key, Kind, Message, Rev},
    domain::{RoomState, effects},
    natter::{Head, Purpose, Rights, Socket, Step, Task, Turn},
    rule::Rule,
};

impl Turn<'_> {
    /// Reads the newest document (R7).
    pub fn read_head(&mut self, task: &mut Task, seen: &Collections) {
        let primary = self.state.database.primary(self.rules);
        let seen = self.heads_seen(seen, &primary);
        let newest = seen.newest(task.room);
        task.head = Head {
            rev: newest.map_or(0, |(rev, _)| rev),
            seq: seen.newest_post(task.room).map_or(0, |(_, seq)| seq),
            unsettled: newest.map(|(_, document)| document.clone()).filter(Document::has_effects),
        };
        if task.purpose == Purpose::Trim {
            self.trim(task, seen);
        } else {
            self.after_head(task);
        }
    }

    /// Goes on with a head: settles it, then reads.
    pub fn after_head(&mut self, task: &mut Task) {
        let reads = matches!(task.purpose, Purpose::Page | Purpose::CatchUp);
        let settles = self.rules.hold(if reads { Rule::ReadsSettle } else { Rule::SettleBeforeNext });
        if task.head.unsettled.is_some() && settles {
            task.step = Step::CheckSettled;
            return;
        }
        self.learn_head(task);
        task.step = if reads {
            Step::ReadMessages
        } else if task.rights.is_some() {
            Step::ReadState
        } else {
            Step::ReadRights
        };
    }

    /// Derives the newest document if its effect is missing (R2).
    pub fn check_settled(&mut self, task: &mut Task, seen: &Collections) {
        let Some(newest) = &task.head.unsettled else { return };
        let key = Key { room: task.room, rev: task.head.rev };
        let state = seen.state(task.room);
        let first = !self.rules.hold(Rule::SettleAllTouched) && first_is_derived(newest, key.rev, &state);
        if first || effects(newest, key.rev, &state).is_empty() {
            task.head.unsettled = None;
            self.after_head(task);
        } else {
            let statements = self.derivation(key, newest, &state);
            self.send(task, statements, Step::AwaitSettled);
        }
    }

    pub fn read_rights(&self, task: &mut Task, seen: &Collections) {
        if !self.rules.hold(Rule::LookUpAfterRights) {
            task.looked_up = Some(Box::new(seen.clone()));
        }
        task.rights = Some(Rights {
            members: RoomState { memberships: seen.state(task.room).memberships, ..RoomState::default() },
            deleted_accounts: seen.deleted_accounts.clone(),
        });
        task.step = Step::ReadState;
    }

    /// Reads the messages of a page, or those that changed after the reader's cursor.
    pub fn read_messages(&mut self, task: &mut Task, seen: &Collections) -> bool {
        let state = task.state.take().unwrap_or_else(|| seen.state(task.room));
        if !self.rules.hold(Rule::HeadBeforeMessages) && task.head == Head::default() {
            task.state = Some(state);
            task.step = Step::ReadHead;
            return false;
        }
        let socket = &mut self.state.natters[self.natter].socket;
        let (cursor, mut view) = match (task.purpose, socket.take()) {
            (Purpose::CatchUp, Some(socket)) => (socket.cursor, socket.view),
            _ => (0, Default::default()),
        };
        let page = task.purpose == Purpose::Page;
        let sent = |message: &Message| page || (cursor < message.changed && message.changed <= task.head.rev);
        view.extend(state.messages.into_iter().filter(|(_, message)| sent(message)));
        // a head that was read at a lagging place does not move the reader back
        let cursor = task.head.rev.max(cursor);
        *socket = Some(Socket { room: task.room, cursor, announced: cursor, behind: false, view });
        self.check_expected(task);
        if let Some(item) = task.items.first() {
            self.answer(item.request);
        }
        true
    }

    /// Notes if the reader misses what had been acknowledged before the read began.
    ///
    /// A catch-up may leave out a message that changed again after its head was read: it is in the next catch-up.
    fn check_expected(&mut self, task: &Task) {
        let Some(socket) = &self.state.natters[self.natter].socket else { return };
        let derived = self.state.database.permanent.state(task.room).messages;
        let later = |seq: u8| {
            let changed = derived.get(&seq).map_or(0, |message| message.changed);
            task.purpose == Purpose::CatchUp && changed > socket.cursor
        };
        let shown = |insertion: &crate::database::Insertion| match &insertion.document {
            Document::Post(message) => later(message.seq) || socket.view.contains_key(&message.seq),
            Document::Change(change) => {
                let shown = socket.view.get(&change.of).map_or(0, |message| message.changed);
                later(change.of) || shown >= insertion.key.rev
            }
        };
        let missed = self.state.database.log().any(|insertion| {
            let expected = task.expected & (1 << insertion.document.request()) != 0;
            expected && insertion.key.room == task.room && !shown(insertion)
        });
        self.state.missed |= missed;
    }
}

/// What a mutant takes for settled: the message that a change names is derived.
fn first_is_derived(document: &Document, rev: Rev, state: &RoomState) -> bool {
    let Document::Change(change) = document else { return false };
    state.messages.get(&change.of).is_some_and(|message| message.changed >= rev)
}

impl Document {
    /// Whether the document changes others.
    fn has_effects(&self) -> bool {
        !matches!(self, Self::Post(Message { kind: Kind::Text, .. }))
    }
}
