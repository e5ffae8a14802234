//! An entry of a ring: a change of the log, rendered.

use super::losses::Loss;
use crate::{
    domain::Message,
    render::{self, TextCache},
};

/// A change, rendered. The same for every reader.
#[derive(Debug, Default)]
pub struct Entry {
    /// The change's number in the log.
    pub rev: u64,
    /// One for each message that the change touched; empty if it is not rendered.
    pub parts: Vec<Part>,
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
    /// A change of the log: the messages with its number.
    pub fn change(messages: &[Message], texts: &TextCache) -> Self {
        let parts = messages.iter().map(|message| Part::message(message, texts)).collect();
        Self { parts, ..Self::unrendered(messages) }
    }

    /// A change of a room that nobody reads.
    pub fn unrendered(messages: &[Message]) -> Self {
        Self {
            rev: messages.first().map_or(0, |message| message.rev),
            parts: Vec::new(),
            is_text: messages.iter().any(|message| message.text_rev == message.rev),
            loss: messages.iter().find_map(Loss::of),
        }
    }

    /// The entries of messages in order of their `rev`: one for each change.
    pub fn changes(messages: &[Message], texts: &TextCache) -> impl Iterator<Item = Self> {
        each_change(messages).map(|change| Self::change(change, texts))
    }

    /// The memory that the entry takes in a ring, with its place in the index.
    pub fn bytes(&self) -> usize {
        let of_part = size_of::<Part>() + 2 * size_of::<(u64, u64)>();
        size_of::<Self>() + self.parts.iter().map(|part| of_part + part.fragment.len()).sum::<usize>()
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
