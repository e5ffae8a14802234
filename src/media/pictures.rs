//! Reading pictures while people chat.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    picture::{Picture, avatar, picture},
    unreadable::Unreadable,
};
use crate::domain::FileKind;

/// Pictures that are read at once.
const AT_ONCE: usize = 2;

/// Reads pictures off the async threads, [`AT_ONCE`] at a time.
#[derive(Debug, Clone)]
pub struct Pictures {
    permits: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Pictures {
    /// As [`picture`].
    ///
    /// # Errors
    /// As [`picture`].
    pub async fn picture(&self, kind: FileKind, bytes: Bytes) -> Result<Picture, Unreadable> {
        self.run(move || picture(kind, &bytes)).await
    }

    /// As [`avatar`].
    ///
    /// # Errors
    /// As [`avatar`].
    pub async fn avatar(&self, bytes: Bytes) -> Result<Bytes, Unreadable> {
        self.run(move || avatar(&bytes)).await
    }

    async fn run<T, F>(&self, work: F) -> Result<T, Unreadable>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Unreadable> + Send + 'static,
    {
        // nothing closes it
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| Unreadable)?;
        let work = move || {
            // held until the work ends, even if nobody waits for it any more
            let _permit = permit;
            work()
        };
        // a decoder that panics, panics because of the file
        spawn_blocking(work).await.unwrap_or(Err(Unreadable))
    }
}
