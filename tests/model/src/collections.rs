//! The collections of the database, and the statements on them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    document::{Document, Key, Message, RequestId, Rev, Room, Seq, User},
    domain::{Effect, Membership, RoomState},
    rule::{Rule, Rules},
};

/// What the database holds at one place of its oplog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Collections {
    pub log: BTreeMap<Key, Document>,
    pub floors: BTreeMap<Room, Rev>,
    pub memberships: BTreeMap<(Room, User), Membership>,
    pub deleted_accounts: BTreeSet<User>,
}

/// An atomic write of a single document. Statements of one command are executed in order; an error stops the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Statement {
    Insert(Key, Document),
    /// Fails if the floor has reached the rev.
    Fence(Key),
    /// Removes the text of an edit.
    Scrub(Key),
    /// Stores the derived state of a message, if the stored one is older than `rev`.
    Derive {
        key: Key,
        message: Message,
        guarded: bool,
    },
    /// Stores a membership, if the stored one is older.
    DeriveMembership {
        room: Room,
        user: User,
        membership: Membership,
        guarded: bool,
    },
    RaiseFloor(Key),
    /// Removes a change. Posts are never removed.
    RemoveChange(Key),
    DeleteAccount(User),
}

/// An error of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// A number or a client id is taken.
    Taken,
    /// The floor has reached the rev.
    Fenced,
}

impl Statement {
    /// The statement that stores an effect of the document at `key`.
    pub fn derive(key: Key, effect: Effect, guarded: bool) -> Self {
        match effect {
            Effect::Scrub(rev) => Self::Scrub(Key { rev, ..key }),
            Effect::Message(message) => Self::Derive { key, message, guarded },
            Effect::Membership(user, membership) => {
                Self::DeriveMembership { room: key.room, user, membership, guarded }
            }
        }
    }
}

impl Collections {
    /// The newest document of a room's log.
    pub fn newest(&self, room: Room) -> Option<(Rev, &Document)> {
        let keys = Key { room, rev: 0 }..=Key { room, rev: Rev::MAX };
        self.log.range(keys).next_back().map(|(key, document)| (key.rev, document))
    }

    /// The posts of a room's log with their revs.
    pub fn posts(&self, room: Room) -> impl Iterator<Item = (Rev, &Message)> {
        let keys = Key { room, rev: 0 }..=Key { room, rev: Rev::MAX };
        self.log.range(keys).filter_map(|(key, document)| match document {
            Document::Post(message) => Some((key.rev, message)),
            Document::Change(_) => None,
        })
    }

    pub fn newest_post(&self, room: Room) -> Option<(Rev, Seq)> {
        self.posts(room).map(|(rev, message)| (rev, message.seq)).last()
    }

    /// The post that is stored with a client id of an author.
    pub fn find_client(&self, author: User, client: u8) -> Option<(Key, &Message)> {
        self.log.iter().find_map(|(key, document)| match document {
            Document::Post(message) if message.author == author && message.client == Some(client) => {
                Some((*key, message))
            }
            _ => None,
        })
    }

    /// The rev of the change of a message that a request has committed, under the rev `since` or a later one.
    pub fn own_change(&self, room: Room, since: Rev, request: RequestId, seq: Seq) -> Option<Rev> {
        let mut documents = self.log.range(Key { room, rev: since }..=Key { room, rev: Rev::MAX });
        let own = |document: &Document| matches!(document, Document::Change(change) if change.request == request && change.of == seq);
        documents.find(|(_, document)| own(document)).map(|(key, _)| key.rev)
    }

    pub fn floor(&self, room: Room) -> Rev {
        self.floors.get(&room).copied().unwrap_or(0)
    }

    /// The derived state of a room.
    pub fn state(&self, room: Room) -> RoomState {
        let messages = self.posts(room).map(|(_, message)| (message.seq, message.clone())).collect();
        let memberships = self.memberships.iter().filter(|((of, _), _)| *of == room);
        RoomState { messages, memberships: memberships.map(|((_, user), membership)| (*user, *membership)).collect() }
    }

    /// Executes a statement. The answer tells whether it changed anything.
    pub fn execute(&mut self, statement: &Statement, rules: Rules) -> Result<bool, Failure> {
        match statement {
            Statement::Insert(key, document) => {
                let excluded = |post: &Message| {
                    self.log.iter().any(|(other, stored)| stored.excludes(post, other.room == key.room, rules))
                };
                if self.log.contains_key(key) || matches!(document, Document::Post(post) if excluded(post)) {
                    return Err(Failure::Taken);
                }
                self.log.insert(*key, document.clone());
                Ok(true)
            }
            Statement::Fence(key) if self.floor(key.room) >= key.rev => Err(Failure::Fenced),
            Statement::Fence(_) => Ok(false),
            Statement::Scrub(key) => match self.log.get_mut(key) {
                Some(Document::Change(change)) => Ok(change.text.take().is_some()),
                _ => Ok(false),
            },
            Statement::Derive { key, message, guarded } => {
                let stored = self.log.iter_mut().find_map(|(other, document)| match document {
                    Document::Post(post) if other.room == key.room && post.seq == message.seq => Some(post),
                    _ => None,
                });
                match stored {
                    Some(stored) if !guarded || stored.changed < key.rev => {
                        stored.clone_from(message);
                        Ok(true)
                    }
                    _ => Ok(false),
                }
            }
            Statement::DeriveMembership { room, user, membership, guarded } => {
                let stored = self.memberships.get(&(*room, *user));
                let derives = !guarded || stored.is_none_or(|stored| stored.rev < membership.rev);
                if derives {
                    self.memberships.insert((*room, *user), *membership);
                }
                Ok(derives)
            }
            Statement::RaiseFloor(key) => {
                let floor = self.floors.entry(key.room).or_insert(0);
                let raised = if rules.hold(Rule::FloorOnlyRises) { key.rev.max(*floor) } else { key.rev };
                Ok(std::mem::replace(floor, raised) != raised)
            }
            Statement::RemoveChange(key) => match self.log.get(key) {
                Some(Document::Change(_)) => Ok(self.log.remove(key).is_some()),
                _ => Ok(false),
            },
            Statement::DeleteAccount(user) => Ok(self.deleted_accounts.insert(*user)),
        }
    }
}
