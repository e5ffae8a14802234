//! Who is in a room, as all processes on a database know it.
//!
//! Each process publishes who has a socket there, under a lease that it renews. Where it no longer does,
//! because it was killed or cut off, the others end the lease, and its people with it.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::Result;
use crate::domain::{RoomId, UserKey};

/// How often a lease has to be renewed.
pub const RENEWAL: Duration = Duration::from_secs(4);

/// A process, for as long as it holds one lease. After it has lost that, it goes on as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessId(pub Uuid);

/// Somebody with a socket at a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineUser {
    pub process: ProcessId,
    pub user: UserKey,
    pub name: String,
}

#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// Takes or renews this process's lease, and ends those of others that were not renewed over the last four
    /// calls. `false` where the lease is a new one, under which nobody has been published yet.
    async fn renew(&self) -> Result<bool>;
    /// Whether any process holds a lease. Where there are leases, this takes as long as it takes to see one renewed.
    async fn in_use(&self) -> Result<bool>;
    /// Tells the other processes who is in here, by name, and who no longer is.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] before the first [`PresenceStore::renew`].
    async fn publish(&self, room: &RoomId, here: &[(UserKey, String)], gone: &[UserKey]) -> Result<()>;
    /// Whoever was published, by this process too.
    async fn present(&self, room: &RoomId) -> Result<Vec<OnlineUser>>;
}
