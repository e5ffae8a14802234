//! How much of its time the feed leaves to those who post.

use std::time::Duration;

use tokio::time::sleep;

use super::Dirty;

/// The rest for each change that is committed while the feed works. An indexed message costs a third of what a posted one
/// does. Up to about 3,500 changes a second the index keeps up; beyond that it falls behind, and not those who post.
const REST: Duration = Duration::from_millis(2);
const MAX_REST: Duration = Duration::from_secs(2);

/// The work from its start or the last rest on.
pub struct Pace<'a> {
    dirty: &'a Dirty,
    /// The changes until then.
    changes: u64,
}

impl<'a> Pace<'a> {
    pub fn start(dirty: &'a Dirty) -> Self {
        Self { dirty, changes: dirty.changes() }
    }

    /// Rests after work, the longer the more was changed during it.
    pub async fn rest(&mut self) {
        sleep(self.due()).await;
        self.changes = self.dirty.changes();
    }

    fn due(&self) -> Duration {
        let changes = self.dirty.changes() - self.changes;
        REST.saturating_mul(u32::try_from(changes).unwrap_or(u32::MAX)).min(MAX_REST)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{domain::RoomId, store::Event};

    #[tokio::test]
    async fn the_rest_is_as_long_as_much_was_changed_during_the_work() {
        let dirty = Dirty::default();
        let note = |changes| dirty.note(&vec![Event::Advanced { room: RoomId::lobby(), rev: 1 }; changes]);
        note(1_000);
        let mut pace = Pace::start(&dirty);
        assert_eq!(pace.due(), Duration::ZERO);
        note(20);
        assert_eq!(pace.due(), Duration::from_millis(40));
        let started = Instant::now();
        let posts = async {
            sleep(Duration::from_millis(5)).await;
            note(30);
        };
        tokio::join!(pace.rest(), posts);
        assert!(started.elapsed() >= Duration::from_millis(40));
        assert_eq!(pace.due(), Duration::ZERO, "what is posted during a rest asks for none");
        note(100_000);
        assert_eq!(pace.due(), MAX_REST);
    }
}
