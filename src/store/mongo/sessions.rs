//! Sessions and revoked tokens.

use async_trait::async_trait;
use mongodb::bson::{Binary, doc, spec::BinarySubtype};

use super::{
    Mongo, bounded,
    documents::{SessionDoc, date, key},
    duplicate, timed,
};
use crate::{
    domain::{Timestamp, TokenId, User, UserKey},
    store::{Event, NETWORK_LIFETIME, Result, SessionRow, Sessions},
};

pub fn binary(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

#[async_trait]
impl Sessions for Mongo {
    async fn create_session(&self, row: &SessionRow) -> Result<bool> {
        let session = SessionDoc { id: binary(&row.id), data: binary(&row.data), expires: date(row.expires) };
        match timed(self.db.sessions.insert_one(session)).await {
            Ok(_) => Ok(true),
            Err(error) if duplicate(&error).is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn save_session(&self, row: &SessionRow) -> Result<()> {
        let update = doc! { "$set": { "data": binary(&row.data), "expires": date(row.expires) } };
        bounded(self.db.sessions.update_one(doc! { "_id": binary(&row.id) }, update)).await.map(drop)
    }

    async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRow>> {
        let found = bounded(self.db.sessions.find_one(doc! { "_id": binary(id) })).await?;
        Ok(found.map(|session| SessionRow {
            id: *id,
            data: session.data.bytes,
            expires: Timestamp(session.expires.timestamp_millis()),
        }))
    }

    async fn delete_session(&self, id: &[u8; 32]) -> Result<()> {
        bounded(self.db.sessions.delete_one(doc! { "_id": binary(id) })).await.map(drop)
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        // not a TTL index: it would go by the server's clock, and by its own minute
        let expired = doc! { "expires": { "$lte": date(now) } };
        bounded(self.db.sessions.delete_many(expired.clone())).await?;
        bounded(self.db.revoked.delete_many(expired)).await?;
        let old = doc! { "noted": { "$lte": date(now.plus_secs(-NETWORK_LIFETIME)) } };
        bounded(self.db.networks.delete_many(old)).await?;
        self.finish_removals().await
    }

    async fn revoke_token(&self, token: TokenId, expires: Timestamp) -> Result<()> {
        let row = doc! { "_id": key(UserKey(token.0)), "expires": date(expires) };
        match timed(self.db.revoked.insert_one(row)).await {
            Err(error) if duplicate(&error).is_none() => return Err(error.into()),
            _ => {}
        }
        self.outbox.send(vec![Event::TokenRevoked(token)]).await;
        Ok(())
    }

    async fn authenticate(&self, user: UserKey, version: i64, token: TokenId) -> Result<Option<User>> {
        let user = bounded(self.db.users.find_one(doc! { "_id": key(user), "version": version }));
        let revoked = bounded(self.db.revoked.find_one(doc! { "_id": key(UserKey(token.0)) }));
        let (user, revoked) = tokio::try_join!(user, revoked)?;
        Ok(user.filter(|_| revoked.is_none()).map(User::from))
    }
}
