//! Sessions and revoked tokens.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::bson::{self, doc};
use serde::Deserialize;

use super::{
    audit_documents::bson_audit_id,
    bson_values::{any_of, bson_binary, bson_date, bson_token, bson_uuid, token_id, user_key},
    database::Mongo,
    documents::SessionDoc,
    driver::{with_timeout, with_timeout_raw},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{AuditId, Timestamp, TokenId, User, UserKey},
    store::{AUDIT_LIFETIME_SECS, Event, Result, SessionRow, Sessions, networks::NETWORK_LIFETIME_SECS},
};

/// The maximum grants in one query.
const MAX_GRANTS: usize = 1000;

#[async_trait]
impl Sessions for Mongo {
    async fn create_session(&self, row: &SessionRow) -> Result<bool> {
        match with_timeout_raw(self.db.sessions.insert_one(SessionDoc::new(row))).await {
            Ok(_) => Ok(true),
            Err(error) if is_duplicate_key(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn save_session(&self, row: &SessionRow) -> Result<()> {
        let session = SessionDoc::new(row);
        with_timeout(self.db.sessions.replace_one(doc! { "_id": bson_binary(&row.id) }, session)).await.map(drop)
    }

    async fn session(&self, id: &[u8; 32]) -> Result<Option<SessionRow>> {
        let found = with_timeout(self.db.sessions.find_one(doc! { "_id": bson_binary(id) })).await?;
        found.map(SessionRow::try_from).transpose()
    }

    async fn sessions_of(&self, user: UserKey) -> Result<Vec<SessionRow>> {
        let find = self.db.sessions.find(doc! { "user": bson_uuid(user) });
        let found: Vec<SessionDoc> = with_timeout(async { find.await?.try_collect().await }).await?;
        found.into_iter().map(SessionRow::try_from).collect()
    }

    async fn delete_session(&self, id: &[u8; 32]) -> Result<()> {
        with_timeout(self.db.sessions.delete_one(doc! { "_id": bson_binary(id) })).await.map(drop)
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        // deliberately no TTL index: it would use the server's clock, and its own interval
        let expired = doc! { "expires": { "$lte": bson_date(now) } };
        with_timeout(self.db.sessions.delete_many(expired.clone())).await?;
        with_timeout(self.db.revoked.delete_many(expired)).await?;
        let oldest_entry = bson_audit_id(AuditId::first_at(now.plus_secs(-AUDIT_LIFETIME_SECS)));
        with_timeout(self.db.audit.delete_many(doc! { "_id": { "$lt": oldest_entry } })).await?;
        let outdated = doc! { "noted": { "$lte": bson_date(now.plus_secs(-NETWORK_LIFETIME_SECS)) } };
        with_timeout(self.db.networks.delete_many(outdated)).await?;
        // one that fails must not put off the others
        let finished =
            [self.db.finish_adding().await, self.db.finish_room_removals().await, self.finish_settled_removals().await];
        finished.into_iter().collect()
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
        let found = self.authenticated(&[(user, version, token)]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn void_tokens(&self, grants: &[(UserKey, i64, TokenId)]) -> Result<Vec<TokenId>> {
        let mut void = Vec::new();
        for grants in grants.chunks(MAX_GRANTS) {
            let found = self.authenticated(grants).await?;
            void.extend(grants.iter().zip(found).filter(|(_, user)| user.is_none()).map(|(grant, _)| grant.2));
        }
        Ok(void)
    }
}

impl Mongo {
    /// The user of each token, in the order of `grants`; `None` if the token is void.
    async fn authenticated(&self, grants: &[(UserKey, i64, TokenId)]) -> Result<Vec<Option<User>>> {
        #[derive(Deserialize)]
        struct Revoked {
            #[serde(rename = "_id")]
            token: bson::Uuid,
        }
        let users = doc! { "_id": any_of(grants.iter().map(|(user, ..)| bson_uuid(*user))) };
        let users = self.db.users.find(users).batch_size(MAX_GRANTS as u32);
        let users = with_timeout(async { users.await?.try_collect::<Vec<_>>().await });
        let revoked = doc! { "_id": any_of(grants.iter().map(|(.., token)| bson_token(*token))) };
        let tokens = self.db.revoked.clone_with_type::<Revoked>();
        let revoked = tokens.find(revoked).batch_size(MAX_GRANTS as u32);
        let revoked = with_timeout(async { revoked.await?.try_collect::<Vec<_>>().await });
        let (users, revoked) = tokio::try_join!(users, revoked)?;
        let users: HashMap<UserKey, User> = users.into_iter().map(|user| (user_key(user.key), user.into())).collect();
        let revoked: HashSet<TokenId> = revoked.into_iter().map(|revoked| token_id(revoked.token)).collect();
        let user = |(key, version, token): &(UserKey, i64, TokenId)| {
            users
                .get(key)
                .filter(|user| user.version == *version && !user.disabled && !revoked.contains(token))
                .cloned()
        };
        Ok(grants.iter().map(user).collect())
    }
}
