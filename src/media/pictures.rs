//! Reading pictures while people chat.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    picture::{Picture, avatar, picture, without_metadata},
    priority::lower_priority,
    unreadable::Unreadable,
};
use crate::domain::FileKind;

/// Pictures that are read at once.
const AT_ONCE: usize = 2;
/// Avatars that are made at once, from the receiving of their files on.
const AVATARS_AT_ONCE: usize = 16;

/// Reads pictures off the async threads, [`AT_ONCE`] at a time.
#[derive(Debug, Clone)]
pub struct Pictures {
    permits: Arc<Semaphore>,
    avatars: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)), avatars: Arc::new(Semaphore::new(AVATARS_AT_ONCE)) }
    }
}

/// There was no thread for a picture: it may be read later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable;

/// The permission to read a picture, taken before its file is loaded into memory.
#[derive(Debug)]
pub struct Reservation(OwnedSemaphorePermit);

impl Pictures {
    /// Waits until fewer than [`AVATARS_AT_ONCE`] avatars are made. The permit is held from before its file is received until
    /// the avatar is made: the file is in memory meanwhile.
    ///
    /// # Errors
    /// Never: nothing closes the semaphore.
    pub async fn reserve_avatar(&self) -> Result<OwnedSemaphorePermit, Unavailable> {
        Arc::clone(&self.avatars).acquire_owned().await.map_err(|_| Unavailable)
    }

    /// Waits until fewer than [`AT_ONCE`] pictures are read.
    ///
    /// # Errors
    /// Never: nothing closes the semaphore.
    pub async fn reserve(&self) -> Result<Reservation, Unavailable> {
        Arc::clone(&self.permits).acquire_owned().await.map(Reservation).map_err(|_| Unavailable)
    }
}

impl Reservation {
    /// As [`picture`]. If it cannot be decoded within the limits: the file without metadata, if that can be had.
    ///
    /// # Errors
    /// [`Unavailable`] if it was not looked at. Inside: as [`picture`].
    pub async fn picture(self, kind: FileKind, bytes: Bytes) -> Result<Result<Picture, Option<Bytes>>, Unavailable> {
        let work = move || picture(kind, &bytes).map_err(|_| without_metadata(kind, &bytes).ok());
        Ok(self.run(work).await?.unwrap_or(Err(None)))
    }

    /// As [`avatar`].
    ///
    /// # Errors
    /// [`Unavailable`] if it was not looked at. Inside: as [`avatar`].
    pub async fn avatar(self, bytes: Bytes) -> Result<Result<Bytes, Unreadable>, Unavailable> {
        Ok(self.run(move || avatar(&bytes)).await?.unwrap_or(Err(Unreadable)))
    }

    /// `None` if it panics: a decoder that does, does so because of the file.
    async fn run<T, F>(self, work: F) -> Result<Option<T>, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (sender, done) = oneshot::channel();
        let work = move || {
            lower_priority();
            let result = work();
            // held until the work ends, even if nobody waits for it any more
            drop(self.0);
            let _ = sender.send(result);
        };
        // a thread of its own, because a thread cannot raise its priority again
        std::thread::Builder::new().name("picture".into()).spawn(work).map_err(|error| {
            tracing::warn!(%error, "no thread for a picture");
            Unavailable
        })?;
        Ok(done.await.ok())
    }
}
