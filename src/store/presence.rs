//! Who is online, and who types, for all processes on a database.
//!
//! Each process publishes the users that have a socket at it, under a lease that it renews. If a process stops renewing
//! its lease, because it was killed or cut off, the other processes end the lease and remove its users.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::Result;
use crate::domain::{RoomId, UserKey};

/// The interval at which a process renews its lease.
pub const LEASE_RENEWAL_INTERVAL: Duration = Duration::from_secs(4);

/// A process while it holds one lease. A process that lost its lease continues under a new id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessId(pub Uuid);

/// A user with a socket at a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineUser {
    pub process: ProcessId,
    pub user: UserKey,
    pub name: String,
    /// Whether the user does nothing at this process at present.
    pub idle: bool,
}

#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// Takes or renews this process's lease, and ends other leases that were not renewed during the last four calls.
    /// `false` if the lease is new. No user is published under a new lease yet.
    async fn renew(&self) -> Result<bool>;
    /// Whether any process holds a lease. If leases are stored, the call waits for 6 seconds to see one renewed.
    async fn in_use(&self) -> Result<bool>;
    /// Publishes to all processes which users are online at this one, with their names and whether they are idle, and
    /// which ones no longer are online.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) before the first [`PresenceStore::renew`].
    async fn publish(&self, online: &[(UserKey, String, bool)], offline: &[UserKey]) -> Result<()>;
    /// The users that are published as online, including those at this process.
    async fn present(&self) -> Result<Vec<OnlineUser>>;
    /// Reports to the other processes which users type in the room at this one, with their names. The write is not
    /// acknowledged, and a later report for the room replaces it: a process may miss any of them.
    ///
    /// # Errors
    /// The database's, if the report could not be sent.
    async fn typing(&self, room: &RoomId, users: &[(UserKey, String)]) -> Result<()>;
}
