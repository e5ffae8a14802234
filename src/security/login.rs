//! The login service: whoever has the right password gets a token. The auth server offers it to people
//! and scripts, the users server calls it on sign-up.

use std::{net::IpAddr, sync::Arc};

use secrecy::SecretString;

use super::{
    Grant,
    limits::{Limits, TooMany},
    passwords::{Busy, Passwords},
    sessions::{self, Lasting},
    tokens::{self, Tokens},
};
use crate::{
    domain::{Timestamp, User, UserId},
    store::{self, Store},
};

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
    Wrong,
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Store(#[from] store::Error),
}

#[derive(Clone)]
pub struct Logins {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<Passwords>,
    pub tokens: Arc<Tokens>,
    pub limits: Arc<Limits>,
}

impl Logins {
    /// Checks a password and issues a token.
    pub async fn login(&self, user_id: &str, password: SecretString, from: IpAddr) -> Result<Login, LoginError> {
        let outcome = self.check(user_id, password, from).await;
        let result = match &outcome {
            Ok(_) => "ok",
            Err(LoginError::Wrong) => "wrong",
            Err(LoginError::TooMany(_)) => "limited",
            Err(_) => "failed",
        };
        metrics::counter!("natter_logins_total", "result" => result).increment(1);
        Ok(self.admit(outcome?))
    }

    async fn check(&self, user_id: &str, password: SecretString, from: IpAddr) -> Result<User, LoginError> {
        // what cannot be a userID is limited by its address, and takes as long as what can
        let id = UserId::parse(user_id).ok();
        self.limits.login(&id.as_ref().map_or(String::new(), UserId::folded), from)?;
        let found = match &id {
            Some(id) => self.store.credentials(id).await?,
            None => None,
        };
        let (user, hash) = found.unzip();
        let matches = self.passwords.verify(password, hash).await?;
        user.filter(|_| matches).ok_or(LoginError::Wrong)
    }

    /// Asks for a user's present password once more, before a change that needs it.
    pub async fn confirm(&self, user: &User, password: SecretString) -> Result<(), LoginError> {
        self.limits.password_check(&user.user_id.folded())?;
        let (_, hash) = self.store.credentials(&user.user_id).await?.unzip();
        if self.passwords.verify(password, hash).await? { Ok(()) } else { Err(LoginError::Wrong) }
    }

    /// Issues a token to somebody whose password needs no check: they have just set it.
    pub fn admit(&self, user: User) -> Login {
        let (token, grant) = self.tokens.issue(&user);
        Login { user, token, grant }
    }

    /// A fresh token for somebody who is logged in, to show on another server. It has the login's token id:
    /// what ends the one ends the other.
    /// A session that came of a token makes none that outlives it: nobody stays in for ever without a password.
    pub fn hand_over(&self, user: &User, grant: &Grant, lasting: Lasting) -> String {
        let expires = match lasting {
            Lasting::Yes => Timestamp::now().plus_secs(tokens::LIFETIME),
            Lasting::WhileTokenIsValid => grant.expires(),
        };
        self.tokens.reissue(user, grant, expires)
    }

    /// The user behind a grant, if it still holds.
    pub async fn holder(&self, grant: &Grant) -> store::Result<Option<User>> {
        self.store.authenticate(grant.user(), grant.version(), grant.token()).await
    }

    /// Voids the grant that a browser had, where it goes on as somebody else: pages that show the one must not
    /// go on as the other.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn revoke_other(&self, present: Option<Grant>, next: &Grant) -> store::Result<()> {
        match present.filter(|present| present.user() != next.user()) {
            Some(other) => self.revoke(&other).await,
            None => Ok(()),
        }
    }

    /// Voids a grant: its token, the sessions that came of it, and the sockets opened with either.
    pub async fn revoke(&self, grant: &Grant) -> store::Result<()> {
        // a session under another host's cookie may hold the same grant, and outlive the token
        let sessions_end = Timestamp::now().plus_secs(sessions::LIFETIME.whole_seconds());
        self.store.revoke_token(grant.token(), grant.expires().max(sessions_end)).await
    }
}
