//! Messages and the log they stand in.

use super::{ClientId, Invalid, RoomId, Timestamp, User, UserKey};

/// A message's text: 1–[`Text::MAX`] characters, not only white space. Line breaks are `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Longest text, in characters.
    pub const MAX: usize = 4000;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        // browsers send a textarea's line breaks as \r\n; NUL ends strings in some readers of the database
        let text: String = raw.trim().replace("\r\n", "\n").replace('\0', "");
        if text.is_empty() {
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
        assert!(Text::parse(" \n ").is_err());
        assert!(Text::parse(&"é".repeat(Text::MAX)).is_ok());
        assert!(Text::parse(&"é".repeat(Text::MAX + 1)).unwrap_err().0.contains("4001"));
    }
}
