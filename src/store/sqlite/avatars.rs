//! [`Avatars`] for the embedded database.

use async_trait::async_trait;
use rusqlite::params;

use super::{audit_rows::insert_entry, batch::Batch, database::Sqlite};
use crate::{
    domain::{AuditEntry, FileId, Timestamp, User, UserKey},
    store::{Avatars, Error, Event, Object, Objects, Result},
};

#[async_trait]
impl Avatars for Sqlite {
    async fn change_avatar(
        &self,
        user: UserKey,
        avatar: Option<FileId>,
        entry: Option<AuditEntry>,
        now: Timestamp,
    ) -> Result<User> {
        let change = move |batch: &mut Batch<'_>| batch.change_avatar(user, avatar, entry, now);
        let (user, before) = self.writer.run(move |batch| batch.atomically(change)).await?;
        self.remove_avatar(before).await;
        Ok(user)
    }

    async fn avatar(&self, id: FileId) -> Result<Option<Object>> {
        let find = "SELECT 1 FROM users WHERE avatar = ?1";
        let is_one = self.read(move |c| c.prepare_cached(find)?.exists([id.0.as_bytes()])).await?;
        Ok(is_one.then(|| self.object(id)))
    }
}

impl Sqlite {
    /// Removes the object of an avatar that no account has any more. The sweep does it if this fails.
    pub(super) async fn remove_avatar(&self, avatar: Option<FileId>) {
        if let Some(id) = avatar
            && let Err(error) = self.objects.remove(id).await
        {
            tracing::warn!(%error, "an avatar was not removed");
        }
    }
}

impl Batch<'_> {
    /// Returns the user, and the avatar before.
    fn change_avatar(
        &mut self,
        key: UserKey,
        avatar: Option<FileId>,
        entry: Option<AuditEntry>,
        now: Timestamp,
    ) -> Result<(User, Option<FileId>)> {
        let before = self.user_by_key(key)?;
        let c = self.connection;
        if let Some(id) = avatar {
            // from now on the object belongs to the account
            let end = "DELETE FROM uploads WHERE id = ?1 AND owner = ?2 AND message IS NULL AND kept_until > ?3";
            if c.prepare_cached(end)?.execute(params![id.0.as_bytes(), key.0.as_bytes(), now.0])? == 0 {
                return Err(Error::NotFound);
            }
        }
        c.prepare_cached("UPDATE users SET avatar = ?2 WHERE key = ?1")?
            .execute(params![key.0.as_bytes(), avatar.map(|id| id.0.into_bytes())])?;
        entry.iter().try_for_each(|entry| insert_entry(c, entry))?;
        // the kept lists of direct rooms have the avatars of their members
        self.events.push(Event::UserChanged { key, name: before.name.clone() });
        let old = before.avatar;
        Ok((User { avatar, ..before }, old))
    }
}
