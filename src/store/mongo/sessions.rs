//! Sessions and revoked tokens.

use async_trait::async_trait;
use mongodb::bson::doc;

use super::{
    bson_values::{bson_binary, bson_date, bson_token, bson_uuid, timestamp},
    database::Mongo,
    documents::SessionDoc,
    driver::{with_timeout, with_timeout_raw},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{Timestamp, TokenId, User, UserKey},
    store::{Event, Result, SessionRow, Sessions, networks::NETWORK_LIFETIME_SECS},
};

#[async_trait]
impl Sessions for Mongo {
    async fn create_session(&self, row: &SessionRow) -> Result<bool> {
        let session =
            SessionDoc { id: bson_binary(&row.id), data: bson_binary(&row.data), expires: bson_date(row.expires) };
        match with_timeout_raw(self.db.sessions.insert_one(session)).await {
            Ok(_) => Ok(true),
            Err(error) if is_duplicate_key(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn save_session(&self, row: &SessionRow) -> Result<()> {
        let update = doc! { "$set": { "data": bson_binary(&row.data), "expires": bson_date(row.expires) } };
        with_timeout(self.db.sessions.update_one(doc! { "_id": bson_binary(&row.id) }, update)).await.map(drop)
    }

    async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRow>> {
        let found = with_timeout(self.db.sessions.find_one(doc! { "_id": bson_binary(id) })).await?;
        Ok(found.map(|session| SessionRow { id: *id, data: session.data.bytes, expires: timestamp(session.expires) }))
    }

    async fn delete_session(&self, id: &[u8; 32]) -> Result<()> {
        with_timeout(self.db.sessions.delete_one(doc! { "_id": bson_binary(id) })).await.map(drop)
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        // deliberately no TTL index: it would use the server's clock, and its own interval
        let expired = doc! { "expires": { "$lte": bson_date(now) } };
        with_timeout(self.db.sessions.delete_many(expired.clone())).await?;
        with_timeout(self.db.revoked.delete_many(expired)).await?;
        let outdated = doc! { "noted": { "$lte": bson_date(now.plus_secs(-NETWORK_LIFETIME_SECS)) } };
        with_timeout(self.db.networks.delete_many(outdated)).await?;
        self.finish_removals().await
    }

    async fn revoke_token(&self, token: TokenId, expires: Timestamp) -> Result<()> {
        let row = doc! { "_id": bson_token(token), "expires": bson_date(expires) };
        match with_timeout_raw(self.db.revoked.insert_one(row)).await {
            Err(error) if !is_duplicate_key(&error) => return Err(error.into()),
            _ => {}
        }
        self.outbox.send(vec![Event::TokenRevoked(token)]).await;
        Ok(())
    }

    async fn authenticate(&self, user: UserKey, version: i64, token: TokenId) -> Result<Option<User>> {
        let user = with_timeout(self.db.users.find_one(doc! { "_id": bson_uuid(user), "version": version }));
        let revoked = with_timeout(self.db.revoked.find_one(doc! { "_id": bson_token(token) }));
        let (user, revoked) = tokio::try_join!(user, revoked)?;
        Ok(user.filter(|_| revoked.is_none()).map(User::from))
    }
}
