//! Identifiers.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Invalid;

/// A user's permanent key. Messages, tokens and sessions refer to it. A key is never used twice, so an old token
/// cannot open the account of a later user with the same `userID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserKey(pub Uuid);

impl UserKey {
    /// A new key (UUIDv7: time-ordered, so that new keys share index pages).
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The key in fragments: 11 characters, the two halves of the UUID xored to 64 bits, big endian, in base64url. It
    /// tells the users of a site apart, and is half as long as the key.
    pub fn tag(self) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (high, low) = self.0.as_u64_pair();
        let bits = u128::from(high ^ low) << 2; // 66 bits: 11 characters of 6
        (0..11).rev().map(|place| char::from(ALPHABET[(bits >> (6 * place)) as usize & 63])).collect()
    }
}

/// The id of a token (`jti`). Logging out revokes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId(pub Uuid);

impl TokenId {
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

/// What no new account can have as userID, because `@` before it mentions all members of a room.
const RESERVED: [&str; 2] = ["room", "here"];

/// What can stand at the end of a userID, but more often belongs to the sentence.
pub(super) const PUNCTUATION: [char; 3] = ['.', '-', '_'];

/// The `userID` that a person logs in with: [`UserId::MIN`]–[`UserId::MAX`] ASCII letters, digits, `_ . -`.
/// Case is ignored in comparisons and kept for display.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Shortest userID, in characters.
    pub const MIN: usize = 3;
    /// Longest userID, in characters.
    pub const MAX: usize = 32;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let raw = raw.trim();
        if !(Self::MIN..=Self::MAX).contains(&raw.chars().count()) {
            return Err(Invalid::new("user-id-length").arg("min", Self::MIN).arg("max", Self::MAX));
        }
        if !raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
            return Err(Invalid::new("user-id-characters"));
        }
        // URL normalisation removes "." and ".." from a path; longer runs of dots are refused with them
        if raw.bytes().all(|b| b == b'.') {
            return Err(Invalid::new("user-id-dots"));
        }
        Ok(Self(raw.to_owned()))
    }

    /// The userID of a new account. `@room` and `@here` mean all members, also before a full stop.
    pub fn parse_new(raw: &str) -> Result<Self, Invalid> {
        let id = Self::parse(raw)?;
        let bare = id.as_str().trim_end_matches(PUNCTUATION);
        if RESERVED.iter().any(|reserved| bare.eq_ignore_ascii_case(reserved)) {
            Err(Invalid::new("user-id-reserved"))
        } else {
            Ok(id)
        }
    }

    /// A userID from the store, which was checked when it was written.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The userID in lower case: the same for every spelling.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The userIDs in a list as it was typed: separated by spaces, commas or lines, with or without `@`. They are not checked.
pub fn user_ids(list: &str) -> Vec<String> {
    let words = list.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let user_ids = words.map(|word| word.trim_start_matches('@')).filter(|word| !word.is_empty());
    user_ids.map(str::to_owned).collect()
}

/// The id of a room in addresses and in the store: opaque, and never used for a second room. Cloning costs a reference
/// count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(Arc<str>);

impl RoomId {
    /// The room that every user is in.
    pub fn lobby() -> Self {
        Self("lobby".into())
    }

    /// A new id (UUIDv7 without hyphens: time-ordered, so that new rooms share index pages).
    pub fn generate() -> Self {
        Self(Uuid::now_v7().simple().to_string().into())
    }

    /// A room's id from the store or from a request. It may name no room.
    pub fn named(id: &str) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message's address: its room, and its position in the room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId {
    pub room: RoomId,
    /// Given when the message was posted. Paging uses it as cursor.
    pub seq: u64,
}

/// The id that a client gives to each message it sends. (Author, client id) is unique, so a repeated send is
/// recognized. 1–64 ASCII letters, digits, `_` and `-`: a UUID fits, and so does a script's own counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Longest client id, in characters.
    pub const MAX: usize = 64;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let fits = (1..=Self::MAX).contains(&raw.len())
            && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if fits { Ok(Self(raw.to_owned())) } else { Err(Invalid::new("client-id-format").arg("max", Self::MAX)) }
    }

    /// A client id from the store, which was checked when it was written.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    /// A new id, for a form that is sent without JavaScript (UUIDv7: time-ordered, so that new ids share index pages).
    pub fn generate() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_short_plain_ascii() {
        for good in ["ada", "Ada.Lovelace", "a-b_c", &"x".repeat(32), " ada "] {
            assert!(UserId::parse(good).is_ok(), "{good:?}");
        }
        for bad in ["", "ab", &"x".repeat(33), "a b", "ädä", "a/b", "<b>", "..."] {
            assert!(UserId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(UserId::parse_new("Room").is_err() && UserId::parse("Room").is_ok(), "an account from before the rule");
        assert!(UserId::parse_new("here.").is_err() && UserId::parse_new("room-_").is_err(), "mentions of all");
        assert_eq!(UserId::parse("ADA").unwrap().folded(), UserId::parse("ada").unwrap().folded());
    }

    #[test]
    fn user_ids_are_separated_by_spaces_commas_and_lines() {
        assert_eq!(user_ids(" ada, @bob;cyd\r\n d.e-f "), ["ada", "bob", "cyd", "d.e-f"]);
        assert_eq!(user_ids(" , @ "), [""; 0]);
    }

    #[test]
    fn the_tag_of_a_key_is_its_halves_xored_in_base64url() {
        let tag = |high, low| UserKey(Uuid::from_u64_pair(high, low)).tag();
        assert_eq!(tag(0, 0), "AAAAAAAAAAA");
        assert_eq!(tag(u64::MAX, 0), "__________8");
        assert_eq!(tag(0x0102_0304_0506_0700, 8), "AQIDBAUGBwg");
        assert_eq!(tag(0xffff_ffff_ffff_ffff, 0x0404_0404_0404_0404), "-_v7-_v7-_s");
    }

    #[test]
    fn client_ids_of_browsers_and_scripts_are_valid() {
        assert!(ClientId::parse(ClientId::generate().as_str()).is_ok());
        assert!(ClientId::parse("17").is_ok());
        for bad in ["", "a b", "\"", &"x".repeat(65)] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
