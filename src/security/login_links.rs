//! Links with which users log in once without a password, for those who have forgotten it. Admins make them.

use ring::rand::{SecureRandom, SystemRandom};

use super::{
    hash::sha256,
    login::{Login, LoginError, LoginService},
};
use crate::{
    domain::{AuditAction, AuditEntry, Network, Timestamp, User},
    store::{self, LoginLink},
};

/// How long a link is valid, in seconds.
pub const LIFETIME: i64 = 24 * 3600;
/// The bytes of a link's secret.
const SECRET_BYTES: usize = 32;

/// A link that was just made. Only here is its secret known.
pub struct MadeLink {
    /// In hexadecimal.
    pub secret: String,
    pub expires: Timestamp,
}

impl LoginService {
    /// Makes a link for `user`, in place of an earlier one.
    ///
    /// # Errors
    /// The store's: `NotFound` if the account is deleted or disabled.
    pub async fn make_link(&self, admin: &User, user: &User) -> store::Result<MadeLink> {
        let mut secret = [0; SECRET_BYTES];
        let random = SystemRandom::new().fill(&mut secret);
        random.map_err(|_| store::Error::Failed("the system has no random numbers".into()))?;
        let secret = hex::encode(secret);
        let expires = Timestamp::now().plus_secs(LIFETIME);
        let entry = AuditEntry::of_account(admin, AuditAction::LoginLinkMade, user);
        self.store.set_login_link(user.key, LoginLink { hash: sha256(secret.as_bytes()), expires }, entry).await?;
        Ok(MadeLink { secret, expires })
    }

    /// The user of a link; `None` if it is not valid. It stays valid: programs open links too, to show a preview.
    ///
    /// # Errors
    /// The store's error if it does not answer.
    pub async fn linked_user(&self, secret: &str) -> store::Result<Option<User>> {
        self.store.login_link_user(&sha256(secret.as_bytes()), Timestamp::now()).await
    }

    /// Logs in with a link, which voids it. `None` if it is not valid.
    ///
    /// # Errors
    /// See [`LoginError`].
    pub async fn use_link(&self, secret: &str, from: Network) -> Result<Option<Login>, LoginError> {
        self.limits.link(from)?;
        let Some(user) = self.store.use_login_link(&sha256(secret.as_bytes()), Timestamp::now()).await? else {
            return Ok(None);
        };
        metrics::counter!("natter_logins_total", "result" => "link").increment(1);
        self.record_network(&user, from).await;
        Ok(Some(self.issue_login(user)))
    }
}
