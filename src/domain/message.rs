//! Messages.

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
            return Err(Invalid::new("message-empty"));
        }
        let length = text.chars().count();
        if length > Self::MAX {
            return Err(Invalid::new("message-too-long").arg("max", Self::MAX).arg("length", length));
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

/// A message that is not in a room's log yet.
#[derive(Debug, Clone)]
pub struct Post {
    pub room: RoomId,
    pub author: UserKey,
    pub client: ClientId,
    pub text: Text,
    pub at: Timestamp,
}

/// The author of a message, under the present name.
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
    /// The message's position in the room, given when it was posted. Paging uses it as cursor.
    pub seq: u64,
    /// The number of the message's latest change in the room. Catching up uses it as cursor.
    pub rev: u64,
    pub author_key: UserKey,
    /// `None` after the author's account was deleted.
    pub author: Option<Author>,
    pub sent_at: Timestamp,
    /// `None` after the message was deleted. Its `seq` stays taken.
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
            assert_eq!(Text::parse(nothing).unwrap_err(), Invalid::new("message-empty"), "{nothing:?}");
        }
        assert_eq!(Text::parse("\0 a\0b \0").unwrap().as_str(), "ab");
        assert_eq!(Text::parse("👩\u{200D}💻").unwrap().as_str(), "👩\u{200D}💻");
        assert!(Text::parse(&"é".repeat(Text::MAX)).is_ok());
        let too_long = Invalid::new("message-too-long").arg("max", 4000usize).arg("length", 4001usize);
        assert_eq!(Text::parse(&"é".repeat(Text::MAX + 1)).unwrap_err(), too_long);
    }
}
