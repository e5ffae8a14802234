//! Reading pictures while people chat.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

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

/// The permission to read a picture, taken before its file is loaded into memory.
#[derive(Debug)]
pub struct Reservation(OwnedSemaphorePermit);

impl Pictures {
    /// Waits until fewer than [`AT_ONCE`] pictures are read.
    ///
    /// # Errors
    /// Never: nothing closes the semaphore.
    pub async fn reserve(&self) -> Result<Reservation, Unreadable> {
        Arc::clone(&self.permits).acquire_owned().await.map(Reservation).map_err(|_| Unreadable)
    }
}

impl Reservation {
    /// As [`picture`].
    ///
    /// # Errors
    /// As [`picture`].
    pub async fn picture(self, kind: FileKind, bytes: Bytes) -> Result<Picture, Unreadable> {
        self.run(move || picture(kind, &bytes)).await
    }

    /// As [`avatar`].
    ///
    /// # Errors
    /// As [`avatar`].
    pub async fn avatar(self, bytes: Bytes) -> Result<Bytes, Unreadable> {
        self.run(move || avatar(&bytes)).await
    }

    async fn run<T, F>(self, work: F) -> Result<T, Unreadable>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Unreadable> + Send + 'static,
    {
        let work = move || {
            // held until the work ends, even if nobody waits for it any more
            let _permit = self.0;
            work()
        };
        // a decoder that panics, panics because of the file
        spawn_blocking(work).await.unwrap_or(Err(Unreadable))
    }
}
