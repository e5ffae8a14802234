//! A natter process: what it knows and what it is doing.

mod commit;
mod follow;
mod read;
mod remove_account;
mod trim;
mod turn;

use std::collections::{BTreeMap, BTreeSet};

pub use self::turn::Turn;
use crate::{
    collections::Collections,
    document::{Document, Message, RequestId, Rev, Room, Seq, User},
    domain::{Command, RoomState},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Natter {
    /// The heads of rooms that are known to be permanent.
    pub heads: BTreeMap<Room, Head>,
    /// A natter of the model does one thing at a time. Several at a time are several natters.
    pub task: Option<Task>,
    pub socket: Option<Socket>,
    /// How many insertions the change stream has reported.
    pub stream: usize,
    /// The place in the oplog behind which no read may go back.
    pub session: usize,
}

/// The newest rev and seq of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Head {
    pub rev: Rev,
    pub seq: Seq,
    /// The newest document, if it may not be derived yet.
    pub unsettled: Option<Document>,
}

/// A reader of a room. It survives its process: the browser keeps the cursor and connects again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Socket {
    pub room: Room,
    pub cursor: Rev,
    /// The newest rev that the reader knows to exist.
    pub announced: Rev,
    /// Whether revs may have gone by unannounced.
    pub behind: bool,
    pub view: BTreeMap<Seq, Message>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    pub purpose: Purpose,
    pub room: Room,
    pub step: Step,
    /// The commands that are not finished, in order.
    pub items: Vec<Item>,
    /// Whose texts an account removal deletes, and for which request.
    pub removes: Option<(User, RequestId)>,
    /// How many statements each item has in the command that was sent.
    pub statements: Vec<u8>,
    /// Posts that are committed and not acknowledged: their author's account is checked again first.
    pub posted: Vec<Posted>,
    pub head: Head,
    pub rights: Option<Rights>,
    pub state: Option<RoomState>,
    /// What a mutant looked up too early.
    pub looked_up: Option<Box<Collections>>,
    /// The requests that were acknowledged before this read began.
    pub expected: u32,
    pub setback: Option<Setback>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    Write,
    Page,
    CatchUp,
    Trim,
    RemoveAccount,
}

/// What a task does next: read something, or wait for the answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    ReadHead,
    CheckSettled,
    AwaitSettled,
    ReadRights,
    ReadState,
    AwaitCommit,
    CheckAccount,
    ReadMessages,
    AwaitFloor,
    AwaitTrimmed,
    AwaitAccount,
    Search,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    pub request: RequestId,
    pub actor: User,
    pub command: Command,
    /// Whether natter itself deletes a text, which needs no rights and promises no one anything.
    pub system: bool,
    /// The rev of the first attempt of which it is not known whether it has happened.
    pub since: Option<Rev>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Posted {
    pub request: RequestId,
    pub author: User,
    pub rev: Rev,
    pub seq: Seq,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rights {
    pub members: RoomState,
    pub deleted_accounts: BTreeSet<User>,
}

/// Why an attempt was not the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setback {
    Collision,
    Fenced,
    Unknown,
}

/// What was answered to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answers {
    /// The rev under which it was acknowledged as committed.
    pub acknowledged: Option<Rev>,
    /// It was refused, or said to have failed: it has not happened and will not.
    pub refused: bool,
    /// It was answered without a promise: done already, not known, author gone.
    pub other: bool,
}

impl Answers {
    pub fn any(&self) -> bool {
        self.acknowledged.is_some() || self.refused || self.other
    }
}

impl Step {
    /// Whether the step waits for the answer to a command.
    pub fn waits(self) -> bool {
        match self {
            Self::AwaitSettled | Self::AwaitCommit | Self::AwaitFloor | Self::AwaitTrimmed | Self::AwaitAccount => true,
            Self::ReadHead
            | Self::CheckSettled
            | Self::ReadRights
            | Self::ReadState
            | Self::CheckAccount
            | Self::ReadMessages
            | Self::Search => false,
        }
    }
}

impl Task {
    pub fn new(purpose: Purpose, room: Room, items: Vec<Item>) -> Self {
        Self {
            purpose,
            room,
            step: Step::ReadHead,
            items,
            removes: None,
            statements: Vec::new(),
            posted: Vec::new(),
            head: Head::default(),
            rights: None,
            state: None,
            looked_up: None,
            expected: 0,
            setback: None,
        }
    }
}

impl Purpose {
    pub fn of(command: Command) -> Self {
        match command {
            Command::Read => Self::Page,
            Command::Trim { .. } => Self::Trim,
            Command::RemoveAccount { .. } | Command::SearchAgain { .. } => Self::RemoveAccount,
            _ => Self::Write,
        }
    }
}

impl Natter {
    /// Whether the reader has something to fetch.
    pub fn must_catch_up(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| socket.behind || socket.announced > socket.cursor)
    }
}
