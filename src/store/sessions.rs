//! Sessions of browsers, and revoked tokens.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Timestamp, TokenId, User, UserKey};

/// A browser's session. Only the session layer reads `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The hash of the session's secret id, so that a reader of the database cannot take over a session.
    pub id: [u8; 32],
    pub data: Vec<u8>,
    pub expires: Timestamp,
    /// Who is signed in. `None`: nobody, or an earlier natter has stored it.
    pub user: Option<UserKey>,
}

#[async_trait]
pub trait Sessions {
    /// Adds a session; `false` if the id is taken.
    async fn create_session(&self, row: &SessionRow) -> Result<bool>;
    /// Updates an existing session. A session that was deleted in the meantime stays deleted.
    async fn save_session(&self, row: &SessionRow) -> Result<()>;
    async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRow>>;
    /// The sessions of a user, also expired ones, in any order.
    async fn sessions_of(&self, user: UserKey) -> Result<Vec<SessionRow>>;
    async fn delete_session(&self, id: &[u8; 32]) -> Result<()>;
    /// Removes sessions and revocations that have expired by `now`, networks that were last seen 90 days before, and
    /// entries of the audit list that are a year old.
    /// Finishes removals of accounts that were interrupted.
    async fn sweep(&self, now: Timestamp) -> Result<()>;
    /// Voids a token. The revocation is kept until the token's own expiry, `expires`.
    async fn revoke_token(&self, token: TokenId, expires: Timestamp) -> Result<()>;
    /// The user of a token or session. `None` if the account is deleted or disabled, its version is no longer
    /// `version`, or the token is revoked.
    async fn authenticate(&self, user: UserKey, version: i64, token: TokenId) -> Result<Option<User>>;
    /// The tokens for which [`Sessions::authenticate`] finds no user, in the order of `grants`: each a user, a version and
    /// a token. Few queries, however many there are.
    async fn void_tokens(&self, grants: &[(UserKey, i64, TokenId)]) -> Result<Vec<TokenId>>;
}
