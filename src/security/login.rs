//! The login service: checks passwords and issues tokens. The auth server uses it for pages and the API, the users
//! server at sign-up.

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

/// A login from a known network records it again if the last record is older than this, in seconds. To record each
/// login would cost one write each.
const RECORD_AFTER: i64 = 24 * 3600;

/// A successful login.
pub struct Login {
    pub user: User,
    pub token: String,
    pub grant: Grant,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong password or unknown user: the answer and its time are the same, so that an attacker cannot tell which.
    #[error("This userID and password don't match.")]
    WrongPassword,
    /// The password matches, but an admin has disabled the account.
    #[error("This account is disabled.")]
    Disabled,
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
    ///
    /// # Errors
    /// See [`LoginError`].
    pub async fn login(&self, user_id: &str, password: SecretString, from: Network) -> Result<Login, LoginError> {
        let outcome = self.check(user_id, password, from).await;
        let result = match &outcome {
            Ok(_) => "ok",
            Err(LoginError::WrongPassword) => "wrong",
            Err(LoginError::Disabled) => "disabled",
            Err(LoginError::RateLimited(_)) => "limited",
            Err(_) => "failed",
        };
        metrics::counter!("natter_logins_total", "result" => result).increment(1);
        Ok(self.issue_login(outcome?))
    }

    async fn check(&self, user_id: &str, password: SecretString, from: Network) -> Result<User, LoginError> {
        // an invalid userID counts for the limits and takes the same time as a valid one
        let id = UserId::parse(user_id).ok();
        let account = id.as_ref().map_or(String::new(), UserId::folded);
        self.limits.login(&account, from)?;
        let found = match &id {
            Some(id) => self.store.credentials(id).await?,
            None => None,
        };
        // with a fresh key for an unknown user: without this read the time would reveal whether the account exists
        let key = found.as_ref().map_or_else(UserKey::generate, |(user, _)| user.key);
        let seen = self.store.network_last_seen(key, from).await?;
        if seen.is_none() {
            self.limits.unfamiliar_login(&account)?;
        }
        let hash = found.as_ref().map(|(_, hash)| hash.clone());
        let matches = self.passwords.verify(password.clone(), hash).await?.matches;
        let Some((user, hash)) = found.filter(|_| matches) else { return Err(LoginError::WrongPassword) };
        if user.disabled {
            return Err(LoginError::Disabled);
        }
        self.rehash(&user, password, hash).await;
        if seen.is_none_or(|seen| seen < Timestamp::now().plus_secs(-RECORD_AFTER)) {
            self.record_network(&user, from).await;
        }
        Ok(user)
    }

    /// Replaces a hash that has another cost than the configured one, because only now the password is known. The login
    /// succeeds even if this fails; the next login tries again.
    async fn rehash(&self, user: &User, password: SecretString, old: PasswordHash) {
        let Some(new) = self.passwords.rehash(password, &old).await else { return };
        if let Err(error) = self.store.replace_hash(user.key, &old, &new).await {
            tracing::warn!(user = %user.key.0, %error, "password rehash failed");
        }
    }

    /// Records that `user` logged in, or signed up, from a network, so that attempts from unfamiliar networks do not
    /// lock it out. The login succeeds even if this fails.
    pub async fn record_network(&self, user: &User, from: Network) {
        if let Err(error) = self.store.record_network(user.key, from, Timestamp::now()).await {
            tracing::warn!(user = %user.key.0, %error, "login network record failed");
        }
    }

    /// Checks the current password of a user who is logged in, before a change that needs it.
    ///
    /// # Errors
    /// See [`LoginError`].
    pub async fn confirm(&self, user: &User, password: SecretString, from: Network) -> Result<(), LoginError> {
        self.limits.confirmation(user.key, from)?;
        if self.store.network_last_seen(user.key, from).await?.is_none() {
            self.limits.unfamiliar_confirmation(user.key)?;
        }
        let (_, hash) = self.store.credentials(&user.user_id).await?.unzip();
        if self.passwords.verify(password, hash).await?.matches { Ok(()) } else { Err(LoginError::WrongPassword) }
    }

    /// Issues a token without a password check, for a user who has just set the password.
    pub fn issue_login(&self, user: User) -> Login {
        let (token, grant) = self.tokens.issue(&user);
        Login { user, token, grant }
    }

    /// A fresh token for a user who is logged in, to log in on another of the three servers. It has the token id of the
    /// login, so that both are revoked together. A session that began with a token cannot issue a token that outlives
    /// it: otherwise a user could stay logged in without end and without a password.
    pub fn token_for_other_server(&self, user: &User, grant: &Grant, lifetime: SessionLifetime) -> String {
        let expires = match lifetime {
            SessionLifetime::Renewable => Timestamp::now().plus_secs(tokens::LIFETIME),
            SessionLifetime::UntilTokenExpires => grant.expires(),
        };
        self.tokens.reissue(user, grant, expires)
    }

    /// `login` with the token id of `current`, if that is a grant of the same user. So one logout ends all sessions of
    /// both logins in this browser, on every host.
    pub fn keep_token_id(&self, login: Login, current: Option<&Grant>) -> Login {
        let account = (login.grant.user(), login.grant.version());
        let Some(current) = current.filter(|current| (current.user(), current.version()) == account) else {
            return login;
        };
        let grant = current.with_expiry(login.grant.expires());
        Login { token: self.tokens.reissue(&login.user, &grant, grant.expires()), grant, ..login }
    }

    /// The user of a grant; `None` if the grant is no longer valid.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn user_of(&self, grant: &Grant) -> store::Result<Option<User>> {
        self.store.authenticate(grant.user(), grant.version(), grant.token()).await
    }

    /// Revokes the grants of `current` that belong to another user than `next`: an open page of one user must not go on
    /// as the other.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn revoke_others(&self, current: &[Grant], next: &Grant) -> store::Result<()> {
        for other in current.iter().filter(|current| current.user() != next.user()) {
            self.revoke(other).await?;
        }
        Ok(())
    }

    /// Revokes a grant: its token, the sessions that began with it, and the sockets opened with either.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn revoke(&self, grant: &Grant) -> store::Result<()> {
        // a session in another host's cookie may have the same grant and outlive the token
        let sessions_end = Timestamp::now().plus_secs(sessions::LIFETIME.whole_seconds());
        self.store.revoke_token(grant.token(), grant.expires().max(sessions_end)).await
    }
}
