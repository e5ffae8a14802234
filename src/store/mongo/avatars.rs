//! [`Avatars`] for the shared database.
//!
//! The account and the upload are two documents, and change without a transaction: the upload is kept until the account has
//! the object, and an upload that is left over is forgotten when it expires.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, doc},
    options::ReturnDocument,
};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_file, bson_uuid, by_user_key, file_id},
    collections::Collections,
    database::Mongo,
    driver::with_timeout,
    guarded::{AccountUpdate, Guarded},
};
use crate::{
    domain::{AuditEntry, FileId, Timestamp, User, UserKey},
    store::{Avatars, Error, Object, Objects, OwnedObjects, Result},
};

#[async_trait]
impl Avatars for Mongo {
    async fn change_avatar(
        &self,
        user: UserKey,
        avatar: Option<FileId>,
        entry: Option<AuditEntry>,
        now: Timestamp,
    ) -> Result<User> {
        if let Some(id) = avatar {
            // for as long as this takes
            let kept = self.db.keep_uploads(&[id], now).await?;
            if !kept.iter().any(|upload| upload.owner == bson_uuid(user) && upload.room.is_none()) {
                return Err(Error::NotFound);
            }
        }
        let update = match avatar {
            Some(id) => doc! { "$set": { "avatar": bson_file(id) } },
            None => doc! { "$unset": { "avatar": "" } },
        };
        let before = match &entry {
            Some(entry) => {
                let change = AccountUpdate::new(user, &update, std::slice::from_ref(entry));
                self.guarded(Guarded::Update(change)).await?
            }
            None => {
                let changed = self.db.users.find_one_and_update(by_user_key(user), update);
                let changed = changed.return_document(ReturnDocument::Before);
                with_timeout(changed).await?.ok_or(Error::NotFound)?
            }
        };
        if let Some(id) = avatar
            && let Err(error) = self.forget_uploads(&[id]).await
        {
            tracing::warn!(%error, "the upload of an avatar was not forgotten");
        }
        self.remove_avatar(before.avatar).await;
        Ok(User { avatar, ..User::from(before) })
    }

    async fn avatar(&self, id: FileId) -> Result<Option<Object>> {
        Ok(self.db.avatars_among(&[id]).await?.pop().map(|id| self.object(id)))
    }
}

impl Mongo {
    /// Removes the object of an avatar that no account has any more. The sweep does it if this fails.
    pub(super) async fn remove_avatar(&self, avatar: Option<bson::Uuid>) {
        if let Some(id) = avatar
            && let Err(error) = self.grid_fs.remove(file_id(id)).await
        {
            tracing::warn!(%error, "an avatar was not removed");
        }
    }
}

#[derive(Deserialize)]
struct AvatarDoc {
    avatar: bson::Uuid,
}

impl Collections {
    /// Those of these ids that are avatars of accounts. The server reads the index alone.
    pub async fn avatars_among(&self, ids: &[FileId]) -> Result<Vec<FileId>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let users = self.users.clone_with_type::<AvatarDoc>();
        let found = users.find(doc! { "avatar": any_of(ids.iter().copied().map(bson_file)) });
        let found = found.projection(doc! { "_id": 0, "avatar": 1 });
        let found: Vec<AvatarDoc> = with_timeout(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|doc| file_id(doc.avatar)).collect())
    }
}
