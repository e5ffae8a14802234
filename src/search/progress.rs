//! How much of the rooms' logs is indexed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Counted in changes.
#[derive(Debug, Default)]
pub struct Progress {
    indexed: AtomicU64,
    total: AtomicU64,
    is_complete: AtomicBool,
}

impl Progress {
    /// More changes are indexed.
    pub fn add(&self, changes: u64) {
        self.indexed.fetch_add(changes, Relaxed);
    }

    pub fn set(&self, indexed: u64, total: u64) {
        self.indexed.store(indexed, Relaxed);
        self.total.store(total, Relaxed);
        if indexed == total {
            self.complete();
        }
    }

    /// All that the logs had at the start is indexed; from now on the index is a second behind.
    pub fn complete(&self) {
        self.is_complete.store(true, Relaxed);
    }

    /// The index is not kept up to date, until it is complete again.
    pub fn interrupt(&self) {
        self.is_complete.store(false, Relaxed);
    }

    /// The index is made anew.
    pub fn restart(&self) {
        self.is_complete.store(false, Relaxed);
        self.set(0, self.total.load(Relaxed).max(1));
    }

    /// The share that is indexed, in whole percent: 100 only if it is all.
    pub fn percent(&self) -> u8 {
        if self.is_complete.load(Relaxed) {
            return 100;
        }
        let (indexed, total) = (self.indexed.load(Relaxed), self.total.load(Relaxed));
        (indexed.saturating_mul(100) / total.max(1)).min(99) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_it_is_100_percent() {
        let progress = Progress::default();
        assert_eq!(progress.percent(), 0);
        progress.set(0, 1000);
        progress.add(999);
        assert_eq!(progress.percent(), 99);
        progress.complete();
        assert_eq!(progress.percent(), 100);
        progress.restart();
        assert_eq!(progress.percent(), 0);
        progress.set(10, 10);
        assert_eq!(progress.percent(), 100);
    }
}
