//! The pictures of users.

use async_trait::async_trait;
use bytes::Bytes;

use super::{NewUpload, Object, Quota, Result, Uploads};
use crate::domain::{AuditEntry, FileId, FileName, Timestamp, User, UserKey};

/// Avatars are small, one for each account, and not counted.
const UNLIMITED: Quota = Quota { user: u64::MAX, server: u64::MAX };

#[async_trait]
pub trait Avatars {
    /// Makes an upload of the user, whose object is finished, the user's avatar; or removes the avatar. The upload ends: the
    /// object belongs to the account. The object of the avatar before is removed. `entry`: an admin does it.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such user, or no such upload.
    async fn change_avatar(
        &self,
        user: UserKey,
        avatar: Option<FileId>,
        entry: Option<AuditEntry>,
        now: Timestamp,
    ) -> Result<User>;
    /// The object of an avatar that an account has.
    async fn avatar(&self, id: FileId) -> Result<Option<Object>>;
}

/// Gives the user an avatar with these bytes. An upload has the object until the account has it, so that no sweep removes it.
///
/// # Errors
/// [`Error::NotFound`](super::Error::NotFound) if the account is deleted or disabled; the store's. The avatar is unchanged
/// then.
pub async fn set_avatar<S>(store: &S, user: UserKey, bytes: &Bytes, entry: Option<AuditEntry>) -> Result<User>
where
    S: Avatars + Uploads + Sync + ?Sized,
{
    let (id, now) = (FileId::generate(), Timestamp::now());
    let new = NewUpload { id, owner: user, name: FileName::clean("avatar"), size: bytes.len() as u64 };
    let upload = store.begin_upload(new, UNLIMITED, now).await?;
    let changed = match upload.object.replace(bytes).await {
        Ok(()) => store.change_avatar(user, Some(id), entry, Timestamp::now()).await,
        Err(error) => Err(error),
    };
    if changed.is_err() {
        // it expires by itself otherwise
        let _ = store.end_upload(user, id).await;
    }
    changed
}
