//! Changes that only one process may make at a time: who is an admin, and who is the first.
//!
//! Each is a transaction that first writes to one guard document. Of two at once the second is refused by
//! the server (a write conflict), and runs again on what the first left.

use std::time::{Duration, Instant};

use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error::{TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
};
use tokio::time::sleep;

use super::{by_key, taken};
use crate::{
    domain::{Role, UserKey},
    store::{
        Conflict, Error, MessageRetention, Result,
        mongo::{Mongo, documents::UserDoc, documents::key, timed},
    },
};

/// Longest that a change is tried while others are first.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(5);

#[derive(Clone, Copy)]
pub(super) enum Guarded<'a> {
    /// Creates the user, as an admin if there is nobody yet.
    CreateFirst(&'a UserDoc),
    /// An update that leaves the user a member.
    Demote(UserKey, &'a Document),
    /// Where the messages go too, writes down in the same commit that they are still to be erased.
    Delete(UserKey, MessageRetention),
}

/// Why a transaction was not carried out.
enum Abort {
    Rule(Error),
    Driver(mongodb::error::Error),
}

impl From<mongodb::error::Error> for Abort {
    fn from(error: mongodb::error::Error) -> Self {
        Self::Driver(error)
    }
}

impl Mongo {
    /// Carries the change out. Returns the user as they were before, or as created.
    pub(super) async fn guarded(&self, change: Guarded<'_>) -> Result<UserDoc> {
        let _turn = self.guard.lock().await;
        let started = Instant::now();
        loop {
            match self.attempt(change).await {
                Ok(user) => return Ok(user),
                Err(Abort::Rule(error)) => return Err(error),
                Err(Abort::Driver(error)) => {
                    if !error.contains_label(TRANSIENT_TRANSACTION_ERROR) || started.elapsed() > PATIENCE {
                        return Err(taken(error));
                    }
                }
            }
            sleep(RETRY).await;
        }
    }

    async fn attempt(&self, change: Guarded<'_>) -> std::result::Result<UserDoc, Abort> {
        let mut session = timed(self.db.client().start_session()).await?;
        timed(session.start_transaction()).await?;
        match self.carry_out(change, &mut session).await {
            Ok(user) => {
                self.commit(&mut session).await?;
                Ok(user)
            }
            Err(abort) => {
                let _ = timed(session.abort_transaction()).await; // it ends by itself otherwise
                Err(abort)
            }
        }
    }

    async fn carry_out(&self, change: Guarded<'_>, session: &mut ClientSession) -> std::result::Result<UserDoc, Abort> {
        let guard = self.db.natter.update_one(doc! { "_id": "admins" }, doc! { "$inc": { "turn": 1_i64 } });
        timed(guard.upsert(true).session(&mut *session)).await?;
        let users = &self.db.users;
        match change {
            Guarded::CreateFirst(user) => {
                let mut user = user.clone();
                if timed(users.find_one(doc! {}).session(&mut *session)).await?.is_none() {
                    user.role = Role::Admin.as_str().to_owned();
                }
                timed(users.insert_one(&user).session(session)).await?;
                Ok(user)
            }
            Guarded::Demote(user, update) => {
                let before = self.leaves_an_admin(user, session).await?;
                timed(users.update_one(by_key(user), update.clone()).session(session)).await?;
                Ok(before)
            }
            Guarded::Delete(user, messages) => {
                let before = self.leaves_an_admin(user, session).await?;
                if messages == MessageRetention::Delete {
                    let now = doc! { "$currentDate": { "at": true } };
                    let removal = self.db.removals.update_one(by_key(user), now).upsert(true);
                    timed(removal.session(&mut *session)).await?;
                }
                timed(users.delete_one(by_key(user)).session(session)).await?;
                Ok(before)
            }
        }
    }

    /// The user, if they may stop being an admin.
    async fn leaves_an_admin(&self, user: UserKey, session: &mut ClientSession) -> std::result::Result<UserDoc, Abort> {
        let before = timed(self.db.users.find_one(by_key(user)).session(&mut *session)).await?;
        let before = before.ok_or(Abort::Rule(Error::NotFound))?;
        let other = doc! { "_id": { "$ne": key(user) }, "role": Role::Admin.as_str() };
        if before.is_admin() && timed(self.db.users.find_one(other).session(session)).await?.is_none() {
            return Err(Abort::Rule(Conflict::LastAdmin.into()));
        }
        Ok(before)
    }

    /// Commits, again while the outcome is unknown: a commit that was carried out already does no harm.
    async fn commit(&self, session: &mut ClientSession) -> mongodb::error::Result<()> {
        let started = Instant::now();
        loop {
            match timed(session.commit_transaction()).await {
                Err(error)
                    if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && started.elapsed() < PATIENCE =>
                {
                    sleep(RETRY).await;
                }
                done => return done,
            }
        }
    }
}
