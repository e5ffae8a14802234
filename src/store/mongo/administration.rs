//! [`Administration`] for the shared database.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::bson::{self, Document, doc};
use serde::Deserialize;

use super::{
    audit_documents::{AuditDoc, LinkDoc, bson_audit_id, linked},
    bson_values::{any_of, bson_uuid, query_limit, timestamp, user_key},
    database::Mongo,
    documents::UserDoc,
    driver::with_timeout,
    guarded::{AccountUpdate, Guarded},
    users::{search_filter, sort_field},
};
use crate::{
    domain::{AuditEntry, AuditId, RoomId, Timestamp, User, UserKey},
    store::{
        Administration, Error, Event, LoginLink, MessageRetention, Result, RoomLine, Rooms, SortByActivity, UserLine,
        UserSearch,
    },
};

#[derive(Deserialize)]
struct KeyDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
}

#[async_trait]
impl Administration for Mongo {
    async fn user_table(
        &self,
        reader: &User,
        search: &UserSearch,
        by: Option<SortByActivity>,
    ) -> Result<(Vec<UserLine>, u64)> {
        let total = with_timeout(self.db.users.count_documents(search_filter(search))).await?;
        if search.limit == 0 {
            return Ok((Vec::new(), total));
        }
        let mut session = self.db.reads().await?;
        let (found, counts) = match by {
            Some(SortByActivity::Messages) => {
                let all = self.matching_keys(search).await?;
                let counts = self.db.count_messages(reader.key, &all, &mut session).await?;
                (self.docs_in_order(&page_by_count(all, &counts, search)).await?, counts)
            }
            _ => {
                let found = self.table_page(search, by).await?;
                let keys: Vec<UserKey> = found.iter().map(|doc| user_key(doc.key)).collect();
                (found, self.db.count_messages(reader.key, &keys, &mut session).await?)
            }
        };
        let line = |doc: UserDoc| {
            let messages = counts.get(&user_key(doc.key)).copied().unwrap_or_default();
            let last_seen = doc.last_seen.filter(|_| doc.shows_last_seen).map(timestamp);
            UserLine { user: doc.into(), last_seen, messages }
        };
        Ok((found.into_iter().map(line).collect(), total))
    }

    async fn set_disabled(&self, key: UserKey, disabled: bool, entry: AuditEntry) -> Result<User> {
        let before = User::from(self.user_doc(key).await?);
        if before.disabled == disabled {
            return Ok(before);
        }
        let update = match disabled {
            true => doc! {
                "$set": { "disabled": true }, "$unset": { "loginLink": "" }, "$inc": { "version": 1_i64 },
            },
            false => doc! { "$unset": { "disabled": "", "loginLink": "" } },
        };
        let change =
            AccountUpdate { removes_admin: disabled, ..AccountUpdate::new(key, &update, std::slice::from_ref(&entry)) };
        let before = User::from(self.guarded(Guarded::Update(change)).await?);
        let after = User { disabled, version: before.version + i64::from(disabled), ..before };
        if disabled {
            self.outbox.send(vec![Event::UserRevoked { key, version: after.version }]).await;
        }
        Ok(after)
    }

    async fn log_out(&self, key: UserKey, entry: AuditEntry) -> Result<User> {
        let update = doc! { "$unset": { "loginLink": "" }, "$inc": { "version": 1_i64 } };
        let change = AccountUpdate::new(key, &update, std::slice::from_ref(&entry));
        let before = User::from(self.guarded(Guarded::Update(change)).await?);
        let after = User { version: before.version + 1, ..before };
        self.outbox.send(vec![Event::UserRevoked { key, version: after.version }]).await;
        Ok(after)
    }

    async fn set_login_link(&self, key: UserKey, link: LoginLink, entry: AuditEntry) -> Result<()> {
        let link = bson::serialize_to_bson(&LinkDoc::new(link)).map_err(|error| Error::Failed(error.to_string()))?;
        let update = doc! { "$set": { "loginLink": link } };
        let change =
            AccountUpdate { needs_enabled: true, ..AccountUpdate::new(key, &update, std::slice::from_ref(&entry)) };
        self.guarded(Guarded::Update(change)).await.map(drop)
    }

    async fn login_link_user(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>> {
        Ok(with_timeout(self.db.users.find_one(linked(hash, now))).await?.map(User::from))
    }

    async fn use_login_link(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>> {
        let Some(linked) = self.login_link_user(hash, now).await? else { return Ok(None) };
        match self.guarded(Guarded::UseLink(linked.key, hash, now)).await {
            Ok(user) => Ok(Some(user.into())),
            // another use was faster, or it became void
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn delete_user_by_admin(&self, key: UserKey, messages: MessageRetention, entry: AuditEntry) -> Result<()> {
        self.remove_user(key, messages, Some(&entry)).await
    }

    async fn record(&self, entry: AuditEntry) -> Result<()> {
        with_timeout(self.db.audit.insert_one(AuditDoc::from(&entry))).await.map(drop)
    }

    async fn audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let before = before.map_or_else(Document::new, |before| doc! { "_id": { "$lt": bson_audit_id(before) } });
        let find = self.db.audit.find(before).sort(doc! { "_id": -1 }).limit(query_limit(limit));
        let found: Vec<AuditDoc> = with_timeout(async { find.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(AuditEntry::from).collect())
    }

    async fn room_table(&self, search: &str, after: Option<&str>, limit: u32) -> Result<Vec<RoomLine>> {
        let open = self.open_rooms(search, after, limit).await?;
        let ids: Vec<RoomId> = open.iter().map(|open| open.room.id.clone()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (heads, _) = self.db.rooms_with_heads(&ids, &mut self.db.reads().await?).await?;
        let line = |(open, id): (crate::store::OpenRoom, &RoomId)| {
            let (head, latest_at) = heads.get(id).copied().unwrap_or_default();
            let latest_at = latest_at.map_or(open.room.created_at, timestamp);
            RoomLine { room: open.room, members: open.members, messages: head.texts, latest_at }
        };
        Ok(open.into_iter().zip(&ids).map(line).collect())
    }
}

/// The users of the page, in order of their messages.
fn page_by_count(mut users: Vec<UserKey>, counts: &HashMap<UserKey, u64>, search: &UserSearch) -> Vec<UserKey> {
    let count = |user: &UserKey| counts.get(user).copied().unwrap_or_default();
    users.sort_unstable();
    match search.descending {
        true => users.sort_by_key(|user| std::cmp::Reverse(count(user))),
        false => users.sort_by_key(count),
    }
    users.into_iter().skip(search.offset as usize).take(search.limit as usize).collect()
}

impl Mongo {
    /// A page of users in the order of the search, or of when they were last online.
    async fn table_page(&self, search: &UserSearch, by: Option<SortByActivity>) -> Result<Vec<UserDoc>> {
        let direction = if search.descending { -1 } else { 1 };
        let field = match by {
            Some(SortByActivity::LastSeen) => "lastShown",
            _ => sort_field(search.sort),
        };
        let hidden = doc! { "$eq": ["$showsLastSeen", false] };
        let shown = doc! { "$cond": [hidden, null, { "$ifNull": ["$lastSeen", null] }] };
        let mut pipeline = vec![doc! { "$match": search_filter(search) }];
        if by.is_some() {
            pipeline.push(doc! { "$set": { "lastShown": shown } });
        }
        pipeline.extend([
            doc! { "$sort": { field: direction, "_id": 1 } },
            doc! { "$skip": i64::from(search.offset) },
            doc! { "$limit": query_limit(search.limit) },
        ]);
        let found = self.db.users.aggregate(pipeline).with_type::<UserDoc>();
        with_timeout(async { found.await?.try_collect().await }).await
    }

    async fn matching_keys(&self, search: &UserSearch) -> Result<Vec<UserKey>> {
        let users = self.db.users.clone_with_type::<KeyDoc>();
        let keys = users.find(search_filter(search)).projection(doc! { "_id": 1 });
        let keys: Vec<KeyDoc> = with_timeout(async { keys.await?.try_collect().await }).await?;
        Ok(keys.into_iter().map(|doc| user_key(doc.key)).collect())
    }

    /// Those of the users that exist, in this order.
    async fn docs_in_order(&self, users: &[UserKey]) -> Result<Vec<UserDoc>> {
        let find = self.db.users.find(doc! { "_id": any_of(users.iter().copied().map(bson_uuid)) });
        let found: Vec<UserDoc> = with_timeout(async { find.await?.try_collect().await }).await?;
        let mut found: HashMap<UserKey, UserDoc> = found.into_iter().map(|doc| (user_key(doc.key), doc)).collect();
        Ok(users.iter().filter_map(|user| found.remove(user)).collect())
    }
}
