//! What only the adapter can check of its database, and the few things that are mended by hand. Everything else is checked
//! by the rows of a [`Snapshot`](super::Snapshot), which are the same in both.

use async_trait::async_trait;

use super::{MessageRow, Result};
use crate::domain::UserKey;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One line that names it.
    pub what: String,
    /// What the operator can do.
    pub way_out: WayOut,
}

/// What helps against a [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayOut {
    /// `natter doctor --repair` mends it.
    Repair,
    /// A backup and its restore into an empty database make it anew, because it is no part of the rows.
    MakeAnew,
    /// The rows themselves are wrong: only a backup from before has the right ones.
    EarlierBackup,
    /// A file is lost: a backup may have it, or its author removes it.
    LostFile,
    /// An avatar is lost: its user uploads another picture.
    LostAvatar,
}

impl Finding {
    pub fn new(way_out: WayOut, what: impl Into<String>) -> Self {
        Self { what: what.into(), way_out }
    }
}

#[async_trait]
pub trait Check {
    /// Checks what is no part of the rows: the database itself, its indexes, and what it derives from the rows.
    async fn check_database(&self) -> Result<Vec<Finding>>;
    /// The deleted accounts of which natter is still removing memberships, reactions and mentions.
    async fn departing(&self) -> Result<Vec<UserKey>>;
    /// Gives a message the numbers that derive from the log (its replies and its texts) and the marks of thumbnails of
    /// this row. Nothing else of it changes, and it takes no `rev`.
    async fn mend_message(&self, row: &MessageRow) -> Result<()>;
    /// Makes anew what the database derives from the rows and `check_database` found to be wrong.
    async fn mend_database(&self) -> Result<()>;
}
