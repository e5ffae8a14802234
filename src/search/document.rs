//! What is indexed: a message as the log has it.

use super::{filters::Has, fts::index_text, starts::starts, tokens::tokens};

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its number in the room.
    pub seq: u64,
    /// The `rev` of the room that last changed the text.
    pub text_rev: u64,
    /// When it was posted, in milliseconds since 1970. It never changes.
    pub sent_ms: i64,
    pub author: [u8; 16],
    /// `None` if it is not found: it was deleted, or is no post. Without a text, but with a file, it is empty.
    pub text: Option<String>,
    pub flags: Flags,
}

/// What is true of a message, for `has:` and `is:`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub const FILE: Self = Self(1);
    pub const IMAGE: Self = Self(1 << 1);
    pub const LINK: Self = Self(1 << 2);
    pub const CODE: Self = Self(1 << 3);
    pub const PINNED: Self = Self(1 << 4);
    pub const REPLY: Self = Self(1 << 5);

    const TAGS: [(Self, &str); 6] = [
        (Self::FILE, "_file"),
        (Self::IMAGE, "_image"),
        (Self::LINK, "_link"),
        (Self::CODE, "_code"),
        (Self::PINNED, "_pinned"),
        (Self::REPLY, "_reply"),
    ];

    pub fn of(has: Has) -> Self {
        match has {
            Has::File => Self::FILE,
            Has::Image => Self::IMAGE,
            Has::Link => Self::LINK,
            Has::Code => Self::CODE,
        }
    }

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// As the index stores them.
    pub(super) fn bits(self) -> i64 {
        i64::from(self.0)
    }

    /// The tags of what is true.
    pub(super) fn tags(self) -> impl Iterator<Item = &'static str> {
        Self::TAGS.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, tag)| tag)
    }
}

/// The tag of the messages in a room. No word begins with `_`, so that no prefix of one has to pass over tags.
pub(super) fn room_tag(number: i64) -> String {
    format!("_r{number}")
}

/// The tag of the messages by an author.
pub(super) fn author_tag(number: i64) -> String {
    format!("_u{number}")
}

/// The columns of a document.
pub(super) struct Columns {
    /// Its tags, then its words. A column of their own would cost each tag two bytes, and no word is a tag.
    pub words: String,
    pub parts: String,
    pub starts: Vec<u8>,
}

impl Columns {
    pub fn new(text: &str, flags: Flags, room: i64, author: i64) -> Self {
        let found = tokens(text);
        let tags = [room_tag(room), author_tag(author)].into_iter().chain(flags.tags().map(str::to_owned));
        let words = tags.chain([index_text(&found.words)]).collect::<Vec<_>>().join(" ");
        Self { words, parts: index_text(&found.parts), starts: starts(&found) }
    }
}
