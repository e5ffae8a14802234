//! The proof of a login, which tokens and sessions carry.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Timestamp, TokenId, User, UserKey};

/// The proof of a login: the user, the version of the account, and the id of the token. It is valid as long as
/// [`crate::store::Sessions::authenticate`] finds the user for it. So a changed password, a deleted account and a
/// logout end tokens and sessions alike, with one look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    user: Uuid,
    version: i64,
    token: Uuid,
    /// When the token expires, in seconds since 1970.
    expires: i64,
}

impl Grant {
    /// A grant to `user` under a fresh token id.
    pub fn new(user: &User, expires: Timestamp) -> Self {
        Self { user: user.key.0, version: user.version, token: TokenId::generate().0, expires: expires.as_secs() }
    }

    pub(super) fn from_parts(user: Uuid, version: i64, token: Uuid, expires: i64) -> Self {
        Self { user, version, token, expires }
    }

    /// The same grant with another expiry of its token.
    pub fn with_expiry(self, expires: Timestamp) -> Self {
        Self { expires: expires.as_secs(), ..self }
    }

    pub fn user(&self) -> UserKey {
        UserKey(self.user)
    }

    pub fn version(&self) -> i64 {
        self.version
    }

    pub fn token(&self) -> TokenId {
        TokenId(self.token)
    }

    /// When the token expires. A session that began with a password outlives it.
    pub fn expires(&self) -> Timestamp {
        Timestamp(self.expires.saturating_mul(1000))
    }
}
