//! Reads that never go back in time.
//!
//! A majority read shows majority-committed data, but a newly elected primary may lag behind the one before it. So every
//! read of the log runs in a session that waits for the latest time that this process has seen: of its own writes,
//! reads, and the change stream. What another process acknowledges during an election can be missing until this process
//! has seen it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use futures_util::TryStreamExt;
use mongodb::{Client, ClientSession, SessionCursor, bson::Timestamp};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;

use super::driver::with_timeout;
use crate::store::Result;

/// The latest operation time that this process has seen.
#[derive(Clone, Default)]
pub struct CausalClock(Arc<Mutex<Option<Timestamp>>>);

impl CausalClock {
    /// Starts a session whose reads show everything up to now.
    pub async fn session(&self, client: &Client) -> Result<CausalSession> {
        let mut session = with_timeout(client.start_session()).await?;
        if let Some(latest) = *self.0.lock() {
            session.advance_operation_time(latest);
        }
        Ok(CausalSession { session, clock: self.clone() })
    }

    /// Starts a session whose reads all show the moment of the first one.
    pub async fn snapshot_session(&self, client: &Client) -> Result<CausalSession> {
        let session = with_timeout(client.start_session().snapshot(true)).await?;
        Ok(CausalSession { session, clock: self.clone() })
    }

    /// Notes a time that this process has seen.
    pub fn advance(&self, time: Timestamp) {
        let mut latest = self.0.lock();
        if latest.is_none_or(|latest| latest < time) {
            *latest = Some(time);
        }
    }
}

/// A session of a [`CausalClock`]. When it is dropped, the clock has advanced to its last operation.
pub struct CausalSession {
    session: ClientSession,
    clock: CausalClock,
}

/// All that the cursor finds.
pub async fn collect<T>(mut cursor: SessionCursor<T>, session: &mut CausalSession) -> mongodb::error::Result<Vec<T>>
where
    T: DeserializeOwned + Send + Sync + Unpin,
{
    cursor.stream(&mut session.session).try_collect().await
}

impl Deref for CausalSession {
    type Target = ClientSession;

    fn deref(&self) -> &ClientSession {
        &self.session
    }
}

impl DerefMut for CausalSession {
    fn deref_mut(&mut self) -> &mut ClientSession {
        &mut self.session
    }
}

impl Drop for CausalSession {
    fn drop(&mut self) {
        if let Some(time) = self.session.operation_time() {
            self.clock.advance(time);
        }
    }
}
