//! Messages.

use super::{
    File, FileId, Invalid, MentionNames, Mentions, MessageId, Timestamp, User, UserKey, room::Notice,
    visible::is_visible,
};

/// A message's text: 1–[`Text::MAX`] characters, one of them visible; or none, if the message has files. Line breaks are
/// `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    source: String,
    /// `None`: it addresses nobody. Boxed, because most texts do not, and commands are moved often.
    names: Option<Box<MentionNames>>,
}

impl Text {
    /// Longest text, in characters.
    pub const MAX: usize = 4000;

    /// The text of a message without files.
    ///
    /// # Errors
    /// `message-empty`, and those of [`Text::caption`].
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let text = Self::caption(raw)?;
        if text.is_empty() { Err(Invalid::new("message-empty")) } else { Ok(text) }
    }

    /// The text of a message that may have files: it may be empty.
    ///
    /// # Errors
    /// `message-too-long`.
    pub fn caption(raw: &str) -> Result<Self, Invalid> {
        // Browsers send a textarea's line breaks as \r\n. Other control characters show nothing, but a terminal obeys
        // them, and NUL ends strings in some readers of the database.
        let text = raw.replace("\r\n", "\n").replace('\r', "\n");
        let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let text = text.trim().to_owned();
        if !is_visible(&text) {
            return Ok(Self::stored(String::new()));
        }
        let length = text.chars().count();
        if length > Self::MAX {
            return Err(Invalid::new("message-too-long").arg("max", Self::MAX).arg("length", length));
        }
        Ok(Self::stored(text))
    }

    /// A text from the store, which was checked when it was written.
    pub(crate) fn stored(source: String) -> Self {
        let names = MentionNames::of(&source);
        Self { names: (!names.is_empty()).then(|| Box::new(names)), source }
    }

    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether nothing of it would be seen.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    pub fn into_string(self) -> String {
        self.source
    }

    /// The names that the text addresses.
    pub fn names(&self) -> &MentionNames {
        static NOBODY: MentionNames = MentionNames::nobody();
        self.names.as_deref().unwrap_or(&NOBODY)
    }
}

/// The author of a message, under the present name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub user_id: String,
    pub name: String,
    pub avatar: Option<FileId>,
}

impl From<&User> for Author {
    fn from(user: &User) -> Self {
        Self { user_id: user.user_id.to_string(), name: user.name.to_string(), avatar: user.avatar }
    }
}

/// A message in a room's log, in its latest state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    /// The number of the message's latest change in the room. Catching up uses it as cursor. A change that touches
    /// several messages gives all of them the same number.
    pub rev: u64,
    /// The number of its post, or of its latest edit or deletion. An edit names the one that it is based on.
    pub text_rev: u64,
    pub author_key: UserKey,
    /// `None` after the author's account was deleted.
    pub author: Option<Author>,
    /// Of a notice about another user: who that is ([`Notice::subject`]). `None` after the account was deleted.
    pub subject: Option<Author>,
    pub sent_at: Timestamp,
    pub content: Content,
    /// The texts posted in the room up to this message, deleted ones included. A reader's unread messages are a
    /// difference of these.
    pub room_texts: u64,
    /// The author's part of [`Message::room_texts`].
    pub author_texts: u64,
    /// The `seq` of the message that this one replies to.
    pub reply_to: Option<u64>,
    /// The `seq` of the first message of the thread that this reply belongs to.
    pub root: Option<u64>,
    /// The replies in this message's thread that are not deleted, if this message is the root.
    pub replies: u64,
    pub edited_at: Option<Timestamp>,
    pub pinned_at: Option<Timestamp>,
    /// In the order in which each emoji was first given.
    pub reactions: Vec<Reaction>,
    /// At most [`MAX_FILES`](super::MAX_FILES).
    pub files: Vec<File>,
    pub mentions: Mentions,
    /// Whether the author became a member of the room by this message.
    pub joins: bool,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The Markdown source. `None` after the message was deleted: its `seq` stays taken.
    Text(Option<String>),
    /// A change of the room or of its members.
    Notice(Notice),
}

impl Message {
    /// The text; `None` of a deleted message and of a notice.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => text.as_deref(),
            Content::Notice(_) => None,
        }
    }

    pub fn is_deleted(&self) -> bool {
        self.content == Content::Text(None)
    }

    pub fn seq(&self) -> u64 {
        self.id.seq
    }
}

/// An emoji that users gave to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    pub emoji: Emoji,
    /// In the order in which they gave it; never empty.
    pub users: Vec<UserKey>,
}

/// A reaction that a user gave or took back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionChange {
    pub user: UserKey,
    pub emoji: Emoji,
    pub is_given: bool,
}

/// One emoji of Unicode's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Emoji(String);

impl Emoji {
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        emojis::get(raw).map(|emoji| Self(emoji.as_str().to_owned())).ok_or_else(|| Invalid::new("emoji-unknown"))
    }

    /// An emoji as it was typed: itself, or its `:shortcode:`.
    pub fn parse_typed(raw: &str) -> Result<Self, Invalid> {
        let raw = raw.trim();
        let shortcode = raw.strip_prefix(':').and_then(|raw| raw.strip_suffix(':'));
        let named = shortcode.and_then(emojis::get_by_shortcode).map(emojis::Emoji::as_str);
        Self::parse(named.unwrap_or(raw))
    }

    /// An emoji from the store, which was checked when it was written.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
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

    #[test]
    fn an_emoji_is_one_of_unicodes_list() {
        for good in ["👍", "❤️", "👩‍💻", "👍🏽", "🇩🇪"] {
            assert_eq!(Emoji::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a", "👍👍", " 👍", "<b>", "\u{1F3FD}\u{1F3FD}"] {
            assert_eq!(Emoji::parse(bad).unwrap_err(), Invalid::new("emoji-unknown"), "{bad:?}");
        }
    }

    #[test]
    fn an_emoji_can_be_typed_as_its_shortcode() {
        for (typed, emoji) in [(" 👍 ", "👍"), (":+1:", "👍"), (" :heart: ", "❤️")] {
            assert_eq!(Emoji::parse_typed(typed).unwrap().as_str(), emoji);
        }
        for bad in ["", ":", "::", "heart", ":heart", ":no such emoji:"] {
            assert!(Emoji::parse_typed(bad).is_err(), "{bad:?}");
        }
    }
}
