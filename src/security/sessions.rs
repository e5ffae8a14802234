//! Browser sessions: tower-sessions on the store's own table, so that a restart does not log users out.

use std::{collections::HashMap, fmt, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    Expiry, Session, SessionStore,
    session::{Error, Id, Record},
    session_store,
};

use super::{Grant, hash::sha256};
use crate::{
    domain::{Device, Timestamp},
    store::{self, SessionRow, Store},
};

/// How long a session lasts after the last visit.
pub const LIFETIME: Duration = Duration::days(30);
/// A visit is recorded if the last record is older than this, in seconds. To record each would cost a write for each page.
pub const VISIT_INTERVAL: i64 = 600;

const GRANT: &str = "grant";
/// Only renewable sessions have it.
const RENEWED: &str = "renewed";
const EARLIER: &str = "earlier";
const VISIT: &str = "visit";
/// Until when the password can be set without the current one, in seconds since 1970.
const NEW_PASSWORD: &str = "newPassword";
/// Most earlier grants that a session keeps.
const MAX_EARLIER: usize = 16;

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionLifetime {
    /// It began with a password, and visits renew it.
    Renewable,
    /// It began with a token, and ends with it.
    UntilTokenExpires,
}

/// Starts the session of `grant` under a fresh id, so that an id planted before the login is worthless (session
/// fixation).
///
/// The session keeps its earlier grants of the same user. They are not revoked here, because another tab may have a
/// socket that was opened with one of them. They may also have a session on another server's host, so a logout revokes
/// all of them.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn start(session: &Session, grant: Grant, lifetime: SessionLifetime) -> Result<(), Error> {
    let mut earlier = grants(session).await?;
    earlier.retain(|other| {
        (other.user(), other.version()) == (grant.user(), grant.version()) && other.token() != grant.token()
    });
    earlier.drain(..earlier.len().saturating_sub(MAX_EARLIER));
    session.clear().await;
    session.cycle_id().await?;
    session.insert(GRANT, grant).await?;
    if !earlier.is_empty() {
        session.insert(EARLIER, earlier).await?;
    }
    match lifetime {
        SessionLifetime::Renewable => {
            // the session before may have ended with its token
            session.set_expiry(Some(Expiry::OnInactivity(LIFETIME)));
            session.insert(RENEWED, OffsetDateTime::now_utc().unix_timestamp()).await?;
        }
        SessionLifetime::UntilTokenExpires => end_with(session, &grant),
    }
    Ok(())
}

/// Lets the session end with the grant's token. To be called with each change of such a session: without it, a changed
/// session is stored with the lifetime of others.
fn end_with(session: &Session, grant: &Grant) {
    let end = OffsetDateTime::from_unix_timestamp(grant.expires().as_secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    session.set_expiry(Some(Expiry::AtDateTime(end)));
}

/// Where a session was used last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub device: Device,
    pub address: IpAddr,
    /// In seconds since 1970.
    pub at: i64,
}

/// The login that a browser's session has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    pub grant: Grant,
    pub lifetime: SessionLifetime,
}

/// The session's login; `None` if nobody is logged in. The store decides whether its grant is still valid.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn current(session: &Session) -> Result<Option<Current>, Error> {
    let Some(grant) = session.get::<Grant>(GRANT).await? else { return Ok(None) };
    let lifetime = match session.get::<i64>(RENEWED).await? {
        Some(_) => SessionLifetime::Renewable,
        None => SessionLifetime::UntilTokenExpires,
    };
    Ok(Some(Current { grant, lifetime }))
}

/// The session's grant and its earlier grants, the oldest first: a logout revokes all of them.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn grants(session: &Session) -> Result<Vec<Grant>, Error> {
    let mut grants = session.get::<Vec<Grant>>(EARLIER).await?.unwrap_or_default();
    grants.extend(session.get::<Grant>(GRANT).await?);
    Ok(grants)
}

/// Adds another grant of the session's user, so that a logout revokes it too.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn remember_grant(session: &Session, grant: Grant) -> Result<(), Error> {
    if grants(session).await?.iter().any(|known| known.token() == grant.token()) {
        return Ok(());
    }
    if let Some(Current { grant, lifetime: SessionLifetime::UntilTokenExpires }) = current(session).await? {
        end_with(session, &grant);
    }
    let mut earlier = session.get::<Vec<Grant>>(EARLIER).await?.unwrap_or_default();
    earlier.push(grant);
    earlier.drain(..earlier.len().saturating_sub(MAX_EARLIER));
    session.insert(EARLIER, earlier).await
}

/// Records a visit, which also extends a renewable session, unless one was recorded a few minutes ago. Returns whether it
/// was recorded.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn record_visit(session: &Session, current: &Current, visit: Visit) -> Result<bool, Error> {
    let last = session.get_value(VISIT).await?;
    let last = last.and_then(|last| serde_json::from_value::<Visit>(last).ok());
    if last.is_some_and(|last| visit.at - last.at < VISIT_INTERVAL) {
        return Ok(false);
    }
    if current.lifetime == SessionLifetime::UntilTokenExpires {
        end_with(session, &current.grant);
    }
    session.insert(VISIT, visit).await?;
    Ok(true)
}

/// Lets the session's user set a password without the current one until a time: they have logged in without it. A login
/// ends that.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn allow_new_password(session: &Session, until: Timestamp) -> Result<(), Error> {
    session.insert(NEW_PASSWORD, until.as_secs()).await
}

/// Whether the session's user may set a password without the current one.
///
/// # Errors
/// The session's error if the store does not answer.
pub async fn may_set_password(session: &Session) -> Result<bool, Error> {
    let until = session.get::<i64>(NEW_PASSWORD).await?;
    Ok(until.is_some_and(|until| until > Timestamp::now().as_secs()))
}

/// What is stored of a user's session.
pub(super) struct Stored {
    /// The grant that it has now.
    pub grant: Grant,
    /// All its grants.
    pub grants: Vec<Grant>,
    pub visit: Option<Visit>,
}

impl Stored {
    /// `None` if nobody is signed in.
    pub(super) fn read(row: &SessionRow) -> Option<Self> {
        let mut data: HashMap<String, Value> = serde_json::from_slice(&row.data).ok()?;
        let grant = serde_json::from_value(data.remove(GRANT)?).ok()?;
        let earlier = data.remove(EARLIER).and_then(|earlier| serde_json::from_value(earlier).ok());
        let mut grants: Vec<Grant> = earlier.unwrap_or_default();
        grants.push(grant);
        let visit = data.remove(VISIT).and_then(|visit| serde_json::from_value(visit).ok());
        Some(Self { grant, grants, visit })
    }
}

/// The store's session table as tower-sessions uses it. Only the hash of a session's id is stored.
#[derive(Clone)]
pub struct SessionTable(pub Arc<dyn Store>);

impl fmt::Debug for SessionTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionTable")
    }
}

/// The id under which the session is stored; `None` if it is not stored yet.
pub fn stored_id(session: &Session) -> Option<[u8; 32]> {
    session.id().map(|id| hash_id(&id))
}

fn hash_id(id: &Id) -> [u8; 32] {
    sha256(&id.0.to_le_bytes())
}

fn row(record: &Record) -> session_store::Result<SessionRow> {
    let data = serde_json::to_vec(&record.data).map_err(|e| session_store::Error::Encode(e.to_string()))?;
    let expires = Timestamp(record.expiry_date.unix_timestamp() * 1000);
    let grant = record.data.get(GRANT).and_then(|grant| Grant::deserialize(grant).ok());
    Ok(SessionRow { id: hash_id(&record.id), data, expires, user: grant.map(|grant| grant.user()) })
}

fn backend_error(error: store::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for SessionTable {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        while !self.0.create_session(&row(record)?).await.map_err(backend_error)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.0.save_session(&row(record)?).await.map_err(backend_error)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(row) = self.0.session(&hash_id(id)).await.map_err(backend_error)? else { return Ok(None) };
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires.as_secs())
            .map_err(|e| session_store::Error::Decode(e.to_string()))?;
        if expiry_date <= OffsetDateTime::now_utc() {
            return Ok(None);
        }
        let data = serde_json::from_slice(&row.data).map_err(|e| session_store::Error::Decode(e.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.delete_session(&hash_id(id)).await.map_err(backend_error)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_session_that_ends_with_its_token_still_does_after_another_token_of_the_user() {
        let directory = tempfile::tempdir().unwrap();
        let table = Arc::new(SessionTable(store::open_embedded(directory.path()).unwrap()));
        let session = |id| Session::new(id, table.clone(), Some(Expiry::OnInactivity(LIFETIME)));
        let end = Timestamp::now().plus_secs(3600).as_secs();
        let grant = |token| Grant::from_parts(Uuid::nil(), 1, Uuid::from_u128(token), end);
        let first = session(None);
        start(&first, grant(1), SessionLifetime::UntilTokenExpires).await.unwrap();
        first.save().await.unwrap();
        let id = first.id().unwrap();
        for token in [1, 2] {
            let again = session(Some(id));
            remember_grant(&again, grant(token)).await.unwrap();
            if again.is_modified() {
                again.save().await.unwrap();
            }
            assert_eq!(table.load(&id).await.unwrap().unwrap().expiry_date.unix_timestamp(), end, "token {token}");
        }
        assert_eq!(grants(&session(Some(id))).await.unwrap().len(), 2);
    }
}
