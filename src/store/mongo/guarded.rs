//! Changes of accounts that only one process may make at a time: those that could remove the last admin, those by
//! admins, and the creation of the first user, who becomes an admin.
//!
//! Each is a transaction that first writes to one guard document. If two run at once, the server refuses the second one
//! (a write conflict). The driver then runs it again, and it sees the result of the first.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error::TRANSIENT_TRANSACTION_ERROR,
};

use super::{
    audit_documents::{AuditDoc, linked},
    bson_values::{bson_uuid, by_user_key},
    collections::Collections,
    database::Mongo,
    documents::UserDoc,
    driver::{transaction_with_timeout, with_timeout_raw},
    unique_index::account_error,
};
use crate::{
    domain::{AuditEntry, Role, Timestamp, UserKey},
    store::{Conflict, Error, MessageRetention, Result, administration::link_used},
};

/// The maximum time that a change is retried after transient errors, such as write conflicts.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

type DriverResult<T> = mongodb::error::Result<T>;

#[derive(Clone, Copy)]
pub enum Guarded<'a> {
    /// Creates the user. Without an entry, as an admin if there is no user yet; with one, an admin does it.
    Create(&'a UserDoc, Option<&'a AuditEntry>),
    /// An update by an admin, or one that makes the user no admin.
    Update(AccountUpdate<'a>),
    /// Voids the user's login link, if it has this hash and is valid at this time, and writes the entry of its use.
    UseLink(UserKey, &'a [u8; 32], Timestamp),
    /// Deletes the user. The same transaction records what is then to be removed: in `departures` the memberships, and
    /// in `removals` the messages, if they are to be deleted too. With an entry, an admin does it.
    Delete(UserKey, MessageRetention, Option<&'a AuditEntry>),
}

#[derive(Clone, Copy)]
pub struct AccountUpdate<'a> {
    pub user: UserKey,
    pub update: &'a Document,
    /// What an admin does by it. The same transaction writes them.
    pub entries: &'a [AuditEntry],
    /// Whether the user is no admin afterwards, or one that cannot log in.
    pub removes_admin: bool,
    /// Whether a disabled account is refused, as one that does not exist.
    pub needs_enabled: bool,
}

impl<'a> AccountUpdate<'a> {
    pub fn new(user: UserKey, update: &'a Document, entries: &'a [AuditEntry]) -> Self {
        Self { user, update, entries, removes_admin: false, needs_enabled: false }
    }
}

impl Mongo {
    /// Makes the change. Returns the user before the change, or the created user.
    pub(super) async fn guarded(&self, change: Guarded<'_>) -> Result<UserDoc> {
        let _guard = self.guard.lock().await;
        let mut session = with_timeout_raw(self.db.client().start_session()).await?;
        let started = Instant::now();
        // `and_run` repeats the commit while its outcome is unknown. It repeats the whole transaction while an error
        // has the label TRANSIENT_TRANSACTION_ERROR
        let transaction = session.start_transaction().and_run((&self.db, change), |session, (db, change)| {
            async move {
                attempt(db, *change, session).await.map_err(|error| match error {
                    // the new error does not have the label, so the driver does not repeat the transaction
                    error if error.contains_label(TRANSIENT_TRANSACTION_ERROR) && started.elapsed() > RETRY_TIMEOUT => {
                        refusal(account_error(error))
                    }
                    error => error,
                })
            }
            .boxed()
        });
        transaction_with_timeout(transaction).await?.map_err(|error| match error.get_custom::<Error>() {
            Some(refusal) => refusal.clone(),
            None => account_error(error),
        })
    }
}

async fn attempt(db: &Collections, change: Guarded<'_>, session: &mut ClientSession) -> DriverResult<UserDoc> {
    let guard = db.natter.update_one(doc! { "_id": "admins" }, doc! { "$inc": { "turn": 1_i64 } });
    with_timeout_raw(guard.upsert(true).session(&mut *session)).await?;
    let users = &db.users;
    match change {
        Guarded::Create(user, Some(entry)) => {
            with_timeout_raw(users.insert_one(user).session(&mut *session)).await?;
            with_timeout_raw(db.audit.insert_one(AuditDoc::from(entry)).session(session)).await?;
            Ok(user.clone())
        }
        Guarded::Create(user, None) => {
            let mut user = user.clone();
            if with_timeout_raw(users.find_one(doc! {}).session(&mut *session)).await?.is_none() {
                user.role = Role::Admin.as_str().to_owned();
            }
            with_timeout_raw(users.insert_one(&user).session(session)).await?;
            Ok(user)
        }
        Guarded::Update(AccountUpdate { user, update, entries, removes_admin, needs_enabled }) => {
            let before = match removes_admin {
                true => check_other_admin(db, user, session).await?,
                false => read_user(db, user, session).await?,
            };
            if needs_enabled && before.disabled {
                return Err(refusal(Error::NotFound));
            }
            with_timeout_raw(users.update_one(by_user_key(user), update.clone()).session(&mut *session)).await?;
            for entry in entries {
                with_timeout_raw(db.audit.insert_one(AuditDoc::from(entry)).session(&mut *session)).await?;
            }
            Ok(before)
        }
        Guarded::UseLink(user, hash, now) => {
            let valid = doc! { "$and": [by_user_key(user), linked(hash, now)] };
            let void = doc! { "$unset": { "loginLink": "" } };
            let found = with_timeout_raw(users.find_one_and_update(valid, void).session(&mut *session)).await?;
            let found = found.ok_or_else(|| refusal(Error::NotFound))?;
            let entry = link_used(&found.user_id);
            with_timeout_raw(db.audit.insert_one(AuditDoc::from(&entry)).session(session)).await?;
            Ok(found)
        }
        Guarded::Delete(user, messages, entry) => {
            let before = check_other_admin(db, user, session).await?;
            if let Some(entry) = entry {
                with_timeout_raw(db.audit.insert_one(AuditDoc::from(entry)).session(&mut *session)).await?;
            }
            let messages = (messages == MessageRetention::Delete).then_some(&db.removals);
            for removals in [Some(&db.departures), messages].into_iter().flatten() {
                let now = doc! { "$currentDate": { "at": true } };
                let removal = removals.update_one(by_user_key(user), now).upsert(true);
                with_timeout_raw(removal.session(&mut *session)).await?;
            }
            with_timeout_raw(users.delete_one(by_user_key(user)).session(session)).await?;
            Ok(before)
        }
    }
}

/// Reads the user. Refuses if they are the last admin.
async fn check_other_admin(db: &Collections, user: UserKey, session: &mut ClientSession) -> DriverResult<UserDoc> {
    let before = read_user(db, user, session).await?;
    if before.is_admin() && with_timeout_raw(db.users.find_one(other_admin(user)).session(session)).await?.is_none() {
        return Err(refusal(Conflict::LastAdmin.into()));
    }
    Ok(before)
}

async fn read_user(db: &Collections, user: UserKey, session: &mut ClientSession) -> DriverResult<UserDoc> {
    let found = with_timeout_raw(db.users.find_one(by_user_key(user)).session(session)).await?;
    found.ok_or_else(|| refusal(Error::NotFound))
}

/// The filter for the other admins who can log in.
pub fn other_admin(user: UserKey) -> Document {
    doc! { "_id": { "$ne": bson_uuid(user) }, "role": Role::Admin.as_str(), "disabled": { "$ne": true } }
}

/// Wraps an error of the store in an error of the driver. The driver aborts the transaction and returns the error.
fn refusal(error: Error) -> mongodb::error::Error {
    mongodb::error::Error::custom(error)
}
