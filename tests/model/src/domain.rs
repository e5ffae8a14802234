//! The rules of change: what a command does to a room's state, and what a document of the log does to it.
//!
//! Both are pure. A process decides with [`decide`] and derives with [`effects`]; the properties fold the log with
//! [`RoomState::apply`].

use std::collections::BTreeMap;

use crate::document::{Change, Document, EVERYBODY, Kind, Message, Operation, RequestId, Rev, Seq, Text, User};

/// The derived state of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoomState {
    pub messages: BTreeMap<Seq, Message>,
    pub memberships: BTreeMap<User, Membership>,
}

/// Whether a user is a member, by the notice under `rev`. Who has none is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Membership {
    pub rev: Rev,
    pub member: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Post {
        client: u8,
    },
    Reply {
        client: u8,
        root: Seq,
    },
    /// `base` is the `text_rev` that the editor saw.
    Edit {
        seq: Seq,
        text: Text,
        base: Rev,
    },
    Delete {
        seq: Seq,
    },
    Pin {
        seq: Seq,
    },
    Unpin {
        seq: Seq,
    },
    /// Removes a member from the room.
    Remove {
        user: User,
    },
    /// Adds a member to the room.
    Add {
        user: User,
    },
    /// Deletes the room. natter makes the client id.
    DeleteRoom {
        client: u8,
    },
    /// Deletes a user's account and all texts of that user.
    RemoveAccount {
        user: User,
    },
    /// The second search of an account's removal.
    SearchAgain {
        user: User,
    },
    /// Trims the log of a room but for the `keep` newest revs.
    Trim {
        keep: Rev,
    },
    /// Opens a page: the reader gets the room's messages and from then on all changes.
    Read,
}

pub enum Decision {
    Commit(Document),
    /// The state is already as the command wants it.
    Done,
    Refused,
}

/// What a document does to other documents. A document guarded by a newer rev stays as it is.
pub enum Effect {
    /// Removes the text from the edit with this rev.
    Scrub(Rev),
    Message(Message),
    Membership(User, Membership),
}

/// Applies a command of `actor` to `state`. `seq` is the number that a post would get, `rev` the one of the change.
pub fn decide(
    command: Command,
    request: RequestId,
    actor: User,
    state: &RoomState,
    (rev, seq): (Rev, Seq),
) -> Decision {
    let post = |client, kind| {
        let message = Message {
            request,
            author: actor,
            client,
            seq,
            kind,
            changed: rev,
            text_rev: rev,
            text: Some(0),
            deleted: false,
            pinned: false,
            replies: 0,
        };
        Decision::Commit(Document::Post(message))
    };
    let change =
        |of, operation, text| Decision::Commit(Document::Change(Change { request, actor, of, operation, text }));
    let (of, operation, text) = match command {
        Command::Post { client } => return post(Some(client), Kind::Text),
        Command::Reply { client, root } => return post(Some(client), Kind::Reply { root }),
        Command::Remove { user } if !state.is_member(user) => return Decision::Done,
        Command::Remove { user } => return post(None, Kind::Membership { user, member: false }),
        Command::Add { user } if state.is_member(user) => return Decision::Done,
        Command::Add { user } => return post(None, Kind::Membership { user, member: true }),
        Command::DeleteRoom { client } => {
            return post(Some(client), Kind::Membership { user: EVERYBODY, member: false });
        }
        Command::Edit { seq, text, .. } => (seq, Operation::Edit, Some(text)),
        Command::Delete { seq } => (seq, Operation::Delete, None),
        Command::Pin { seq } => (seq, Operation::Pin, None),
        Command::Unpin { seq } => (seq, Operation::Unpin, None),
        Command::RemoveAccount { .. } | Command::SearchAgain { .. } | Command::Trim { .. } | Command::Read => {
            unreachable!("{command:?} is not a command of the log")
        }
    };
    let Some(message) = state.messages.get(&of) else { return Decision::Refused };
    match (command, message) {
        (Command::Delete { .. }, Message { deleted: true, .. })
        | (Command::Pin { .. }, Message { pinned: true, .. })
        | (Command::Unpin { .. }, Message { pinned: false, .. }) => Decision::Done,
        (_, Message { deleted: true, .. }) => Decision::Refused,
        (Command::Edit { text, .. }, _) if message.text == Some(text) => Decision::Done,
        (Command::Edit { base, .. }, _) if message.text_rev != base => Decision::Refused,
        _ => change(of, operation, text),
    }
}

/// What `document`, committed under `rev`, does to other documents. Nothing is left if it has been derived.
pub fn effects(document: &Document, rev: Rev, state: &RoomState) -> Vec<Effect> {
    let mut effects = Vec::new();
    let older = |seq: Seq| state.messages.get(&seq).filter(|message| message.changed < rev);
    let count_replies = |root: Seq, count: fn(u8) -> u8, effects: &mut Vec<Effect>| {
        if let Some(root) = older(root) {
            effects.push(Effect::Message(Message { changed: rev, replies: count(root.replies), ..root.clone() }));
        }
    };
    match document {
        Document::Post(Message { kind: Kind::Text, .. }) => {}
        Document::Post(Message { kind: Kind::Reply { root }, .. }) => {
            count_replies(*root, |n| n + 1, &mut effects);
        }
        Document::Post(Message { kind: Kind::Membership { user, member }, .. }) => {
            if state.memberships.get(user).is_none_or(|older| older.rev < rev) {
                effects.push(Effect::Membership(*user, Membership { rev, member: *member }));
            }
        }
        Document::Change(change) => {
            if let Some(message) = older(change.of) {
                let mut message = message.clone();
                message.changed = rev;
                match change.operation {
                    Operation::Pin => message.pinned = true,
                    Operation::Unpin => message.pinned = false,
                    Operation::Edit | Operation::Delete => {
                        effects.push(Effect::Scrub(message.text_rev));
                        message.text_rev = rev;
                        message.text = change.text;
                        message.deleted = change.operation == Operation::Delete;
                    }
                }
                effects.push(Effect::Message(message));
            }
            let kind = state.messages.get(&change.of).map(|message| message.kind);
            if let (Operation::Delete, Some(Kind::Reply { root })) = (change.operation, kind) {
                count_replies(root, |n| n.saturating_sub(1), &mut effects);
            }
        }
    }
    effects
}

impl RoomState {
    pub fn is_member(&self, user: User) -> bool {
        let has = |user| self.memberships.get(&user).is_none_or(|membership: &Membership| membership.member);
        has(user) && has(EVERYBODY)
    }

    /// Applies a document of the log.
    pub fn apply(&mut self, document: &Document, rev: Rev) {
        if let Document::Post(message) = document {
            self.messages.insert(message.seq, message.clone());
        }
        for effect in effects(document, rev, self) {
            match effect {
                Effect::Scrub(_) => {}
                Effect::Message(message) => {
                    self.messages.insert(message.seq, message);
                }
                Effect::Membership(user, membership) => {
                    self.memberships.insert(user, membership);
                }
            }
        }
    }
}
