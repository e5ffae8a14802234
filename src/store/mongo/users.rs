//! Users.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, DateTime, Document, doc},
    options::ReturnDocument,
};
use serde::Deserialize;

use super::{
    authors::read_authors,
    bson_values::{any_of, bson_date, bson_uuid, by_user_key, query_limit, timestamp, user_key},
    database::Mongo,
    documents::UserDoc,
    driver::{with_timeout, with_timeout_raw},
    guarded::{AccountUpdate, Guarded, other_admin},
    settings::update_settings,
    unique_index::account_error,
};
use crate::{
    domain::{About, Author, Email, Name, Person, Phone, Role, Settings, Timestamp, User, UserId, UserKey, fold},
    store::{
        Conflict, Error, Event, MessageRetention, NewUser, PasswordHash, Result, Searched, SortUsersBy, UserChanges,
        UserSearch, Users,
        password_hash::{HASH_VERSIONS, hash_cost},
    },
};

#[async_trait]
impl Users for Mongo {
    async fn create_user(&self, new: NewUser) -> Result<User> {
        let may_be_first = new.role.is_none() && with_timeout(self.db.users.find_one(doc! {})).await?.is_none();
        let user = User {
            key: UserKey::generate(),
            user_id: new.user_id,
            name: new.name,
            email: new.email,
            phone: new.phone,
            about: About::default(),
            avatar: None,
            shows_last_seen: true,
            settings: Settings::default(),
            role: new.role.unwrap_or(Role::Member),
            disabled: false,
            version: 1,
            created_at: Timestamp::now(),
        };
        let row = UserDoc::new(&user, new.password.0);
        let user = if may_be_first || new.entry.is_some() {
            self.guarded(Guarded::Create(&row, new.entry.as_ref())).await?.into()
        } else {
            with_timeout_raw(self.db.users.insert_one(&row)).await.map_err(account_error)?;
            user
        };
        if let Err(error) = self.db.join_everyone(user.key).await {
            // the account exists. Its list of rooms adds what is missing
            tracing::warn!(%error, "adding a new account to the rooms of everyone failed");
        }
        Ok(user)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        Ok(self.user_doc_by_id(id).await?.map(User::from))
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let some = doc! { "folded.userID": any_of(ids.iter().map(UserId::folded)) };
        self.list(some, doc! {}, 0, ids.len() as u32).await
    }

    async fn people(&self, keys: &[UserKey]) -> Result<Vec<Person>> {
        let found = read_authors(&self.db.users, keys.iter().copied()).await?.into_iter();
        Ok(found.map(|(key, Author { user_id, name, avatar })| Person { key, user_id, name, avatar }).collect())
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<(User, PasswordHash)>> {
        let found = self.user_doc_by_id(id).await?;
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
        let filter = search_filter(search);
        let sort = doc! { sort_field(search.sort): if search.descending { -1 } else { 1 }, "_id": 1 };
        let total = with_timeout(self.db.users.count_documents(filter.clone())).await?;
        Ok((self.list(filter, sort, search.offset, search.limit).await?, total))
    }

    async fn update_user(&self, key: UserKey, changes: UserChanges) -> Result<User> {
        let update = update(&changes);
        let removes_admin = changes.role.is_some_and(|role| role != Role::Admin);
        let before = if update.is_empty() {
            self.user_doc(key).await?
        } else if removes_admin || !changes.entries.is_empty() {
            let change = AccountUpdate { removes_admin, ..AccountUpdate::new(key, &update, &changes.entries) };
            self.guarded(Guarded::Update(change)).await?
        } else {
            let updated =
                self.db.users.find_one_and_update(by_user_key(key), update).return_document(ReturnDocument::Before);
            with_timeout_raw(updated).await.map_err(account_error)?.ok_or(Error::NotFound)?
        };
        let before = User::from(before);
        let after = User {
            name: changes.name.unwrap_or_else(|| before.name.clone()),
            email: changes.email.unwrap_or(before.email),
            phone: changes.phone.unwrap_or(before.phone),
            about: changes.about.unwrap_or(before.about),
            shows_last_seen: changes.shows_last_seen.unwrap_or(before.shows_last_seen),
            settings: before.settings.with(changes.settings),
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
        self.remove_user(key, messages, None).await
    }

    async fn record_seen(&self, users: &[UserKey], at: Timestamp) -> Result<()> {
        let users = doc! { "_id": any_of(users.iter().copied().map(bson_uuid)) };
        let update = doc! { "$max": { "lastSeen": bson_date(at) } };
        with_timeout(self.db.users.update_many(users, update)).await.map(drop)
    }

    async fn last_seen(&self, users: &[UserKey]) -> Result<Vec<Option<Timestamp>>> {
        #[derive(Deserialize)]
        struct SeenDoc {
            #[serde(rename = "_id")]
            key: bson::Uuid,
            #[serde(rename = "lastSeen")]
            at: DateTime,
        }
        let shown = doc! {
            "_id": any_of(users.iter().copied().map(bson_uuid)), "showsLastSeen": { "$ne": false },
            "lastSeen": { "$exists": true },
        };
        let documents = self.db.users.clone_with_type::<SeenDoc>();
        let seen = documents.find(shown).projection(doc! { "lastSeen": 1 });
        let seen: Vec<SeenDoc> = with_timeout(async { seen.await?.try_collect().await }).await?;
        let seen: HashMap<UserKey, Timestamp> =
            seen.into_iter().map(|seen| (user_key(seen.key), timestamp(seen.at))).collect();
        Ok(users.iter().map(|user| seen.get(user).copied()).collect())
    }

    async fn highest_hash_cost(&self) -> Result<Option<u32>> {
        let users = self.db.users.clone_with_type::<Document>();
        let mut highest = 0;
        // the last entry of each version in the index has its highest cost
        for version in HASH_VERSIONS {
            let hashes = doc! { "password": { "$gte": version, "$lt": format!("{version}~") } };
            let find = users.find_one(hashes).sort(doc! { "password": -1 });
            let found = with_timeout(find.projection(doc! { "_id": 0, "password": 1 })).await?;
            let hash = found.as_ref().and_then(|found| found.get_str("password").ok());
            highest = highest.max(hash.map_or(0, hash_cost));
        }
        Ok((highest > 0).then_some(highest))
    }

    async fn replace_hash(&self, key: UserKey, old: &PasswordHash, new: &PasswordHash) -> Result<bool> {
        let unchanged = doc! { "_id": bson_uuid(key), "password": &old.0 };
        let update = doc! { "$set": { "password": &new.0 } };
        Ok(with_timeout(self.db.users.update_one(unchanged, update)).await?.modified_count == 1)
    }
}

impl Mongo {
    async fn user_doc_by_id(&self, id: &UserId) -> Result<Option<UserDoc>> {
        with_timeout(self.db.users.find_one(doc! { "folded.userID": id.folded() })).await
    }

    pub(super) async fn user_doc(&self, key: UserKey) -> Result<UserDoc> {
        with_timeout(self.db.users.find_one(by_user_key(key))).await?.ok_or(Error::NotFound)
    }

    async fn list(&self, filter: Document, sort: Document, skip: u32, limit: u32) -> Result<Vec<User>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let find = self.db.users.find(filter).sort(sort).skip(u64::from(skip)).limit(query_limit(limit));
        let found: Vec<UserDoc> = with_timeout(async { find.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    pub(super) async fn check_deletable(&self, key: UserKey) -> Result<()> {
        let other = with_timeout(self.db.users.find_one(other_admin(key)));
        if self.user_doc(key).await?.is_admin() && other.await?.is_none() {
            return Err(Conflict::LastAdmin.into());
        }
        Ok(())
    }
}

/// The filter for the users that a search finds.
pub fn search_filter(search: &UserSearch) -> Document {
    let mut filter = match search.fields {
        Searched::All => doc! {},
        Searched::Names => doc! { "disabled": { "$ne": true } },
    };
    if !search.text.is_empty() {
        let part = doc! { "$regex": literal_pattern(&fold(&search.text)) };
        let fields = match search.fields {
            Searched::All => ["folded.userID", "folded.name", "folded.emailSearch", "phone"].as_slice(),
            Searched::Names => ["folded.userID", "folded.name"].as_slice(),
        };
        filter.insert("$or", fields.iter().map(|field| doc! { *field: &part }).collect::<Vec<_>>());
    }
    filter
}

/// The field that a search is sorted by.
pub fn sort_field(sort: SortUsersBy) -> &'static str {
    match sort {
        SortUsersBy::UserId => "folded.userID",
        SortUsersBy::Name => "folded.name",
        SortUsersBy::Email => "folded.email",
        SortUsersBy::Created => "createdAt",
    }
}

/// The update that makes the changes; empty if there are none.
fn update(changes: &UserChanges) -> Document {
    let (mut set, mut unset) = (Document::new(), Document::new());
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
    if let Some(about) = changes.about.as_ref().map(About::as_str) {
        set.insert("about", about);
    }
    if let Some(shows_last_seen) = changes.shows_last_seen {
        set.insert("showsLastSeen", shows_last_seen);
    }
    if let Some(role) = changes.role {
        set.insert("role", role.as_str());
    }
    update_settings(changes.settings, &mut set, &mut unset);
    let mut update = Document::new();
    if let Some(hash) = &changes.password {
        set.insert("password", &hash.0);
        unset.insert("loginLink", "");
        update.insert("$inc", doc! { "version": 1_i64 });
    }
    if !set.is_empty() {
        update.insert("$set", set);
    }
    if !unset.is_empty() {
        update.insert("$unset", unset);
    }
    update
}

/// A regular expression that matches exactly this text.
pub fn literal_pattern(text: &str) -> String {
    // a BSON regular expression must not contain the NUL character itself
    regex_syntax::escape(text).replace('\0', "\\x00")
}
