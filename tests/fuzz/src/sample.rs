//! A user and a message, as a store returns them.

use natter::domain::{
    About, Author, Content, Email, Invalid, Mentions, Message, MessageId, Name, Phone, Role, RoomId, Settings,
    Timestamp, User, UserId, UserKey,
};
use uuid::Uuid;

/// The key of a user.
pub fn key(number: u128) -> UserKey {
    UserKey(Uuid::from_u128(number))
}

pub fn ada() -> User {
    User {
        key: key(1),
        user_id: valid(UserId::parse("ada")),
        name: valid(Name::parse("Ada")),
        email: valid(Email::parse("ada@example.org")),
        phone: Phone::default(),
        about: About::default(),
        avatar: None,
        shows_last_seen: true,
        settings: Settings::default(),
        role: Role::Member,
        disabled: false,
        version: 3,
        created_at: Timestamp(0),
    }
}

/// A message of Ada.
pub fn message(text: &str, mentions: Mentions) -> Message {
    Message {
        id: MessageId { room: RoomId::lobby(), seq: 7 },
        rev: 9,
        text_rev: 9,
        author_key: key(1),
        author: Some(Author::from(&ada())),
        subject: None,
        sent_at: Timestamp(0),
        content: Content::Text(Some(text.to_owned())),
        room_texts: 7,
        author_texts: 2,
        reply_to: Some(5),
        root: Some(5),
        replies: 0,
        edited_at: None,
        pinned_at: None,
        reactions: Vec::new(),
        files: Vec::new(),
        mentions,
        joins: false,
    }
}

/// What is known to be valid.
pub fn valid<T>(parsed: Result<T, Invalid>) -> T {
    parsed.unwrap_or_else(|invalid| panic!("{invalid:?}"))
}
