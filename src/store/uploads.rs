//! Uploads: bytes that a user sends before the message that they belong to. Here is what is known of them; the bytes are
//! [`Objects`](super::Objects).

use async_trait::async_trait;

use super::{Access, Result};
use crate::domain::{Dimensions, File, FileId, FileKind, FileName, Timestamp, UserKey};

/// How long an upload is kept for its owner after the last of its bytes, in seconds.
pub const UPLOAD_LIFETIME_SECS: i64 = 3600;

/// An upload that begins.
#[derive(Debug, Clone)]
pub struct NewUpload {
    pub id: FileId,
    pub owner: UserKey,
    pub name: FileName,
    /// The bytes that it will have, at least 1.
    pub size: u64,
}

/// An upload that no message has yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub id: FileId,
    pub owner: UserKey,
    pub name: FileName,
    pub size: u64,
    /// The bytes that are durable.
    pub received: u64,
    /// What it is, once it is complete.
    pub facts: Option<FileFacts>,
}

/// What is known of a file only when all of its bytes are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    pub kind: FileKind,
    pub sha256: [u8; 32],
    pub dimensions: Option<Dimensions>,
    pub has_thumbnail: bool,
}

/// The bytes that all files may have, those of uploads included.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    pub user: u64,
    pub server: u64,
}

#[async_trait]
pub trait Uploads {
    /// Begins an upload, which is kept for [`UPLOAD_LIFETIME_SECS`].
    ///
    /// # Errors
    /// [`Conflict::QuotaOfUser`](super::Conflict::QuotaOfUser) or
    /// [`Conflict::QuotaOfServer`](super::Conflict::QuotaOfServer) if it does not fit,
    /// [`Error::NotFound`](super::Error::NotFound) if the account is deleted or disabled.
    async fn begin_upload(&self, upload: NewUpload, quota: Quota, now: Timestamp) -> Result<()>;
    /// An upload of this user that no message has.
    async fn upload(&self, owner: UserKey, id: FileId) -> Result<Option<Upload>>;
    /// Records that the first `bytes` bytes are durable, and keeps the upload as long as a new one.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such upload, or it is complete.
    async fn record_received(&self, id: FileId, bytes: u64, now: Timestamp) -> Result<()>;
    /// Completes an upload: all bytes are there, and the object is finished.
    ///
    /// # Errors
    /// As [`Uploads::record_received`].
    async fn complete_upload(&self, id: FileId, facts: FileFacts, now: Timestamp) -> Result<()>;
    /// Removes an upload of this user that no message has. Its object is removed by the caller. Whether there was one.
    async fn drop_upload(&self, owner: UserKey, id: FileId) -> Result<bool>;
    /// A file of a message of the room that is not deleted.
    async fn file(&self, access: &Access, id: FileId) -> Result<Option<File>>;
    /// Forgets the uploads that no message has and that were kept until `now`, `limit` at most. Returns them: their objects
    /// are removed by the caller.
    async fn expire_uploads(&self, now: Timestamp, limit: u32) -> Result<Vec<FileId>>;
    /// Which of these objects belong to an upload or to a message.
    async fn known_objects(&self, ids: &[FileId]) -> Result<Vec<FileId>>;
}
