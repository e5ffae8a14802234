//! The networks that users log in from.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Network, Timestamp, UserKey};

/// The number of networks kept for each user: the most recently seen ones.
pub(super) const NETWORKS_PER_USER: u32 = 16;
/// How long a network is kept after it was last seen, in seconds: 90 days.
pub(super) const NETWORK_LIFETIME_SECS: i64 = 90 * 24 * 3600;

/// The networks that users log in from. They are deleted with their user.
#[async_trait]
pub trait Networks {
    /// When the user last logged in from the network. `None` if it is not stored.
    async fn network_last_seen(&self, user: UserKey, network: Network) -> Result<Option<Timestamp>>;
    /// Records that the user logged in from the network at `now`. If the user was deleted, nothing is stored, or the
    /// entry is removed later by [`Sessions::sweep`](super::Sessions::sweep).
    async fn record_network(&self, user: UserKey, network: Network, now: Timestamp) -> Result<()>;
}
