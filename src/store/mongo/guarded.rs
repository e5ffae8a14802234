//! Changes of accounts that only one process may make at a time: those that could remove the last admin, and the
//! creation of the first user, who becomes an admin.
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
    bson_values::{bson_uuid, by_user_key},
    collections::Collections,
    database::Mongo,
    documents::UserDoc,
    driver::{transaction_with_timeout, with_timeout_raw},
    unique_index::account_error,
};
use crate::{
    domain::{Role, UserKey},
    store::{Conflict, Error, MessageRetention, Result},
};

/// The maximum time that a change is retried after transient errors, such as write conflicts.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

type DriverResult<T> = mongodb::error::Result<T>;

#[derive(Clone, Copy)]
pub enum Guarded<'a> {
    /// Creates the user; as an admin if there is no user yet.
    CreateFirst(&'a UserDoc),
    /// An update that makes the user no admin.
    Demote(UserKey, &'a Document),
    /// Deletes the user. The same transaction records what is then to be removed: in `departures` the memberships, and
    /// in `removals` the messages, if they are to be deleted too.
    Delete(UserKey, MessageRetention),
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
        Guarded::CreateFirst(user) => {
            let mut user = user.clone();
            if with_timeout_raw(users.find_one(doc! {}).session(&mut *session)).await?.is_none() {
                user.role = Role::Admin.as_str().to_owned();
            }
            with_timeout_raw(users.insert_one(&user).session(session)).await?;
            Ok(user)
        }
        Guarded::Demote(user, update) => {
            let before = check_other_admin(db, user, session).await?;
            with_timeout_raw(users.update_one(by_user_key(user), update.clone()).session(session)).await?;
            Ok(before)
        }
        Guarded::Delete(user, messages) => {
            let before = check_other_admin(db, user, session).await?;
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
    let before = with_timeout_raw(db.users.find_one(by_user_key(user)).session(&mut *session)).await?;
    let before = before.ok_or_else(|| refusal(Error::NotFound))?;
    let other = doc! { "_id": { "$ne": bson_uuid(user) }, "role": Role::Admin.as_str() };
    if before.is_admin() && with_timeout_raw(db.users.find_one(other).session(session)).await?.is_none() {
        return Err(refusal(Conflict::LastAdmin.into()));
    }
    Ok(before)
}

/// Wraps an error of the store in an error of the driver. The driver aborts the transaction and returns the error.
fn refusal(error: Error) -> mongodb::error::Error {
    mongodb::error::Error::custom(error)
}
