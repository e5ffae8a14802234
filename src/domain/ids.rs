//! Identifiers.

use std::{fmt, sync::Arc};

use uuid::Uuid;

use super::Invalid;

/// The key a user keeps for life: what messages, tokens and sessions refer to. It is never given out
/// again, so an old token cannot open the account of somebody who took over a freed `userID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey(pub Uuid);

impl UserKey {
    /// A fresh key (UUIDv7: made in order, which keeps index pages together).
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

/// One token's id (`jti`): what logging out revokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId(pub Uuid);

impl TokenId {
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

/// The `userID` a person signs up and logs in with: 3–[`UserId::MAX`] ASCII letters, digits, `_ . -`.
/// Two that differ only in case are the same; the spelling of the sign-up is kept for display.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Longest userID, in characters.
    pub const MAX: usize = 32;

    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let raw = raw.trim();
        if !(3..=Self::MAX).contains(&raw.chars().count()) {
            return Err(Invalid::new(format!("Use 3 to {} characters.", Self::MAX)));
        }
        if !raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
            return Err(Invalid::new("Use letters, digits, and _ . - only."));
        }
        // "." and ".." would be eaten by URL normalisation; three dots and more are merely silly.
        if raw.bytes().all(|b| b == b'.') {
            return Err(Invalid::new("Use at least one letter or digit."));
        }
        Ok(Self(raw.to_owned()))
    }

    /// A userID that was checked on its way into the store.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that is the same for every spelling.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A room's name in addresses and in the store. There is one room for now, the [lobby](RoomId::lobby).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomId(Arc<str>);

impl RoomId {
    /// The room everybody is in.
    pub fn lobby() -> Self {
        Self::named("lobby")
    }

    /// A room by the name it has in the store.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id a client gives each send, so that a repeat is known for one: (author, client id) is unique.
/// 1–64 ASCII letters, digits, `_` and `-`: a UUID fits, and so does a script's own counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let fits =
            (1..=64).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if fits {
            Ok(Self(raw.to_owned()))
        } else {
            Err(Invalid::new("Use 1 to 64 letters, digits, _ and -, a fresh one for each message (a UUID will do)."))
        }
    }

    /// An id that is known to fit.
    pub(crate) fn stored(raw: String) -> Self {
        Self(raw)
    }

    /// A fresh id, for a form that is sent without JavaScript.
    pub fn generate() -> Self {
        Self(Uuid::new_v4().to_string())
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
        assert_eq!(UserId::parse("ADA").unwrap().folded(), UserId::parse("ada").unwrap().folded());
    }

    #[test]
    fn client_ids_are_what_a_browser_or_a_script_makes() {
        assert!(ClientId::parse(ClientId::generate().as_str()).is_ok());
        assert!(ClientId::parse("17").is_ok());
        for bad in ["", "a b", "\"", &"x".repeat(65)] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
