//! Uploads: files that a user sends before the message that they belong to.

use async_trait::async_trait;

use super::{Access, Object, Result};
use crate::domain::{AltText, Dimensions, File, FileId, FileKind, FileName, Message, Timestamp, UserKey};

/// How long an upload is kept for its owner after the last of its bytes, in seconds.
pub const UPLOAD_LIFETIME_SECS: i64 = 3600;

/// How long after its end an upload is removed, in seconds. Clocks of processes may differ by that.
pub(super) const EXPIRY_GRACE_SECS: i64 = 300;

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
#[derive(Debug, Clone)]
pub struct Upload {
    pub owner: UserKey,
    pub name: FileName,
    /// In bytes. Of a complete one: the bytes that are stored, which can be fewer than were sent.
    pub size: u64,
    /// The bytes that are durable.
    pub received: u64,
    /// What it is, once it is complete.
    pub facts: Option<FileFacts>,
    pub object: Object,
}

impl Upload {
    /// The file that it becomes, if it is complete.
    pub fn file(&self) -> Option<File> {
        self.facts.as_ref().map(|facts| facts.file(self.object.id, self.name.clone()))
    }
}

/// What is known of a file only when all of its bytes are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    pub kind: FileKind,
    /// The bytes that are stored.
    pub size: u64,
    pub sha256: [u8; 32],
    pub dimensions: Option<Dimensions>,
    pub has_thumbnail: bool,
    /// Of a text: its first lines.
    pub beginning: Option<String>,
}

impl FileFacts {
    /// What was known of a file before it became one.
    pub(super) fn of(file: &File) -> Self {
        let File { kind, size, sha256, dimensions, has_thumbnail, .. } = *file;
        Self { kind, size, sha256, dimensions, has_thumbnail, beginning: file.beginning.clone() }
    }

    /// The file of these facts, with an empty alternative text.
    pub fn file(&self, id: FileId, name: FileName) -> File {
        let Self { kind, size, sha256, dimensions, has_thumbnail, beginning } = self.clone();
        File { id, name, kind, size, sha256, dimensions, alt: AltText::default(), has_thumbnail, beginning }
    }
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
    /// [`Conflict::QuotaOfServer`](super::Conflict::QuotaOfServer) if it does not fit (the server's quota counts what other
    /// processes began in the last minute perhaps not yet),
    /// [`Error::NotFound`](super::Error::NotFound) if the account is deleted or disabled.
    async fn begin_upload(&self, upload: NewUpload, quota: Quota, now: Timestamp) -> Result<Upload>;
    /// An upload of this user that no message has and that has not expired. It is for reading.
    async fn upload(&self, owner: UserKey, id: FileId, now: Timestamp) -> Result<Option<Upload>>;
    /// As [`Uploads::upload`], for writing: what was opened or begun before, at any process, can record nothing any more.
    async fn open_upload(&self, owner: UserKey, id: FileId, now: Timestamp) -> Result<Option<Upload>>;
    /// Records that the first `bytes` bytes of the object are durable, and keeps the upload as long as a new one.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such upload, it is complete or expired, or another request
    /// has opened it since.
    async fn record_received(&self, object: &Object, bytes: u64, now: Timestamp) -> Result<()>;
    /// Completes an upload: all bytes are there, and the object is finished.
    ///
    /// # Errors
    /// As [`Uploads::record_received`].
    async fn complete_upload(&self, object: &Object, facts: FileFacts, now: Timestamp) -> Result<()>;
    /// Ends an upload of this user that no message has. Whether there was one.
    async fn end_upload(&self, owner: UserKey, id: FileId) -> Result<bool>;
    /// A file of a message of the room that is not deleted.
    async fn file(&self, access: &Access, id: FileId) -> Result<Option<(File, Object)>>;
    /// The room's latest `limit` messages with files before the `seq` `before`, the latest first.
    async fn messages_with_files(&self, access: &Access, before: Option<u64>, limit: u32) -> Result<Vec<Message>>;
}

/// The ownership of objects, for their removal. An object belongs to an upload that has not expired, or to a message.
#[async_trait]
pub trait OwnedObjects {
    /// The uploads that expired, and the files whose message is deleted: `limit` at most.
    async fn expired_uploads(&self, now: Timestamp, limit: u32) -> Result<Vec<FileId>>;
    /// Forgets these uploads, after their objects were removed.
    async fn forget_uploads(&self, ids: &[FileId]) -> Result<()>;
    /// Those of these ids that nothing has.
    async fn without_owner(&self, ids: &[FileId], now: Timestamp) -> Result<Vec<FileId>>;
}
