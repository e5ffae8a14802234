//! An entry of a ring: a change of the log, rendered.

use super::losses::Loss;
use crate::{
    domain::{Message, ReactionChange},
    render::{self, TextCache},
    store::LoggedReaction,
};

/// A change, rendered. The same for every reader.
#[derive(Debug, Default)]
pub struct Entry {
    /// The change's number in the log.
    pub rev: u64,
    /// One for each message that the change touched; empty if it is not rendered.
    pub parts: Vec<Part>,
    /// Who gave or took back a reaction; usually empty. It stays although a later change replaces the message's fragment: a
    /// reader that missed several changes learns of all. `None`: unknown.
    pub reacted: Option<String>,
    /// Whether one of the messages has reactions.
    pub has_reactions: bool,
    /// Whether a text was posted, edited or deleted. Other changes (reactions, pins, the number of replies) may reach the
    /// readers later.
    pub is_text: bool,
    pub(super) loss: Option<Loss>,
}

/// The fragment of a message.
#[derive(Debug)]
pub struct Part {
    pub seq: u64,
    /// Empty if a later change has replaced it.
    pub fragment: String,
}

impl Entry {
    /// A change of the log: the messages with its number. `reacted`: see [`Reacted`].
    pub fn change(messages: &[Message], reacted: Reacted<'_>, texts: &TextCache) -> Self {
        let parts = messages.iter().map(|message| Part::message(message, texts)).collect();
        Self { parts, reacted: reacted.render(messages), ..Self::unrendered(messages) }
    }

    /// A change of a room that nobody reads.
    pub fn unrendered(messages: &[Message]) -> Self {
        Self {
            rev: messages.first().map_or(0, |message| message.rev),
            parts: Vec::new(),
            reacted: Some(String::new()),
            has_reactions: messages.iter().any(|message| !message.reactions.is_empty()),
            is_text: messages.iter().any(|message| message.text_rev == message.rev),
            loss: messages.iter().find_map(Loss::of),
        }
    }

    /// The entries of messages in order of their `rev`: one for each change. Who reacted is unknown.
    pub fn changes(messages: &[Message], texts: &TextCache) -> impl Iterator<Item = Self> {
        each_change(messages).map(|change| Self::change(change, Reacted::Unknown, texts))
    }

    /// What readers are sent.
    pub fn fragments(&self) -> impl Iterator<Item = &str> + Clone {
        self.parts.iter().map(|part| part.fragment.as_str()).chain(self.reacted.as_deref())
    }

    /// The memory that the entry takes in a ring, with its place in the index.
    pub fn bytes(&self) -> usize {
        let of_part = size_of::<Part>() + 2 * size_of::<(u64, u64)>();
        size_of::<Self>()
            + self.reacted.as_ref().map_or(0, String::len)
            + self.parts.iter().map(|part| of_part + part.fragment.len()).sum::<usize>()
    }
}

/// Who gave or took back a reaction by a change of the log. A fragment has only the numbers.
#[derive(Debug, Clone, Copy)]
pub enum Reacted<'a> {
    /// By the change itself; `None` if it is about something else.
    By(Option<&'a ReactionChange>),
    /// By the change, and by the ones before it that were read together with it.
    Logged(&'a [LoggedReaction]),
    /// The messages have their latest state, and what happened to them is unknown.
    Unknown,
}

impl Reacted<'_> {
    fn render(self, messages: &[Message]) -> Option<String> {
        // the changed message is the last one
        let Some(Message { id, rev, .. }) = messages.last() else { return Some(String::new()) };
        match self {
            Self::By(change) => {
                Some(change.map_or(String::new(), |change| render::reacted(&id.room, id.seq, *rev, change)))
            }
            Self::Logged(reactions) => {
                let fragment =
                    |logged: &LoggedReaction| render::reacted(&id.room, logged.seq, logged.rev, &logged.change);
                Some(reactions.iter().map(fragment).collect())
            }
            Self::Unknown => None,
        }
    }
}

/// The messages of each change, of messages in order of their `rev`.
pub fn each_change(messages: &[Message]) -> impl Iterator<Item = &[Message]> {
    messages.chunk_by(|one, next| one.rev == next.rev)
}

impl Part {
    fn message(message: &Message, texts: &TextCache) -> Self {
        Self { seq: message.seq(), fragment: render::message(message, None, texts) }
    }
}
