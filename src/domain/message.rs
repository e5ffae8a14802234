//! Messages and the log they stand in.

use super::{ClientId, Invalid, RoomId, Timestamp, User, UserKey, visible::is_visible};

/// A message's text: 1–[`Text::MAX`] characters, one of them visible. Line breaks are `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Longest text, in characters.
    pub const MAX: usize = 4000;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        // Browsers send a textarea's line breaks as \r\n. Other control characters show nothing, but a terminal obeys
        // them, and NUL ends strings in some readers of the database.
        let text = raw.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let text = text.trim().to_owned();
        if !is_visible(&text) {
            return Err(Invalid::new("Write something first."));
        }
        let length = text.chars().count();
        if length > Self::MAX {
            return Err(Invalid::new(format!(
                "A message has at most {} characters; this one has {length}. Split it in two.",
                Self::MAX
            )));
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// A message on its way into a room's log.
#[derive(Debug, Clone)]
pub struct Post {
    pub room: RoomId,
    pub author: UserKey,
    pub client: ClientId,
    pub text: Text,
    pub at: Timestamp,
}

/// Who wrote a message, as they are called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub user_id: String,
    pub name: String,
}

impl From<&User> for Author {
    fn from(user: &User) -> Self {
        Self { user_id: user.user_id.to_string(), name: user.name.to_string() }
    }
}

/// A message in a room's log, in its latest state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The number it was posted under: its place in the room, the cursor for paging.
    pub seq: u64,
    /// The number of its latest change: the cursor for catching up.
    pub rev: u64,
    pub author_key: UserKey,
    /// `None` once the author's account is deleted.
    pub author: Option<Author>,
    pub sent_at: Timestamp,
    /// `None` once the message is deleted; its place in the log stays.
    pub text: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_bounded_in_characters() {
        assert_eq!(Text::parse(" a\r\nb ").unwrap().as_str(), "a\nb");
        assert_eq!(Text::parse("\u{1b}[31mred\u{7}\tand\rmore\u{9b}").unwrap().as_str(), "[31mred\tand\nmore");
        for nothing in ["", " \n ", "\0 \0", "\u{200B}", " \u{2060}\u{FEFF}\n\u{3164}", "\u{2800}\u{E0001}"] {
            assert_eq!(Text::parse(nothing).unwrap_err().0, "Write something first.", "{nothing:?}");
        }
        assert_eq!(Text::parse("\0 a\0b \0").unwrap().as_str(), "ab");
        assert_eq!(Text::parse("👩\u{200D}💻").unwrap().as_str(), "👩\u{200D}💻");
        assert!(Text::parse(&"é".repeat(Text::MAX)).is_ok());
        assert!(Text::parse(&"é".repeat(Text::MAX + 1)).unwrap_err().0.contains("4001"));
    }
}
