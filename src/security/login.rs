//! The login service: whoever has the right password gets a token. The auth server offers it to people
//! and scripts, the users server calls it on sign-up.

use std::sync::Arc;

use secrecy::SecretString;

use super::{
    Grant,
    limits::{RateLimited, RateLimits},
    passwords::{Busy, Passwords},
    sessions::{self, SessionLifetime},
    tokens::{self, Tokens},
};
use crate::{
    domain::{Network, Timestamp, User, UserId, UserKey},
    store::{self, PasswordHash, Store},
};

/// A network is noted as one of an account's again when it was last noted longer ago, in seconds: more often would be
/// a write a login.
const NOTE_AFTER: i64 = 24 * 3600;

/// A successful login.
pub struct Login {
    pub user: User,
    pub token: String,
    pub grant: Grant,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong password or unknown user: the two look and time alike.
    #[error("This userID and password don't match.")]
    WrongPassword,
    #[error(transparent)]
    RateLimited(#[from] RateLimited),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] store::Error),
}

#[derive(Clone)]
pub struct LoginService {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<Passwords>,
    pub tokens: Arc<Tokens>,
    pub limits: Arc<RateLimits>,
}

impl LoginService {
    /// Checks a password and issues a token.
    pub async fn login(&self, user_id: &str, password: SecretString, from: Network) -> Result<Login, LoginError> {
        let outcome = self.check(user_id, password, from).await;
        let result = match &outcome {
            Ok(_) => "ok",
            Err(LoginError::WrongPassword) => "wrong",
            Err(LoginError::RateLimited(_)) => "limited",
            Err(_) => "failed",
        };
        metrics::counter!("natter_logins_total", "result" => result).increment(1);
        Ok(self.issue_login(outcome?))
    }

    async fn check(&self, user_id: &str, password: SecretString, from: Network) -> Result<User, LoginError> {
        // what cannot be a userID is limited, and takes as long, as what can
        let id = UserId::parse(user_id).ok();
        let account = id.as_ref().map_or(String::new(), UserId::folded);
        self.limits.login(&account, from)?;
        let found = match &id {
            Some(id) => self.store.credentials(id).await?,
            None => None,
        };
        // asked of nobody's key too, or the time of one read would tell who has an account
        let key = found.as_ref().map_or_else(UserKey::generate, |(user, _)| user.key);
        let seen = self.store.network_last_seen(key, from).await?;
        if seen.is_none() {
            self.limits.unfamiliar_login(&account)?;
        }
        let hash = found.as_ref().map(|(_, hash)| hash.clone());
        let matches = self.passwords.verify(password.clone(), hash).await?.matches;
        let Some((user, hash)) = found.filter(|_| matches) else { return Err(LoginError::WrongPassword) };
        self.rehash(&user, password, hash).await;
        if seen.is_none_or(|seen| seen < Timestamp::now().plus_secs(-NOTE_AFTER)) {
            self.record_network(&user, from).await;
        }
        Ok(user)
    }

    /// Replaces a hash that has another cost than the configured one, now that the password is known. The login goes
    /// on where that cannot be done; the next one does it.
    async fn rehash(&self, user: &User, password: SecretString, old: PasswordHash) {
        let Some(new) = self.passwords.rehash(password, &old).await else { return };
        if let Err(error) = self.store.replace_hash(user.key, &old, &new).await {
            tracing::warn!(user = %user.key.0, %error, "a password could not be hashed anew");
        }
    }

    /// Notes that `user` logged in, or signed up, from a network: attempts from elsewhere do not lock it out. The login
    /// goes on where it cannot be noted.
    pub async fn record_network(&self, user: &User, from: Network) {
        if let Err(error) = self.store.record_network(user.key, from, Timestamp::now()).await {
            tracing::warn!(user = %user.key.0, %error, "the network of a login could not be noted");
        }
    }

    /// Asks for a user's present password once more, before a change that needs it.
    pub async fn confirm(&self, user: &User, password: SecretString, from: Network) -> Result<(), LoginError> {
        self.limits.confirmation(user.key, from)?;
        if self.store.network_last_seen(user.key, from).await?.is_none() {
            self.limits.unfamiliar_confirmation(user.key)?;
        }
        let (_, hash) = self.store.credentials(&user.user_id).await?.unzip();
        if self.passwords.verify(password, hash).await?.matches { Ok(()) } else { Err(LoginError::WrongPassword) }
    }

    /// Issues a token to somebody whose password needs no check: they have just set it.
    pub fn issue_login(&self, user: User) -> Login {
        let (token, grant) = self.tokens.issue(&user);
        Login { user, token, grant }
    }

    /// A fresh token for somebody who is logged in, to show on another server. It has the login's token id:
    /// what ends the one ends the other.
    /// A session that came of a token makes none that outlives it: nobody stays in for ever without a password.
    pub fn token_for_other_server(&self, user: &User, grant: &Grant, lifetime: SessionLifetime) -> String {
        let expires = match lifetime {
            SessionLifetime::Renewable => Timestamp::now().plus_secs(tokens::LIFETIME),
            SessionLifetime::UntilTokenExpires => grant.expires(),
        };
        self.tokens.reissue(user, grant, expires)
    }

    /// `login` under the token id of `present`, where that is the same user's: whatever came of either in this browser,
    /// on any host, ends with one logout.
    pub fn keep_token_id(&self, login: Login, present: Option<&Grant>) -> Login {
        let of_login = (login.grant.user(), login.grant.version());
        let Some(present) = present.filter(|present| (present.user(), present.version()) == of_login) else {
            return login;
        };
        let grant = present.until(login.grant.expires());
        Login { token: self.tokens.reissue(&login.user, &grant, grant.expires()), grant, ..login }
    }

    /// The user behind a grant, if it still holds.
    pub async fn user_of(&self, grant: &Grant) -> store::Result<Option<User>> {
        self.store.authenticate(grant.user(), grant.version(), grant.token()).await
    }

    /// Voids those of the grants that a browser had which are another user's than `next`: pages that show the one must
    /// not go on as the other.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn revoke_others(&self, present: &[Grant], next: &Grant) -> store::Result<()> {
        for other in present.iter().filter(|present| present.user() != next.user()) {
            self.revoke(other).await?;
        }
        Ok(())
    }

    /// Voids a grant: its token, the sessions that came of it, and the sockets opened with either.
    pub async fn revoke(&self, grant: &Grant) -> store::Result<()> {
        // a session under another host's cookie may hold the same grant, and outlive the token
        let sessions_end = Timestamp::now().plus_secs(sessions::LIFETIME.whole_seconds());
        self.store.revoke_token(grant.token(), grant.expires().max(sessions_end)).await
    }
}
