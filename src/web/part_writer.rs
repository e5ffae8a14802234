//! Writes the bytes of an upload to its object.

use bytes::BytesMut;
use ring::digest::{Context, SHA256};
use tokio::task::JoinHandle;

use crate::store::{Error, Object, PART_BYTES, Result, sha256_of};

/// Bytes that are written at a time: two parts of the store, because each write wakes other threads.
const WRITE_BYTES: usize = 2 * PART_BYTES;

/// Writes part by part, each while the next one is received. Holds two parts in memory.
pub(super) struct PartWriter {
    object: Object,
    /// The bytes of the object, with those that are being written.
    written: u64,
    part: BytesMut,
    /// Of the written bytes. `None` if some of them did not come through here.
    digest: Option<Context>,
    /// The writing of the last part. It returns the digest.
    writing: Option<JoinHandle<Result<Option<Context>>>>,
}

impl PartWriter {
    /// Goes on with an object that has `written` bytes.
    pub fn new(object: Object, written: u64) -> Self {
        let digest = (written == 0).then(|| Context::new(&SHA256));
        Self { object, written, part: BytesMut::new(), digest, writing: None }
    }

    /// All bytes that came, written or not.
    pub fn length(&self) -> u64 {
        self.written + self.part.len() as u64
    }

    /// Takes the next bytes, of a file with `size` bytes.
    ///
    /// # Errors
    /// As [`Object::write`].
    pub async fn push(&mut self, mut bytes: &[u8], size: u64) -> Result<()> {
        while !bytes.is_empty() {
            if self.part.is_empty() {
                self.part.reserve(WRITE_BYTES.min((size - self.written) as usize));
            }
            let (now, later) = bytes.split_at(bytes.len().min(WRITE_BYTES - self.part.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() == WRITE_BYTES {
                self.write().await?;
            }
        }
        Ok(())
    }

    /// Begins to write the part, after the one before.
    async fn write(&mut self) -> Result<()> {
        self.wait().await?;
        let part = self.part.split().freeze();
        let (object, offset, mut digest) = (self.object.clone(), self.written, self.digest.take());
        self.written += part.len() as u64;
        self.writing = Some(tokio::spawn(async move {
            if let Some(digest) = &mut digest {
                digest.update(&part);
            }
            object.write(offset, part).await.map(|()| digest)
        }));
        Ok(())
    }

    /// Waits until nothing is being written.
    ///
    /// # Errors
    /// That of the writing.
    pub async fn wait(&mut self) -> Result<()> {
        if let Some(writing) = self.writing.take() {
            self.digest = writing.await.map_err(|error| Error::Failed(error.to_string()))??;
        }
        Ok(())
    }

    /// Writes all bytes that came.
    ///
    /// # Errors
    /// As [`Object::write`].
    pub async fn flush(&mut self) -> Result<()> {
        if !self.part.is_empty() {
            self.write().await?;
        }
        self.wait().await
    }

    /// The SHA-256 of the object, all of whose bytes are written.
    ///
    /// # Errors
    /// As [`Object::facts`].
    pub async fn sha256(&mut self) -> Result<[u8; 32]> {
        if let Some(digest) = self.digest.take() {
            return Ok(sha256_of(digest));
        }
        let facts = self.object.facts().await?;
        if facts.length != self.written {
            return Err(Error::Failed("an object has another length than was written".into()));
        }
        Ok(facts.sha256)
    }
}
