//! Users.

use async_trait::async_trait;
use rusqlite::{
    Connection, OptionalExtension, Row, named_params, params,
    types::{FromSqlError, FromSqlResult, ValueRef},
};
use uuid::Uuid;

use super::{
    audit_rows::insert_entry, batch::Batch, database::Sqlite, file_ids::file_id_or_none, summaries::person_in,
};
use crate::{
    domain::{About, Email, Name, Person, Phone, Role, Settings, Timestamp, User, UserId, UserKey, fold},
    store::{
        Account, Conflict, Error, Event, MessageRetention, NewUser, PasswordHash, Result, Searched, SortUsersBy,
        UserChanges, UserSearch, Users,
        password_hash::{HASH_VERSIONS, hash_cost},
    },
};

/// The columns that [`user`] reads.
pub const COLUMNS: &str = "key, user_id, name, email, phone, role, version, created_at, about, shows_last_seen,
    settings, disabled, avatar";

/// The number of [`COLUMNS`]: the index of what is selected after them.
pub const AFTER_COLUMNS: usize = 13;

pub fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        key: UserKey(Uuid::from_bytes(row.get(0)?)),
        user_id: UserId::stored(row.get(1)?),
        name: Name::stored(row.get(2)?),
        email: Email::stored(row.get(3)?),
        phone: Phone::stored(row.get(4)?),
        about: About::stored(row.get(8)?),
        shows_last_seen: row.get(9)?,
        settings: settings(row.get_ref(10)?)?,
        disabled: row.get(11)?,
        avatar: file_id_or_none(row, 12)?,
        // the schema allows no other roles
        role: Role::parse(row.get_ref(5)?.as_str()?).unwrap_or(Role::Member),
        version: row.get(6)?,
        created_at: Timestamp(row.get(7)?),
    })
}

fn settings(value: ValueRef<'_>) -> FromSqlResult<Settings> {
    match value {
        ValueRef::Null => Ok(Settings::default()),
        stored => serde_json::from_str(stored.as_str()?).map_err(FromSqlError::other),
    }
}

/// `None` if nothing was set.
fn stored_settings(settings: Settings) -> rusqlite::Result<Option<String>> {
    let json = || serde_json::to_string(&settings);
    let stored = (!settings.is_default()).then(json).transpose();
    stored.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The condition of SQL for the users that a search for `:text` finds.
pub fn matching(fields: Searched) -> &'static str {
    match fields {
        Searched::All => {
            "(instr(fold(user_id), :text) OR instr(fold(name), :text) OR instr(fold(email), :text)
                OR instr(fold(phone), :text))"
        }
        Searched::Names => "disabled = 0 AND (instr(fold(user_id), :text) OR instr(fold(name), :text))",
    }
}

/// What SQL sorts a search by.
pub fn sorted_by(sort: SortUsersBy) -> &'static str {
    match sort {
        SortUsersBy::UserId => "user_id",
        SortUsersBy::Name => "fold(name)",
        SortUsersBy::Email => "email",
        SortUsersBy::Created => "created_at",
    }
}

pub fn has_account(connection: &Connection, key: UserKey) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM users WHERE key = ?1")?.exists([key.0.as_bytes()])
}

#[async_trait]
impl Users for Sqlite {
    async fn create_user(&self, new: NewUser) -> Result<User> {
        self.writer.run(move |batch| batch.atomically(|batch| batch.create_user(new))).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        let id = id.clone();
        self.read(move |c| {
            c.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE user_id = ?1"))?
                .query_row([id.as_str()], user)
                .optional()
        })
        .await
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let ids = ids.to_vec();
        self.read(move |c| {
            let mut find = c.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE user_id = ?1"))?;
            let found = ids.iter().map(|id| find.query_row([id.as_str()], user).optional());
            found.filter_map(rusqlite::Result::transpose).collect()
        })
        .await
    }

    async fn people(&self, keys: &[UserKey]) -> Result<Vec<Person>> {
        let keys = keys.to_vec();
        self.read(move |c| {
            let mut find = c.prepare_cached("SELECT key, user_id, name, avatar FROM users WHERE key = ?1")?;
            let found = keys.iter().map(|key| find.query_row([key.0.as_bytes()], person_in).optional());
            found.filter_map(rusqlite::Result::transpose).collect()
        })
        .await
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<(User, PasswordHash)>> {
        let id = id.clone();
        self.read(move |c| {
            c.prepare_cached(&format!("SELECT {COLUMNS}, password_hash FROM users WHERE user_id = ?1"))?
                .query_row([id.as_str()], |row| Ok((user(row)?, PasswordHash(row.get(AFTER_COLUMNS)?))))
                .optional()
        })
        .await
    }

    async fn users_after(&self, after: Option<&UserId>, limit: u32) -> Result<Vec<User>> {
        let after = after.map_or(String::new(), std::string::ToString::to_string);
        self.read(move |c| {
            c.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE user_id > ?1 ORDER BY user_id LIMIT ?2"))?
                .query_map(params![after, limit], user)?
                .collect()
        })
        .await
    }

    async fn search_users(&self, search: &UserSearch) -> Result<(Vec<User>, u64)> {
        let search = search.clone();
        self.read(move |c| -> Result<_> {
            let text = fold(&search.text);
            let matching = format!("FROM users WHERE {}", matching(search.fields));
            let column = sorted_by(search.sort);
            let direction = if search.descending { "DESC" } else { "ASC" };
            let total: i64 = c
                .prepare_cached(&format!("SELECT count(*) {matching}"))?
                .query_row(named_params! { ":text": text }, |row| row.get(0))?;
            let users = c
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} {matching} ORDER BY {column} {direction}, key LIMIT :limit OFFSET :offset"
                ))?
                .query_map(named_params! { ":text": text, ":limit": search.limit, ":offset": search.offset }, user)?
                .collect::<rusqlite::Result<_>>()?;
            Ok((users, total as u64))
        })
        .await
    }

    async fn update_user(&self, key: UserKey, changes: UserChanges) -> Result<User> {
        self.writer.run(move |batch| batch.atomically(|batch| batch.update_user(key, changes))).await
    }

    async fn delete_user(&self, key: UserKey, messages: MessageRetention) -> Result<()> {
        self.remove_user(key, messages, None).await
    }

    async fn record_seen(&self, users: &[UserKey], at: Timestamp) -> Result<()> {
        let users = users.to_vec();
        let record = move |batch: &mut Batch<'_>| {
            let update = "UPDATE users SET last_seen = max(coalesce(last_seen, ?2), ?2) WHERE key = ?1";
            let mut update = batch.connection.prepare_cached(update)?;
            users.iter().try_for_each(|user| Ok(update.execute(params![user.0.as_bytes(), at.0]).map(drop)?))
        };
        self.writer.run(move |batch| batch.atomically(record)).await
    }

    async fn last_seen(&self, users: &[UserKey]) -> Result<Vec<Option<Timestamp>>> {
        let users = users.to_vec();
        self.read(move |c| {
            let mut seen = c.prepare_cached("SELECT last_seen FROM users WHERE key = ?1 AND shows_last_seen = 1")?;
            let mut last_seen = |user: &UserKey| -> rusqlite::Result<Option<Timestamp>> {
                let at = seen.query_row([user.0.as_bytes()], |row| row.get::<_, Option<i64>>(0)).optional()?;
                Ok(at.flatten().map(Timestamp))
            };
            users.iter().map(&mut last_seen).collect::<rusqlite::Result<_>>()
        })
        .await
    }

    async fn highest_hash_cost(&self) -> Result<Option<u32>> {
        self.read(|c| {
            // the last entry of each version in the index users_cost has its highest cost
            let mut last_of_version = c.prepare_cached(
                "SELECT substr(password_hash, 1, 7) FROM users WHERE substr(password_hash, 1, 7) >= ?1
                 AND substr(password_hash, 1, 7) < ?1 || '~' ORDER BY 1 DESC LIMIT 1",
            )?;
            let mut highest = 0;
            for version in HASH_VERSIONS {
                let found =
                    last_of_version.query_row([version], |row| Ok(hash_cost(row.get_ref(0)?.as_str()?))).optional()?;
                highest = highest.max(found.unwrap_or_default());
            }
            Ok::<_, rusqlite::Error>((highest > 0).then_some(highest))
        })
        .await
    }

    async fn replace_hash(&self, key: UserKey, old: &PasswordHash, new: &PasswordHash) -> Result<bool> {
        let (old, new) = (old.0.clone(), new.0.clone());
        let update = "UPDATE users SET password_hash = ?3 WHERE key = ?1 AND password_hash = ?2";
        self.writer
            .run(move |batch| {
                Ok(batch.connection.prepare_cached(update)?.execute(params![key.0.as_bytes(), old, new])? == 1)
            })
            .await
    }
}

impl Batch<'_> {
    pub fn has_account(&self, key: UserKey) -> rusqlite::Result<bool> {
        has_account(self.connection, key)
    }

    fn create_user(&mut self, new: NewUser) -> Result<User> {
        let is_first = || -> rusqlite::Result<bool> {
            self.connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))
        };
        let role = match new.role {
            Some(role) => role,
            None if is_first()? => Role::Admin,
            None => Role::Member,
        };
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
            role,
            disabled: false,
            version: 1,
            created_at: Timestamp::now(),
        };
        self.insert_user(&Account { user: user.clone(), password: new.password, last_seen: None, link: None })?;
        self.join_rooms_of_everyone(user.key)?;
        new.entry.iter().try_for_each(|entry| insert_entry(self.connection, entry))?;
        Ok(user)
    }

    pub fn insert_user(&self, Account { user, password, last_seen, link }: &Account) -> Result<()> {
        self.connection
            .prepare_cached(&format!(
                "INSERT INTO users ({COLUMNS}, password_hash, last_seen, link_hash, link_expires)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
            ))?
            .execute(params![
                user.key.0.as_bytes(),
                user.user_id.as_str(),
                user.name.as_str(),
                user.email.as_str(),
                user.phone.as_str(),
                user.role.as_str(),
                user.version,
                user.created_at.0,
                user.about.as_str(),
                user.shows_last_seen,
                stored_settings(user.settings)?,
                user.disabled,
                user.avatar.map(|id| id.0.into_bytes()),
                password.0,
                last_seen.map(|at| at.0),
                link.map(|link| link.hash),
                link.map(|link| link.expires.0),
            ])
            .map_err(account_conflict)?;
        Ok(())
    }

    fn update_user(&mut self, key: UserKey, changes: UserChanges) -> Result<User> {
        let before = self.user_by_key(key)?;
        if changes.role.is_some_and(|role| role != Role::Admin) && before.is_admin() {
            self.check_other_admin(key)?;
        }
        let revoked = changes.password.is_some();
        self.connection
            .prepare_cached(
                "UPDATE users SET name = coalesce(?2, name), email = coalesce(?3, email),
                    phone = coalesce(?4, phone), role = coalesce(?5, role),
                    password_hash = coalesce(?6, password_hash), version = version + ?7, about = coalesce(?8, about),
                    shows_last_seen = coalesce(?9, shows_last_seen), settings = ?10,
                    link_hash = iif(?7, NULL, link_hash), link_expires = iif(?7, NULL, link_expires) WHERE key = ?1",
            )?
            .execute(params![
                key.0.as_bytes(),
                changes.name.as_ref().map(Name::as_str),
                changes.email.as_ref().map(Email::as_str),
                changes.phone.as_ref().map(Phone::as_str),
                changes.role.map(Role::as_str),
                changes.password.map(|hash| hash.0),
                i64::from(revoked),
                changes.about.as_ref().map(About::as_str),
                changes.shows_last_seen,
                stored_settings(before.settings.with(changes.settings))?,
            ])
            .map_err(account_conflict)?;
        changes.entries.iter().try_for_each(|entry| insert_entry(self.connection, entry))?;
        let after = self.user_by_key(key)?;
        if after.name != before.name {
            self.events.push(Event::UserChanged { key, name: after.name.clone() });
        }
        if revoked {
            self.events.push(Event::UserRevoked { key, version: after.version });
        }
        Ok(after)
    }

    pub fn user_by_key(&self, key: UserKey) -> Result<User> {
        self.connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE key = ?1"))?
            .query_row([key.0.as_bytes()], user)
            .optional()?
            .ok_or(Error::NotFound)
    }

    pub fn check_deletable(&self, key: UserKey) -> Result<()> {
        if self.user_by_key(key)?.is_admin() { self.check_other_admin(key) } else { Ok(()) }
    }

    /// # Errors
    /// [`Conflict::LastAdmin`] if no other admin can log in.
    pub fn check_other_admin(&self, key: UserKey) -> Result<()> {
        let others: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 AND key <> ?1)")?
            .query_row([key.0.as_bytes()], |row| row.get(0))?;
        if others { Ok(()) } else { Err(Conflict::LastAdmin.into()) }
    }
}

/// The conflict of a write that broke a unique index. SQLite's message names the column.
fn account_conflict(error: rusqlite::Error) -> Error {
    let text = error.to_string();
    if text.contains("users.user_id") {
        Conflict::UserIdTaken.into()
    } else if text.contains("users.email") {
        Conflict::EmailTaken.into()
    } else {
        error.into()
    }
}
