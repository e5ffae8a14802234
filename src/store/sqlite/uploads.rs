//! [`Uploads`] for the embedded database.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params, types::Value};

use super::{
    batch::Batch,
    connection::sql_integer,
    database::Sqlite,
    file_ids::file_id,
    position::{last_position, position},
    room_rows::present_number,
    rows,
    upload_rows::{COLUMNS, UploadRow, facts_json, upload_row},
};
use crate::{
    domain::{File, FileId, Message, Timestamp, UserKey},
    store::{
        Access, Attempt, Conflict, Error, FileFacts, NewUpload, Object, OwnedObjects, Quota, Result,
        UPLOAD_LIFETIME_SECS, Upload, Uploads, disk::Disk, uploads::EXPIRY_GRACE_SECS,
    },
};

/// The condition of an upload of a user that no message has and that has not expired.
const OWN: &str = "id = ?1 AND owner = ?2 AND message IS NULL AND kept_until > ?3";

fn begin(batch: &Batch<'_>, upload: &NewUpload, user_quota: u64, now: Timestamp) -> Result<()> {
    let c = batch.connection;
    let owner = upload.owner.0.as_bytes();
    if !c.prepare_cached("SELECT 1 FROM users WHERE key = ?1 AND disabled = 0")?.exists([owner])? {
        return Err(Error::NotFound);
    }
    let of_user = "SELECT coalesce(sum(size), 0) FROM uploads WHERE owner = ?1";
    let of_user: i64 = c.prepare_cached(of_user)?.query_row([owner], |row| row.get(0))?;
    if of_user as u64 + upload.size > user_quota {
        return Err(Conflict::QuotaOfUser.into());
    }
    c.prepare_cached(
        "INSERT INTO uploads (id, owner, name, size, received, kept_until) VALUES (?1, ?2, ?3, ?4, 0, ?5)",
    )?
    .execute(params![
        upload.id.0.as_bytes(),
        owner,
        upload.name.as_str(),
        sql_integer(upload.size),
        now.plus_secs(UPLOAD_LIFETIME_SECS).0,
    ])?;
    Ok(())
}

impl Sqlite {
    /// An object that is only read.
    pub(super) fn object(&self, id: FileId) -> Object {
        self.object_for(id, Attempt::ONLY)
    }

    fn object_for(&self, id: FileId, attempt: Attempt) -> Object {
        Object::new(id, attempt, Arc::<Disk>::clone(&self.objects))
    }

    fn upload_of(&self, row: UploadRow) -> Upload {
        let UploadRow { id, owner, name, size, received, facts, attempt } = row;
        Upload { owner, name, size, received, facts, object: self.object_for(id, attempt) }
    }

    /// Changes an upload that is neither complete nor expired, and that no later request has opened.
    async fn change_upload(&self, object: &Object, set: &'static str, value: Value, now: Timestamp) -> Result<()> {
        let change = format!(
            "UPDATE uploads SET {set}, kept_until = ?3
             WHERE id = ?1 AND facts IS NULL AND kept_until > ?4 AND attempt = ?5"
        );
        let (id, attempt) = (object.id, object.attempt.0);
        self.writer
            .run(move |batch| {
                let values = params![id.0.as_bytes(), value, now.plus_secs(UPLOAD_LIFETIME_SECS).0, now.0, attempt];
                match batch.connection.prepare_cached(&change)?.execute(values)? {
                    0 => Err(Error::NotFound),
                    _ => Ok(()),
                }
            })
            .await
    }
}

#[async_trait]
impl Uploads for Sqlite {
    async fn begin_upload(&self, upload: NewUpload, quota: Quota, now: Timestamp) -> Result<Upload> {
        let of_all = self.read(|c| {
            let sum = "SELECT coalesce(sum(size), 0) FROM uploads";
            c.prepare_cached(sum)?.query_row([], |row| Ok(row.get::<_, i64>(0)? as u64))
        });
        let new = upload.clone();
        self.writer.run(move |batch| begin(batch, &new, quota.user, now)).await?;
        let NewUpload { id, owner, name, size } = upload;
        if let Err(error) = self.used_space.add(size, quota.server, of_all).await {
            self.forget_uploads(&[id]).await?;
            return Err(error);
        }
        Ok(Upload { owner, name, size, received: 0, facts: None, object: self.object_for(id, Attempt::ONLY) })
    }

    async fn upload(&self, owner: UserKey, id: FileId, now: Timestamp) -> Result<Option<Upload>> {
        let find = format!("SELECT {COLUMNS} FROM uploads WHERE {OWN}");
        let found = self
            .read(move |c| {
                let values = params![id.0.as_bytes(), owner.0.as_bytes(), now.0];
                c.prepare_cached(&find)?.query_row(values, upload_row).optional()
            })
            .await?;
        Ok(found.map(|row| self.upload_of(row)))
    }

    async fn open_upload(&self, owner: UserKey, id: FileId, now: Timestamp) -> Result<Option<Upload>> {
        let open = format!("UPDATE uploads SET attempt = attempt + 1 WHERE {OWN} RETURNING {COLUMNS}");
        let found = self
            .writer
            .run(move |batch| {
                let values = params![id.0.as_bytes(), owner.0.as_bytes(), now.0];
                Ok(batch.connection.prepare_cached(&open)?.query_row(values, upload_row).optional()?)
            })
            .await?;
        Ok(found.map(|row| self.upload_of(row)))
    }

    async fn record_received(&self, object: &Object, bytes: u64, now: Timestamp) -> Result<()> {
        self.change_upload(object, "received = ?2", sql_integer(bytes).into(), now).await
    }

    async fn complete_upload(&self, object: &Object, facts: FileFacts, now: Timestamp) -> Result<()> {
        // the quota counts what is stored
        let set = "facts = ?2, size = ?2 ->> 'size', received = ?2 ->> 'size'";
        self.change_upload(object, set, facts_json(&facts)?.into(), now).await
    }

    async fn end_upload(&self, owner: UserKey, id: FileId) -> Result<bool> {
        let end = format!("UPDATE uploads SET kept_until = ?3 WHERE {OWN}");
        self.writer
            .run(move |batch| {
                let values = params![id.0.as_bytes(), owner.0.as_bytes(), Timestamp::now().0];
                Ok(batch.connection.prepare_cached(&end)?.execute(values)? == 1)
            })
            .await
    }

    async fn file(&self, access: &Access, id: FileId) -> Result<Option<(File, Object)>> {
        let room = access.room().clone();
        let found = self
            .read(move |c| -> Result<_> {
                let number = present_number(c, &room)?;
                let find = "SELECT m.files FROM uploads u JOIN messages m ON m.id = u.message
                    WHERE u.id = ?1 AND u.message BETWEEN ?2 AND ?3 AND m.deleted = 0";
                let values = params![id.0.as_bytes(), position(number, 0), last_position(number)];
                let files = c.prepare_cached(find)?.query_row(values, |row| Ok(rows::files(row.get_ref(0)?)?));
                Ok(files.optional()?.unwrap_or_default().into_iter().find(|file| file.id == id))
            })
            .await?;
        Ok(found.map(|file| (file, self.object(id))))
    }

    async fn messages_with_files(&self, access: &Access, before: Option<u64>, limit: u32) -> Result<Vec<Message>> {
        self.read_log(access.room(), move |log| log.with_files(before, limit)).await
    }
}

#[async_trait]
impl OwnedObjects for Sqlite {
    async fn expired_uploads(&self, now: Timestamp, limit: u32) -> Result<Vec<FileId>> {
        let expired = "SELECT id FROM uploads WHERE message IS NULL AND kept_until <= ?1 ORDER BY kept_until LIMIT ?2";
        let end = now.plus_secs(-EXPIRY_GRACE_SECS);
        self.read(move |c| {
            c.prepare_cached(expired)?.query_map(params![end.0, limit], |row| file_id(row, 0))?.collect()
        })
        .await
    }

    async fn forget_uploads(&self, ids: &[FileId]) -> Result<()> {
        let ids = ids.to_vec();
        self.writer
            .run(move |batch| {
                let mut delete =
                    batch.connection.prepare_cached("DELETE FROM uploads WHERE id = ?1 AND message IS NULL")?;
                ids.iter().try_for_each(|id| delete.execute([id.0.as_bytes()]).map(drop)).map_err(Error::from)
            })
            .await
    }

    async fn without_owner(&self, ids: &[FileId], now: Timestamp) -> Result<Vec<FileId>> {
        let ids = ids.to_vec();
        let end = now.plus_secs(-EXPIRY_GRACE_SECS);
        self.read(move |c| -> rusqlite::Result<_> {
            let find = "SELECT 1 FROM uploads WHERE id = ?1 AND (message IS NOT NULL OR kept_until > ?2)
                UNION ALL SELECT 1 FROM users WHERE avatar = ?1";
            let mut find = c.prepare_cached(find)?;
            let mut found = Vec::new();
            for id in ids {
                found.extend((!find.exists(params![id.0.as_bytes(), end.0])?).then_some(id));
            }
            Ok(found)
        })
        .await
    }
}
