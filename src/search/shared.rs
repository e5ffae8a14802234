//! What the feed and the searches tell each other.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Dirty, Progress};

#[derive(Debug, Default)]
pub struct Shared {
    pub dirty: Dirty,
    pub progress: Progress,
    /// The number of the file that cannot be used. 0 for none.
    damaged: AtomicU64,
}

impl Shared {
    /// Tells the feed that the file with this inode number cannot be used.
    pub fn note_damage(&self, inode: u64) {
        self.damaged.store(inode, Relaxed);
        self.dirty.note_all();
    }

    /// Whether the file with this inode number cannot be used. A note about an older file means nothing.
    pub fn is_damaged(&self, inode: u64) -> bool {
        self.damaged.swap(0, Relaxed) == inode
    }
}
