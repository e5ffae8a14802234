//! The bytes of uploads.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use super::Result;
use crate::domain::FileId;

/// The bytes of a part of an object: what one read returns at most.
pub const PART_BYTES: usize = 255 * 1024;

/// The number of a request that writes to an object. A later request has a higher one.
///
/// A process that stood still may send what it had to write after another one has gone on with the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub u32);

impl Attempt {
    /// The attempt of an object that is written in one go.
    pub const ONLY: Self = Self(1);
}

/// Objects: the bytes of one upload each. An object grows at its end until it is finished, and then it is only read. What it
/// belongs to is in the database, which decides; an object that it does not know is removed by the sweep.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Writes `bytes` at `offset` of an unfinished object, which may not exist yet. What was there from `offset` on is
    /// replaced: an upload that was interrupted goes on from where the database says. The bytes are durable after
    /// [`Objects::sync`].
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if the object has less than `offset` bytes, or if a later attempt has
    /// written there; [`Error::Failed`](super::Error::Failed) if they cannot be written.
    async fn write(&self, id: FileId, attempt: Attempt, offset: u64, bytes: Bytes) -> Result<()>;
    /// Makes durable what was written.
    async fn sync(&self, id: FileId) -> Result<()>;
    /// Ends an object, which has `length` bytes. It is durable when this returns. A finished object stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if it has less, does not exist, or a later attempt has changed its end.
    async fn finish(&self, id: FileId, attempt: Attempt, length: u64) -> Result<()>;
    /// Opens an object, which may be unfinished, for reading.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such object. A store may notice that at the first read.
    async fn open(&self, id: FileId) -> Result<Box<dyn ReadObject>>;
    /// As [`ReadObject::read`], of an object that is opened for one read.
    ///
    /// # Errors
    /// As [`ReadObject::read`].
    async fn read(&self, id: FileId, offset: u64, length: usize) -> Result<Bytes> {
        self.open(id).await?.read(offset, length).await
    }
    /// Removes an object, finished or not; an absent one is removed already.
    async fn remove(&self, id: FileId) -> Result<()>;
    /// The ids of the next `limit` objects after `after`, finished or not, in an order of the store.
    async fn objects_after(&self, after: Option<FileId>, limit: usize) -> Result<Vec<FileId>>;
}

/// An object that is open for reading.
#[async_trait]
pub trait ReadObject: Send + Sync {
    /// Up to [`PART_BYTES`] from `offset`; empty at its end. `length`: how many are needed.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such object.
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes>;
    /// The bytes that one read for a slow reader takes: few, so that many readers cost little memory.
    fn read_bytes(&self) -> usize;
}

/// The bytes of one object. Only the store makes one, for a user who may read or write it.
#[derive(Clone)]
pub struct Object {
    pub id: FileId,
    pub attempt: Attempt,
    pub(super) objects: Arc<dyn Objects>,
}

impl Object {
    pub(super) fn new(id: FileId, attempt: Attempt, objects: Arc<dyn Objects>) -> Self {
        Self { id, attempt, objects }
    }

    /// The thumbnail of this object.
    pub fn thumbnail(&self) -> Self {
        Self { id: self.id.thumbnail(), attempt: self.attempt, objects: Arc::clone(&self.objects) }
    }

    /// As [`Objects::open`].
    ///
    /// # Errors
    /// As [`Objects::open`].
    pub async fn open(&self) -> Result<Box<dyn ReadObject>> {
        self.objects.open(self.id).await
    }

    /// As [`Objects::read`].
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.objects.read(self.id, offset, length).await
    }

    /// All bytes, of an object that is known to be small.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn whole(&self) -> Result<Bytes> {
        let (object, mut whole) = (self.open().await?, BytesMut::new());
        loop {
            let part = object.read(whole.len() as u64, PART_BYTES).await?;
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
        self.objects.write(self.id, self.attempt, offset, bytes).await
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
        self.objects.finish(self.id, self.attempt, length).await
    }

    /// As [`Objects::remove`].
    ///
    /// # Errors
    /// As [`Objects::remove`].
    pub async fn remove(&self) -> Result<()> {
        self.objects.remove(self.id).await
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
