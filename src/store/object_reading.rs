//! Reading a whole object, part by part. Two parts are in memory at most.

use std::sync::Arc;

use bytes::Bytes;
use ring::digest::{Context, SHA256};
use tokio::task::yield_now;

use super::{Object, Objects, PART_BYTES, ReadObject, Result};
use crate::domain::FileId;

/// Length and SHA-256 of an object's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectFacts {
    pub length: u64,
    pub sha256: [u8; 32],
}

/// The reading of an object from its beginning.
pub struct ObjectReading {
    objects: Arc<dyn Objects>,
    id: FileId,
    /// Opened by the first read.
    object: Option<Box<dyn ReadObject>>,
    length: u64,
    digest: Context,
}

impl ObjectReading {
    pub fn new(objects: Arc<dyn Objects>, id: FileId) -> Self {
        Self { objects, id, object: None, length: 0, digest: Context::new(&SHA256) }
    }

    /// The next part; empty at the end.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn next(&mut self) -> Result<Bytes> {
        let object = match self.object.take() {
            Some(object) => object,
            None => self.objects.open(self.id).await?,
        };
        let part = self.object.insert(object).read(self.length, PART_BYTES).await?;
        self.length += part.len() as u64;
        self.digest.update(&part);
        // what the system has in memory is read without a wait: a long object must not keep the thread from others
        yield_now().await;
        Ok(part)
    }

    /// What was read.
    pub fn facts(self) -> ObjectFacts {
        ObjectFacts { length: self.length, sha256: sha256_of(self.digest) }
    }
}

/// Reads a whole object.
///
/// # Errors
/// As [`Objects::read`].
pub async fn object_facts(objects: Arc<dyn Objects>, id: FileId) -> Result<ObjectFacts> {
    let mut reading = ObjectReading::new(objects, id);
    while !reading.next().await?.is_empty() {}
    Ok(reading.facts())
}

impl Object {
    /// Length and SHA-256 of all bytes.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub async fn facts(&self) -> Result<ObjectFacts> {
        object_facts(Arc::clone(&self.objects), self.id).await
    }
}

/// The SHA-256 of what a digest has read.
pub fn sha256_of(digest: Context) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.finish().as_ref());
    sha256
}
