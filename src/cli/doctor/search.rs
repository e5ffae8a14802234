//! The search index: whether it has of each message what the log has.

use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::findings::Findings;
use crate::{
    cli::progress::print_line,
    domain::Message,
    search::{Comparison, Document, Index},
    store::{self, WayOut},
};

const INDEX: &str = "The search index";

/// The comparison of the index. `None` if there is none, or it cannot be read.
pub struct SearchCheck(Option<Comparison>);

impl SearchCheck {
    /// Reads the index, before the rows are read: the log must not be older.
    pub async fn read(path: PathBuf, findings: &mut Findings) -> Self {
        let read = spawn_blocking(move || Comparison::open(&path).map_err(|error| error.to_string())).await;
        Self(read.map_err(|error| error.to_string()).flatten().unwrap_or_else(|reason| {
            findings.add(INDEX, WayOut::Repair, reason);
            None
        }))
    }

    /// Compares the next message, in order of room and `seq`.
    pub fn check(&mut self, message: &Message, findings: &mut Findings) {
        if let Some(comparison) = &mut self.0 {
            let mut found = |line| findings.add(INDEX, WayOut::Repair, line);
            comparison.compare(message.id.room.as_str(), message.rev, &Document::of(message), &mut found);
        }
    }

    /// Ends the comparison. Says how much is not indexed yet, which is nothing wrong.
    pub fn finish(self, findings: &mut Findings) {
        let Some(comparison) = self.0 else { return };
        let percent = comparison.finish(&mut |line| findings.add(INDEX, WayOut::Repair, line));
        if percent < 100 {
            print_line(&format!(
                "the search index has {percent}% of the changes; natter indexes the others as it runs"
            ));
        }
    }
}

/// Removes an index with findings. natter makes it anew at its next start.
pub fn remove_index(path: &Path, findings: &Findings) -> store::Result<()> {
    if findings.has(INDEX) {
        Index::remove(path).map_err(|error| store::Error::Failed(error.to_string()))?;
    }
    Ok(())
}
