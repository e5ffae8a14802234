//! A reader's cursor into a ring and its log, and the batches that the fan-out's cursor reads.
//!
//! A position counts all entries ever pushed to the ring; a `rev` counts only the changes of the log, because notices
//! are in the ring and not in the log. A cursor has both. It reads on from its position. If the ring has dropped that
//! position, the cursor reads from the store after its `rev`, and finds its new position in the ring by its `rev`.

use crate::{domain::UserKey, net::Frame};

/// A reader's position in the log and in the ring.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// Selects the variants.
    pub(super) user: UserKey,
    /// The `rev` of the latest change read.
    pub(super) rev: u64,
    /// Where to read on in the ring; `None` at first and after a read from the store.
    pub(super) position: Option<u64>,
}

impl Cursor {
    pub fn new(user: UserKey, rev: u64) -> Self {
        Self { user, rev, position: None }
    }

    /// Whether `batch` is what comes next for this cursor's user.
    pub fn precedes(&self, batch: &Batch) -> bool {
        self.position == batch.from.position
            && self.rev == batch.from.rev
            && batch.users_with_variant.binary_search(&self.user).is_err()
    }

    /// Moves to the end of `batch`.
    pub fn pass(&mut self, batch: &Batch) {
        (self.position, self.rev) = (batch.to.position, batch.to.rev);
    }

    /// Moves to `rev`, after a read from the store.
    pub fn skip_to(&mut self, rev: u64) {
        self.rev = rev;
        self.position = None;
    }
}

/// Consecutive entries as users without a variant see them, in one frame for all cursors at the same position.
#[derive(Debug)]
pub struct Batch {
    pub(super) from: Cursor,
    pub(super) to: Cursor,
    /// Users who need another frame, because an entry has a variant for them. Sorted.
    pub(super) users_with_variant: Vec<UserKey>,
    pub frame: Frame,
}
