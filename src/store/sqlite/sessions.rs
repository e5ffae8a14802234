//! Sessions and revoked tokens.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use uuid::Uuid;

use super::{
    database::Sqlite,
    users::{COLUMNS, user},
};
use crate::{
    domain::{AuditId, Timestamp, TokenId, User, UserKey},
    store::{AUDIT_LIFETIME_SECS, Event, Result, SessionRow, Sessions, networks::NETWORK_LIFETIME_SECS},
};

/// The columns that [`session`] reads.
pub const SESSION_COLUMNS: &str = "id, data, expires, user";

pub fn session(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    let user = row.get::<_, Option<[u8; 16]>>(3)?.map(|key| UserKey(Uuid::from_bytes(key)));
    Ok(SessionRow { id: row.get(0)?, data: row.get(1)?, expires: Timestamp(row.get(2)?), user })
}

/// The values of [`SESSION_COLUMNS`].
pub fn values(row: &SessionRow) -> impl Params {
    let user = row.user.map(|user| user.0.into_bytes());
    (row.id, row.data.clone(), row.expires.0, user)
}

#[async_trait]
impl Sessions for Sqlite {
    async fn create_session(&self, row: &SessionRow) -> Result<bool> {
        let row = row.clone();
        let insert = "INSERT INTO sessions (id, data, expires, user) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
        self.writer.run(move |batch| Ok(batch.connection.prepare_cached(insert)?.execute(values(&row))? == 1)).await
    }

    async fn save_session(&self, row: &SessionRow) -> Result<()> {
        let row = row.clone();
        let update = "UPDATE sessions SET data = ?2, expires = ?3, user = ?4 WHERE id = ?1";
        self.writer
            .run(move |batch| {
                batch.connection.prepare_cached(update)?.execute(values(&row))?;
                Ok(())
            })
            .await
    }

    async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRow>> {
        let id = *id;
        self.read(move |c| {
            let sql = format!("SELECT {SESSION_COLUMNS} FROM sessions WHERE id = ?1");
            c.prepare_cached(&sql)?.query_row([id], session).optional()
        })
        .await
    }

    async fn sessions_of(&self, user: UserKey) -> Result<Vec<SessionRow>> {
        self.read(move |c| {
            let sql = format!("SELECT {SESSION_COLUMNS} FROM sessions WHERE user = ?1");
            c.prepare_cached(&sql)?.query_map([user.0.as_bytes()], session)?.collect()
        })
        .await
    }

    async fn delete_session(&self, id: &[u8; 32]) -> Result<()> {
        let id = *id;
        self.writer
            .run(move |batch| {
                batch.connection.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id])?;
                Ok(())
            })
            .await
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        self.writer
            .run(move |batch| {
                batch.connection.execute("DELETE FROM sessions WHERE expires <= ?1", [now.0])?;
                batch.connection.execute("DELETE FROM revoked_tokens WHERE expires <= ?1", [now.0])?;
                let oldest_kept = now.plus_secs(-NETWORK_LIFETIME_SECS);
                let oldest_entry = AuditId::first_at(now.plus_secs(-AUDIT_LIFETIME_SECS));
                batch.connection.execute("DELETE FROM audit WHERE id < ?1", [oldest_entry.0.as_bytes()])?;
                batch.connection.execute("DELETE FROM login_networks WHERE noted <= ?1", [oldest_kept.0])?;
                Ok(())
            })
            .await
    }

    async fn revoke_token(&self, token: TokenId, expires: Timestamp) -> Result<()> {
        let insert = "INSERT INTO revoked_tokens VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.writer
            .run(move |batch| {
                batch.connection.prepare_cached(insert)?.execute(params![token.0.as_bytes(), expires.0])?;
                batch.events.push(Event::TokenRevoked(token));
                Ok(())
            })
            .await
    }

    async fn authenticate(&self, key: UserKey, version: i64, token: TokenId) -> Result<Option<User>> {
        self.read(move |c| authenticate(c, (key, version, token))).await
    }

    async fn void_tokens(&self, grants: &[(UserKey, i64, TokenId)]) -> Result<Vec<TokenId>> {
        let grants = grants.to_vec();
        self.read(move |c| {
            let mut void = Vec::new();
            for grant in grants {
                if authenticate(c, grant)?.is_none() {
                    void.push(grant.2);
                }
            }
            Ok::<_, rusqlite::Error>(void)
        })
        .await
    }
}

fn authenticate(c: &Connection, (key, version, token): (UserKey, i64, TokenId)) -> rusqlite::Result<Option<User>> {
    c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM users WHERE key = ?1 AND version = ?2 AND disabled = 0
         AND NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?3)"
    ))?
    .query_row(params![key.0.as_bytes(), version, token.0.as_bytes()], user)
    .optional()
}
