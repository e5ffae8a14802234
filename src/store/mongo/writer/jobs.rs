//! The jobs of a room's writer.

use std::time::Instant;

use mongodb::bson::{Document, doc, oid::ObjectId};
use tokio::sync::oneshot;

use crate::{
    domain::{Action, ClientId, Command, MentionedUser, Message, Post, RoomAction, UserKey, rules::Upload},
    store::{Changed, Error, Result, mongo::bson_values::bson_uuid},
};

pub type Answer<T> = oneshot::Sender<Result<T>>;

pub enum Job {
    Command(Box<Queued>),
    Removal(Removal),
}

/// Removes something of a user from every message of the room, some messages at a time, so that other commands can be
/// written in between.
pub struct Removal {
    pub user: UserKey,
    pub what: Removed,
    pub answer: Answer<()>,
}

/// What a removal removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// The user's own messages.
    Messages,
    /// The user's reactions, and the mentions of the user.
    Traces,
}

/// A command in the queue.
pub struct Queued {
    /// Made once, so that after an unknown outcome a stored change is recognized as this command's own.
    pub id: ObjectId,
    pub by: UserKey,
    pub is_admin: bool,
    /// Whether natter itself gives the command: see [`Actor::is_trusted`](crate::domain::rules::Actor).
    pub is_trusted: bool,
    pub command: Command,
    /// The client id of the message that the command may add.
    pub client: ClientId,
    /// More than one if the client sent the command again before it was stored.
    pub answers: Vec<Answer<Changed>>,
    pub queued_at: Instant,
    /// The members whom its text mentions.
    pub mentioned: Vec<MentionedUser>,
    /// The complete ones among the uploads that it names.
    pub uploads: Vec<Upload>,
    /// Whether the account was found to exist.
    pub account_exists: bool,
    /// The numbers under which it may have been committed, because the outcome was unknown.
    pub attempts: Vec<u64>,
}

impl Queued {
    pub fn new(by: UserKey, command: Command) -> Self {
        let client = match &command.action {
            Action::Post(post) => post.client.clone(),
            _ => ClientId::generate(),
        };
        Self {
            id: ObjectId::new(),
            by,
            is_admin: false,
            is_trusted: false,
            command,
            client,
            answers: Vec::new(),
            queued_at: Instant::now(),
            mentioned: Vec::new(),
            uploads: Vec::new(),
            account_exists: false,
            attempts: Vec::new(),
        }
    }

    /// The post; `None` of another command.
    pub fn post(&self) -> Option<&Post> {
        match &self.command.action {
            Action::Post(post) => Some(post),
            _ => None,
        }
    }

    /// Whether it adds a message to the log: a post, or the notice of a room's command.
    pub fn adds_message(&self) -> bool {
        matches!(self.command.action, Action::Post(_) | Action::Room(_))
    }

    /// Whom it adds to the room.
    pub fn added_user(&self) -> Option<UserKey> {
        match &self.command.action {
            Action::Room(RoomAction::Add(user)) => Some(*user),
            _ => None,
        }
    }

    /// The filter for a stored message with this author and client id. The index has messages only, so the filter must
    /// say that it wants no others.
    pub fn client_filter(&self) -> Document {
        doc! { "author": bson_uuid(self.by), "clientID": self.client.as_str(), "seq": { "$gte": 0_i64 } }
    }

    /// Whether no caller waits for the outcome any more. The commands of a removal have none.
    pub fn is_abandoned(&self) -> bool {
        !self.is_trusted && self.answers.iter().all(oneshot::Sender::is_closed)
    }

    /// Answers with the message. Every answer after the first is a repeat.
    pub fn succeed(self, message: &Message, repeat: bool) {
        for (n, answer) in self.answers.into_iter().enumerate() {
            let _ = answer.send(Ok(Changed { message: message.clone(), repeat: repeat || n > 0 }));
        }
    }

    pub fn fail(self, error: &Error) {
        for answer in self.answers {
            let _ = answer.send(Err(error.clone()));
        }
    }
}
