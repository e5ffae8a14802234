//! Browser sessions: tower-sessions over the store's own table, so that a restart logs nobody out.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use time::{Duration, OffsetDateTime};
use tower_sessions::{
    Expiry, Session, SessionStore,
    session::{Error, Id, Record},
    session_store,
};

use super::Grant;
use crate::{
    domain::Timestamp,
    store::{SessionRow, Store},
};

/// How long a browser stays logged in without a visit.
pub const LIFETIME: Duration = Duration::days(30);
/// A visit renews a session that was last renewed longer ago than this; more often would be a write a page.
const RENEW_AFTER: Duration = Duration::days(1);

const GRANT: &str = "grant";
const RENEWED: &str = "renewed";
const EARLIER: &str = "earlier";
/// Most earlier grants that a session remembers.
const EARLIER_MAX: usize = 16;

/// The session of one who logged in here, renewable; or of one who came with a token, ending with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionLifetime {
    Renewable,
    UntilTokenExpires,
}

/// Makes `session` the one of `grant`, under a fresh id: one planted before the login is worth nothing.
///
/// The same user's grants that it had before are remembered. They are not voided here, as another tab may have a
/// socket under one; but they may have a session on another server's host too, and so a logout ends all of them.
pub async fn start(session: &Session, grant: Grant, lifetime: SessionLifetime) -> Result<(), Error> {
    let mut earlier = grants(session).await?;
    earlier.retain(|other| {
        (other.user(), other.version()) == (grant.user(), grant.version()) && other.token() != grant.token()
    });
    earlier.drain(..earlier.len().saturating_sub(EARLIER_MAX));
    session.clear().await;
    session.cycle_id().await?;
    session.insert(GRANT, grant).await?;
    if !earlier.is_empty() {
        session.insert(EARLIER, earlier).await?;
    }
    match lifetime {
        SessionLifetime::Renewable => session.insert(RENEWED, OffsetDateTime::now_utc().unix_timestamp()).await?,
        SessionLifetime::UntilTokenExpires => {
            let end =
                OffsetDateTime::from_unix_timestamp(grant.expires().as_secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
            session.set_expiry(Some(Expiry::AtDateTime(end)));
        }
    }
    Ok(())
}

/// What a browser's session says about who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    pub grant: Grant,
    pub lifetime: SessionLifetime,
}

/// Who the session belongs to, if to anybody. Whether the grant still holds, only the store can tell.
pub async fn current(session: &Session) -> Result<Option<Current>, Error> {
    let Some(grant) = session.get::<Grant>(GRANT).await? else { return Ok(None) };
    let lifetime = match session.get::<i64>(RENEWED).await? {
        Some(_) => SessionLifetime::Renewable,
        None => SessionLifetime::UntilTokenExpires,
    };
    Ok(Some(Current { grant, lifetime }))
}

/// Every grant that `session` has, or had of the same user: what a logout voids. The oldest comes first.
pub async fn grants(session: &Session) -> Result<Vec<Grant>, Error> {
    let mut grants = session.get::<Vec<Grant>>(EARLIER).await?.unwrap_or_default();
    grants.extend(session.get::<Grant>(GRANT).await?);
    Ok(grants)
}

/// Notes another grant of the session's user, for a logout to void.
pub async fn remember(session: &Session, grant: Grant) -> Result<(), Error> {
    if grants(session).await?.iter().any(|known| known.token() == grant.token()) {
        return Ok(());
    }
    let mut earlier = session.get::<Vec<Grant>>(EARLIER).await?.unwrap_or_default();
    earlier.push(grant);
    earlier.drain(..earlier.len().saturating_sub(EARLIER_MAX));
    session.insert(EARLIER, earlier).await
}

/// Puts off a renewable session's end, at most once a day.
pub async fn renew(session: &Session) -> Result<(), Error> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    match session.get::<i64>(RENEWED).await? {
        Some(then) if now - then > RENEW_AFTER.whole_seconds() => session.insert(RENEWED, now).await,
        _ => Ok(()),
    }
}

/// tower-sessions' port, on ours. The id itself is never stored, only its hash.
#[derive(Clone)]
pub struct SessionTable(pub Arc<dyn Store>);

impl fmt::Debug for SessionTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionTable")
    }
}

fn hashed(id: &Id) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &id.0.to_le_bytes()).as_ref());
    hash
}

fn row(record: &Record) -> session_store::Result<SessionRow> {
    let data = serde_json::to_vec(&record.data).map_err(|e| session_store::Error::Encode(e.to_string()))?;
    let expires = Timestamp(record.expiry_date.unix_timestamp() * 1000);
    Ok(SessionRow { id: hashed(&record.id), data, expires })
}

fn backend(error: crate::store::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for SessionTable {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        while !self.0.create_session(&row(record)?).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.0.save_session(&row(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(row) = self.0.session(&hashed(id)).await.map_err(backend)? else { return Ok(None) };
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires.as_secs())
            .map_err(|e| session_store::Error::Decode(e.to_string()))?;
        if expiry_date <= OffsetDateTime::now_utc() {
            return Ok(None);
        }
        let data = serde_json::from_slice(&row.data).map_err(|e| session_store::Error::Decode(e.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.delete_session(&hashed(id)).await.map_err(backend)
    }
}
