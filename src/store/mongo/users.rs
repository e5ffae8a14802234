//! Users.

mod guarded;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{Document, doc},
    options::ReturnDocument,
};

use self::guarded::Guarded;
use super::{
    Mongo, bounded,
    documents::{RemovalDoc, UserDoc, key, user_key},
    duplicate, index_named, limit as at_most,
    migrations::{EMAIL_INDEX, USER_ID_INDEX},
    timed,
};
use crate::{
    domain::{Email, Name, Phone, Role, RoomId, Timestamp, User, UserId, UserKey, fold},
    store::{
        Conflict, Error, Event, HASH_VERSIONS, MessageRetention, NewUser, PasswordHash, Result, SortUsersBy,
        UserChanges, UserSearch, Users, cost_named,
    },
};

/// How long after a removal none of the author's posts is on its way any more, at any process.
const SETTLED: Duration = Duration::from_secs(60);

#[async_trait]
impl Users for Mongo {
    async fn create_user(&self, new: NewUser) -> Result<User> {
        let first = new.role.is_none() && bounded(self.db.users.find_one(doc! {})).await?.is_none();
        let user = User {
            key: UserKey::generate(),
            user_id: new.user_id,
            name: new.name,
            email: new.email,
            phone: new.phone,
            role: new.role.unwrap_or(Role::Member),
            version: 1,
            created_at: Timestamp::now(),
        };
        let row = UserDoc::new(&user, new.password.0);
        if first {
            return Ok(self.guarded(Guarded::CreateFirst(&row)).await?.into());
        }
        timed(self.db.users.insert_one(&row)).await.map_err(taken)?;
        Ok(user)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        Ok(self.by_id(id).await?.map(User::from))
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<(User, PasswordHash)>> {
        let found = self.by_id(id).await?;
        Ok(found.map(|mut row| {
            let hash = PasswordHash(std::mem::take(&mut row.password));
            (row.into(), hash)
        }))
    }

    async fn users_after(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>> {
        let after = after.map_or(String::new(), UserId::folded);
        self.list(doc! { "folded.userID": { "$gt": after } }, doc! { "folded.userID": 1 }, 0, limit).await
    }

    async fn search_users(&self, search: &UserSearch) -> Result<(Vec<User>, u64)> {
        let filter = if search.text.is_empty() {
            doc! {}
        } else {
            let part = doc! { "$regex": literal(&fold(&search.text)) };
            let fields = ["folded.userID", "folded.name", "folded.emailSearch", "phone"];
            doc! { "$or": fields.map(|field| doc! { field: &part }).to_vec() }
        };
        let field = match search.sort {
            SortUsersBy::UserId => "folded.userID",
            SortUsersBy::Name => "folded.name",
            SortUsersBy::Email => "folded.email",
            SortUsersBy::Created => "createdAt",
        };
        let sort = doc! { field: if search.descending { -1 } else { 1 }, "_id": 1 };
        let total = bounded(self.db.users.count_documents(filter.clone())).await?;
        Ok((self.list(filter, sort, search.offset, search.limit).await?, total))
    }

    async fn update_user(&self, key: UserKey, changes: UserChanges) -> Result<User> {
        let update = update(&changes);
        let before = if update.is_empty() {
            self.by_key(key).await?
        } else if changes.role == Some(Role::Member) {
            self.guarded(Guarded::Demote(key, &update)).await?
        } else {
            let updated =
                self.db.users.find_one_and_update(by_key(key), update).return_document(ReturnDocument::Before);
            timed(updated).await.map_err(taken)?.ok_or(Error::NotFound)?
        };
        let before = User::from(before);
        let after = User {
            name: changes.name.unwrap_or_else(|| before.name.clone()),
            email: changes.email.unwrap_or(before.email),
            phone: changes.phone.unwrap_or(before.phone),
            role: changes.role.unwrap_or(before.role),
            version: before.version + i64::from(changes.password.is_some()),
            ..before
        };
        let renamed = (after.name != before.name).then(|| Event::UserChanged { key, name: after.name.clone() });
        let revoked = changes.password.is_some().then_some(Event::UserRevoked { key, version: after.version });
        self.outbox.send(renamed.into_iter().chain(revoked).collect()).await;
        Ok(after)
    }

    async fn delete_user(&self, key: UserKey, messages: MessageRetention) -> Result<()> {
        if messages == MessageRetention::Delete {
            // while the account is still there: a delete that fails half way can be asked for again
            self.check_deletable(key).await?;
            self.writer.erase(RoomId::lobby(), key).await?;
        }
        self.guarded(Guarded::Delete(key, messages)).await?;
        self.outbox.send(vec![Event::UserRevoked { key, version: i64::MAX }]).await;
        // before the messages, which may take long: a failure there must not leave them until the 90 days are over
        bounded(self.db.networks.delete_many(doc! { "user": super::documents::key(key) })).await?;
        if messages == MessageRetention::Delete {
            // what was posted meanwhile. Whoever posts later finds no account (see `append::publish`). If this or
            // another process ends before it has seen to its part, `finish_removals` does
            self.writer.erase(RoomId::lobby(), key).await?;
        }
        Ok(())
    }

    async fn highest_hash_cost(&self) -> Result<Option<u32>> {
        let users = self.db.users.clone_with_type::<Document>();
        let mut dearest = 0;
        // the index has each version's dearest last
        for version in HASH_VERSIONS {
            let hashes = doc! { "password": { "$gte": version, "$lt": format!("{version}~") } };
            let find = users.find_one(hashes).sort(doc! { "password": -1 });
            let found = bounded(find.projection(doc! { "_id": 0, "password": 1 })).await?;
            let hash = found.as_ref().and_then(|found| found.get_str("password").ok());
            dearest = dearest.max(hash.map_or(0, cost_named));
        }
        Ok((dearest > 0).then_some(dearest))
    }

    async fn replace_hash(&self, key: UserKey, old: &PasswordHash, new: &PasswordHash) -> Result<bool> {
        let same = doc! { "_id": super::documents::key(key), "password": &old.0 };
        let update = doc! { "$set": { "password": &new.0 } };
        Ok(bounded(self.db.users.update_one(same, update)).await?.modified_count == 1)
    }
}

impl Mongo {
    /// Erases what is left of accounts that are gone for a while, and strikes the removals off.
    pub async fn finish_removals(&self) -> Result<()> {
        // by the server's clock on both sides
        let settled = doc! { "$expr": { "$lt": ["$at", { "$subtract": ["$$NOW", SETTLED.as_millis() as i64] }] } };
        let settled: Vec<RemovalDoc> =
            bounded(async { self.db.removals.find(settled).await?.try_collect().await }).await?;
        for RemovalDoc { user } in settled {
            self.writer.erase(RoomId::lobby(), user_key(user)).await?;
            bounded(self.db.removals.delete_one(doc! { "_id": user })).await?;
        }
        Ok(())
    }

    async fn by_id(&self, id: &UserId) -> Result<Option<UserDoc>> {
        bounded(self.db.users.find_one(doc! { "folded.userID": id.folded() })).await
    }

    async fn by_key(&self, key: UserKey) -> Result<UserDoc> {
        bounded(self.db.users.find_one(by_key(key))).await?.ok_or(Error::NotFound)
    }

    async fn list(&self, filter: Document, sort: Document, skip: u32, limit: u32) -> Result<Vec<User>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let find = self.db.users.find(filter).sort(sort).skip(u64::from(skip)).limit(at_most(limit));
        let found: Vec<UserDoc> = bounded(async { find.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    async fn check_deletable(&self, key: UserKey) -> Result<()> {
        let other = doc! { "_id": { "$ne": super::documents::key(key) }, "role": Role::Admin.as_str() };
        if self.by_key(key).await?.is_admin() && bounded(self.db.users.find_one(other)).await?.is_none() {
            return Err(Conflict::LastAdmin.into());
        }
        Ok(())
    }
}

fn by_key(user: UserKey) -> Document {
    doc! { "_id": key(user) }
}

/// The update that makes the changes; empty where there are none.
fn update(changes: &UserChanges) -> Document {
    let mut set = Document::new();
    if let Some(name) = changes.name.as_ref().map(Name::as_str) {
        set.extend(doc! { "name": name, "folded.name": fold(name) });
    }
    if let Some(email) = changes.email.as_ref().map(Email::as_str) {
        set.extend(
            doc! { "email": email, "folded.email": email.to_ascii_lowercase(), "folded.emailSearch": fold(email) },
        );
    }
    if let Some(phone) = changes.phone.as_ref().map(Phone::as_str) {
        set.insert("phone", phone);
    }
    if let Some(role) = changes.role {
        set.insert("role", role.as_str());
    }
    let mut update = Document::new();
    if let Some(hash) = &changes.password {
        set.insert("password", &hash.0);
        update.insert("$inc", doc! { "version": 1_i64 });
    }
    if !set.is_empty() {
        update.insert("$set", set);
    }
    update
}

/// Tells a broken unique index by its name.
pub fn taken(error: mongodb::error::Error) -> Error {
    match duplicate(&error).map(index_named) {
        Some(USER_ID_INDEX) => Conflict::UserIdTaken.into(),
        Some(EMAIL_INDEX) => Conflict::EmailTaken.into(),
        _ => error.into(),
    }
}

/// A regular expression for exactly this text.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            '\0' => out.push_str("\\x00"), // a pattern must not hold the character itself
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
