//! The space that all files take, for the server's quota.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Conflict, Result};

/// How long a sum is used. Meanwhile other processes may begin uploads that it lacks, and then the quota is exceeded by them.
const FRESH: Duration = Duration::from_secs(60);

/// The sum of the sizes of all uploads, of which there may be a million. It is computed once a minute, and when an upload does
/// not fit.
#[derive(Debug, Default)]
pub struct UsedSpace {
    sum: Mutex<Option<Sum>>,
    /// Held while it is computed: what is added meanwhile would be lost.
    computing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
struct Sum {
    bytes: u64,
    computed: Instant,
}

impl UsedSpace {
    /// Adds an upload of `size` bytes, which is stored. `sum` computes what all uploads take.
    ///
    /// # Errors
    /// [`Conflict::QuotaOfServer`] if it does not fit into `quota`, and those of `sum`.
    pub async fn add(&self, size: u64, quota: u64, sum: impl Future<Output = Result<u64>>) -> Result<()> {
        if self.add_to_known(size, quota) {
            return Ok(());
        }
        let _computing = self.computing.lock().await;
        if self.add_to_known(size, quota) {
            return Ok(());
        }
        // what was removed since is free again
        let bytes = sum.await?.saturating_sub(size);
        *self.sum.lock() = Some(Sum { bytes, computed: Instant::now() });
        if self.add_to_known(size, quota) { Ok(()) } else { Err(Conflict::QuotaOfServer.into()) }
    }

    /// Whether a fresh sum is known, and the upload fits.
    fn add_to_known(&self, size: u64, quota: u64) -> bool {
        let mut known = self.sum.lock();
        let fresh = known.as_mut().filter(|sum| sum.computed.elapsed() < FRESH);
        let fitting = fresh.filter(|sum| sum.bytes.saturating_add(size) <= quota);
        fitting.map(|sum| sum.bytes += size).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;
    use crate::store::Error;

    #[tokio::test]
    async fn a_sum_is_computed_once_while_all_fits() {
        let (space, computed) = (UsedSpace::default(), AtomicU64::new(0));
        let add = |size, stored| {
            let computed = &computed;
            space.add(size, 100, async move {
                computed.fetch_add(1, Relaxed);
                Ok(stored)
            })
        };
        add(10, 60).await.unwrap();
        add(40, 100).await.unwrap();
        assert_eq!(computed.load(Relaxed), 1);
        assert!(matches!(add(1, 101).await, Err(Error::Conflict(Conflict::QuotaOfServer))));
        // something was removed
        add(1, 100).await.unwrap();
        assert_eq!(computed.load(Relaxed), 3);
    }
}
