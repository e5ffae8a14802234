//! The bytes of uploads.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use super::Result;
use crate::domain::FileId;

/// Bytes of an object that are read or written at a time. A transfer holds two such parts in memory at most.
pub const PART_BYTES: usize = 255 * 1024;

/// Objects: the bytes of one upload each. An object grows at its end until it is finished, and then it is only read. What it
/// belongs to is in the database, which decides; an object that it does not know is removed by the sweep.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Writes `bytes` at `offset` of an unfinished object, which may not exist yet. What was there from `offset` on is
    /// replaced: an upload that was interrupted goes on from where the database says. The bytes are durable after
    /// [`Objects::sync`].
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if the object has less than `offset` bytes,
    /// [`Error::Failed`](super::Error::Failed) if they cannot be written.
    async fn write(&self, id: FileId, offset: u64, bytes: Bytes) -> Result<()>;
    /// Makes durable what was written.
    async fn sync(&self, id: FileId) -> Result<()>;
    /// Ends an object, which has `length` bytes. It is durable when this returns. A finished object stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if it has less, or does not exist.
    async fn finish(&self, id: FileId, length: u64) -> Result<()>;
    /// Up to [`PART_BYTES`] from `offset`, of an object that may be unfinished; empty at its end. `length`: how many are
    /// needed.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such object.
    async fn read(&self, id: FileId, offset: u64, length: usize) -> Result<Bytes>;
    /// The bytes that one read for a slow reader takes: few, so that many readers cost little memory.
    fn read_bytes(&self) -> usize;
    /// Removes an object, finished or not; an absent one is removed already.
    async fn remove(&self, id: FileId) -> Result<()>;
    /// The ids of the next `limit` objects after `after`, finished or not, in an order of the store.
    async fn objects_after(&self, after: Option<FileId>, limit: usize) -> Result<Vec<FileId>>;
}

/// The bytes of one object. Only the store makes one, for a user who may read or write it.
#[derive(Clone)]
pub struct Object {
    pub id: FileId,
    objects: Arc<dyn Objects>,
}

impl Object {
    pub(super) fn new(id: FileId, objects: Arc<dyn Objects>) -> Self {
        Self { id, objects }
    }

    /// The thumbnail of this object.
    pub fn thumbnail(&self) -> Self {
        Self { id: self.id.thumbnail(), objects: Arc::clone(&self.objects) }
    }

    /// As [`Objects::read`].
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.objects.read(self.id, offset, length).await
    }

    /// As [`Objects::read_bytes`].
    pub fn read_bytes(&self) -> usize {
        self.objects.read_bytes()
    }

    /// All bytes, of an object that is known to be small.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn whole(&self) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        loop {
            let part = self.read(whole.len() as u64, PART_BYTES).await?;
            if part.is_empty() {
                return Ok(whole.freeze());
            }
            whole.extend_from_slice(&part);
        }
    }

    /// As [`Objects::write`].
    ///
    /// # Errors
    /// As [`Objects::write`].
    pub async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        self.objects.write(self.id, offset, bytes).await
    }

    /// As [`Objects::sync`].
    ///
    /// # Errors
    /// As [`Objects::sync`].
    pub async fn sync(&self) -> Result<()> {
        self.objects.sync(self.id).await
    }

    /// As [`Objects::finish`].
    ///
    /// # Errors
    /// As [`Objects::finish`].
    pub async fn finish(&self, length: u64) -> Result<()> {
        self.objects.finish(self.id, length).await
    }

    /// Replaces the object by one with these bytes, finished.
    ///
    /// # Errors
    /// The store's.
    pub async fn replace(&self, bytes: &Bytes) -> Result<()> {
        for start in (0..bytes.len()).step_by(PART_BYTES) {
            let part = bytes.slice(start..bytes.len().min(start + PART_BYTES));
            self.write(start as u64, part).await?;
        }
        self.finish(bytes.len() as u64).await
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id)
    }
}
