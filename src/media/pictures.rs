//! Reading pictures while people chat.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::{
    picture::{Picture, avatar, picture, without_metadata},
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
    /// As [`picture`]. If it cannot be decoded within the limits: the file without metadata, if that can be had.
    ///
    /// # Errors
    /// As [`picture`].
    pub async fn picture(self, kind: FileKind, bytes: Bytes) -> Result<Picture, Option<Bytes>> {
        let work = move || picture(kind, &bytes).map_err(|_| without_metadata(kind, &bytes).ok());
        self.run(work).await.unwrap_or(Err(None))
    }

    /// As [`avatar`].
    ///
    /// # Errors
    /// As [`avatar`].
    pub async fn avatar(self, bytes: Bytes) -> Result<Bytes, Unreadable> {
        self.run(move || avatar(&bytes)).await.unwrap_or(Err(Unreadable))
    }

    /// `None` if it panics: a decoder that does, does so because of the file.
    async fn run<T, F>(self, work: F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let work = move || {
            // held until the work ends, even if nobody waits for it any more
            let _permit = self.0;
            work()
        };
        spawn_blocking(work).await.ok()
    }
}
