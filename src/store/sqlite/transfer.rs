//! [`Transfer`] for the embedded database.

use async_trait::async_trait;

use super::{
    batch::Batch,
    copied_uploads,
    copy_mark::{is_unfinished, set_unfinished},
    database::Sqlite,
    transfer_rows, users,
};
use crate::{
    domain::{Action, Command, FileId, RoomId, UserKey},
    store::{
        Account, AuthoredPost, Changed, Error, Result, Row, RowReader, Snapshot, Table, Transfer, UploadRow,
        object_removal::remove_all_objects,
    },
};

#[async_trait]
impl RowReader for Sqlite {
    async fn count(&self, table: Table) -> Result<u64> {
        self.read(move |c| transfer_rows::count(c, table)).await
    }

    async fn rows(&self, table: Table, after: Option<&Row>, limit: u32) -> Result<Vec<Row>> {
        let after = after.cloned();
        self.read(move |c| transfer_rows::rows(c, table, after.as_ref(), limit)).await
    }

    async fn uploads_after(&self, after: Option<FileId>, limit: u32) -> Result<Vec<UploadRow>> {
        self.read(move |c| copied_uploads::after(c, after, limit)).await
    }
}

#[async_trait]
impl Transfer for Sqlite {
    /// A deletion is one change here: nothing is left.
    async fn finish_removals(&self) -> Result<()> {
        Ok(())
    }

    async fn snapshot(&self) -> Result<Snapshot> {
        Ok(Box::new(self.read_transaction().await?))
    }

    async fn snapshot_without_removals(&self) -> Result<Snapshot> {
        self.snapshot().await
    }

    async fn has_account(&self, key: UserKey) -> Result<bool> {
        self.read(move |c| users::has_account(c, key)).await
    }

    async fn add_account(&self, account: &Account) -> Result<bool> {
        let account = account.clone();
        self.writer
            .run(move |batch| {
                batch.atomically(|batch| {
                    let is_new = !batch.has_account(account.user.key)?;
                    if is_new {
                        batch.insert_user(&account)?;
                        batch.join_rooms_of_everyone(account.user.key)?;
                    }
                    Ok(is_new)
                })
            })
            .await
    }

    async fn post_all(&self, posts: Vec<AuthoredPost>) -> Result<Vec<Option<Changed>>> {
        // stops at the first failure, because nothing may be written after the database rolled back the transaction
        let post_all = |batch: &mut Batch<'_>| {
            let lobby = RoomId::lobby();
            let post = |AuthoredPost { author, at, post }| match batch.change(
                &lobby,
                author,
                Command { at, action: Action::Post(post) },
            ) {
                Ok(posted) => Ok(Some(posted)),
                Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            };
            posts.into_iter().map(post).collect()
        };
        self.writer.run(move |batch| batch.atomically(post_all)).await
    }

    async fn is_unfinished(&self) -> Result<bool> {
        self.read(is_unfinished).await
    }

    async fn begin_copy(&self) -> Result<()> {
        if self.is_unfinished().await? {
            remove_all_objects(self.objects.as_ref()).await?;
        }
        let begin = |batch: &mut Batch<'_>| {
            if is_unfinished(batch.connection)? {
                batch.connection.execute_batch(
                    "DELETE FROM users; DELETE FROM messages; DELETE FROM mentions; DELETE FROM saved;
                     DELETE FROM memberships; DELETE FROM rooms WHERE room_id <> 'lobby'; DELETE FROM sessions;
                     DELETE FROM revoked_tokens; DELETE FROM audit; DELETE FROM uploads;",
                )?;
            }
            // the lobby gives its name up: a room that comes before the copied lobby may have it
            batch.connection.execute("UPDATE rooms SET open_name = NULL", [])?;
            batch.forget_rooms();
            Ok(set_unfinished(batch.connection, true)?)
        };
        self.writer.run(move |batch| batch.atomically(begin)).await
    }

    async fn insert_rows(&self, rows: Vec<Row>) -> Result<()> {
        let insert = |batch: &mut Batch<'_>| {
            batch.forget_rooms();
            rows.into_iter().try_for_each(|row| batch.insert_row(row))
        };
        self.writer.run(move |batch| batch.atomically(insert)).await
    }

    async fn finish_copy(&self) -> Result<()> {
        self.writer.run(move |batch| Ok(set_unfinished(batch.connection, false)?)).await
    }
}
