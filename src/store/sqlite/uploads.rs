//! [`Uploads`] for the embedded database.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params, types::{FromSqlError, FromSqlResult}};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    batch::Batch,
    connection::sql_integer,
    database::Sqlite,
    position::{last_position, position},
    room_rows::present_number,
    rows,
};
use crate::{
    domain::{AltText, Dimensions, File, FileId, FileKind, FileName, Timestamp, UserKey, rules},
    store::{
        Access, Conflict, Error, FileFacts, NewUpload, Quota, Result, UPLOAD_LIFETIME_SECS, Upload, Uploads,
        stored_file::{digest, digest_text},
    },
};

/// [`FileFacts`] as a column has them.
#[derive(Serialize, Deserialize)]
struct StoredFacts {
    #[serde(rename = "type")]
    media_type: String,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<(u32, u32)>,
    #[serde(default)]
    thumbnail: bool,
}

fn facts_json(facts: &FileFacts) -> rusqlite::Result<String> {
    let stored = StoredFacts {
        media_type: facts.kind.media_type().to_owned(),
        sha256: digest_text(&facts.sha256),
        size: facts.dimensions.map(|size| (size.width, size.height)),
        thumbnail: facts.has_thumbnail,
    };
    serde_json::to_string(&stored).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn facts(json: &str) -> FromSqlResult<FileFacts> {
    let stored: StoredFacts = serde_json::from_str(json).map_err(FromSqlError::other)?;
    Ok(FileFacts {
        kind: FileKind::stored(&stored.media_type),
        sha256: digest(&stored.sha256).ok_or(FromSqlError::InvalidType)?,
        dimensions: stored.size.map(|(width, height)| Dimensions { width, height }),
        has_thumbnail: stored.thumbnail,
    })
}

fn file_id(row: &Row<'_>, column: usize) -> rusqlite::Result<FileId> {
    Ok(FileId(Uuid::from_bytes(row.get(column)?)))
}

const COLUMNS: &str = "id, owner, name, size, received, facts, message IS NOT NULL";

fn upload_in(row: &Row<'_>) -> rusqlite::Result<Upload> {
    let json = row.get::<_, Option<String>>(5)?;
    Ok(Upload {
        id: file_id(row, 0)?,
        owner: UserKey(Uuid::from_bytes(row.get(1)?)),
        name: FileName::stored(row.get(2)?),
        size: row.get::<_, i64>(3)? as u64,
        received: row.get::<_, i64>(4)? as u64,
        facts: json.map(|json| facts(&json)).transpose()?,
    })
}

/// The complete uploads among these, for the rules.
pub fn complete(c: &Connection, ids: impl Iterator<Item = FileId>) -> rusqlite::Result<Vec<rules::Upload>> {
    let mut find = c.prepare_cached(&format!("SELECT {COLUMNS} FROM uploads WHERE id = ?1 AND facts IS NOT NULL"))?;
    let mut found = Vec::new();
    for id in ids {
        let upload = find.query_row([id.0.as_bytes()], |row| Ok((upload_in(row)?, row.get(6)?))).optional()?;
        let Some((Upload { owner, name, size, facts: Some(facts), .. }, is_taken)) = upload else { continue };
        let FileFacts { kind, sha256, dimensions, has_thumbnail } = facts;
        let file = File { id, name, kind, size, sha256, dimensions, alt: AltText::default(), has_thumbnail };
        found.push(rules::Upload { owner, is_taken, file });
    }
    Ok(found)
}

/// Makes uploads the files of the message at a position, and forgets those that it does not have any more.
pub fn take(c: &Connection, message: i64, before: &[File], after: &[File]) -> rusqlite::Result<Vec<FileId>> {
    let has = |files: &[File], id| files.iter().any(|file| file.id == id);
    for file in after.iter().filter(|file| !has(before, file.id)) {
        c.prepare_cached("UPDATE uploads SET message = ?2 WHERE id = ?1")?
            .execute(params![file.id.0.as_bytes(), message])?;
    }
    let gone: Vec<FileId> = before.iter().map(|file| file.id).filter(|id| !has(after, *id)).collect();
    for id in &gone {
        c.prepare_cached("DELETE FROM uploads WHERE id = ?1")?.execute([id.0.as_bytes()])?;
    }
    Ok(gone)
}

fn begin(batch: &Batch<'_>, upload: &NewUpload, quota: Quota, now: Timestamp) -> Result<()> {
    let c = batch.connection;
    let owner = upload.owner.0.as_bytes();
    if !c.prepare_cached("SELECT 1 FROM users WHERE key = ?1 AND disabled = 0")?.exists([owner])? {
        return Err(Error::NotFound);
    }
    let of_user = "SELECT coalesce(sum(size), 0) FROM uploads WHERE owner = ?1";
    let of_user: i64 = c.prepare_cached(of_user)?.query_row([owner], |row| row.get(0))?;
    if of_user as u64 + upload.size > quota.user {
        return Err(Conflict::QuotaOfUser.into());
    }
    let of_all = "SELECT coalesce(sum(size), 0) FROM uploads";
    let of_all: i64 = c.prepare_cached(of_all)?.query_row([], |row| row.get(0))?;
    if of_all as u64 + upload.size > quota.server {
        return Err(Conflict::QuotaOfServer.into());
    }
    c.prepare_cached("INSERT INTO uploads (id, owner, name, size, received, kept_until) VALUES (?1, ?2, ?3, ?4, 0, ?5)")?
        .execute(params![
            upload.id.0.as_bytes(),
            owner,
            upload.name.as_str(),
            sql_integer(upload.size),
            now.plus_secs(UPLOAD_LIFETIME_SECS).0,
        ])?;
    Ok(())
}

#[async_trait]
impl Uploads for Sqlite {
    async fn begin_upload(&self, upload: NewUpload, quota: Quota, now: Timestamp) -> Result<()> {
        self.writer.run(move |batch| begin(batch, &upload, quota, now)).await
    }

    async fn upload(&self, owner: UserKey, id: FileId) -> Result<Option<Upload>> {
        self.read(move |c| -> Result<_> {
            let find = format!("SELECT {COLUMNS} FROM uploads WHERE id = ?1 AND owner = ?2 AND message IS NULL");
            let found = c.prepare_cached(&find)?.query_row(params![id.0.as_bytes(), owner.0.as_bytes()], upload_in);
            Ok(found.optional()?)
        })
        .await
    }

    async fn record_received(&self, id: FileId, bytes: u64, now: Timestamp) -> Result<()> {
        let record = "UPDATE uploads SET received = ?2, kept_until = ?3 WHERE id = ?1 AND facts IS NULL";
        self.writer
            .run(move |batch| {
                let values = params![id.0.as_bytes(), sql_integer(bytes), now.plus_secs(UPLOAD_LIFETIME_SECS).0];
                match batch.connection.prepare_cached(record)?.execute(values)? {
                    0 => Err(Error::NotFound),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn complete_upload(&self, id: FileId, facts: FileFacts, now: Timestamp) -> Result<()> {
        let complete =
            "UPDATE uploads SET received = size, facts = ?2, kept_until = ?3 WHERE id = ?1 AND facts IS NULL";
        self.writer
            .run(move |batch| {
                let values = params![id.0.as_bytes(), facts_json(&facts)?, now.plus_secs(UPLOAD_LIFETIME_SECS).0];
                match batch.connection.prepare_cached(complete)?.execute(values)? {
                    0 => Err(Error::NotFound),
                    _ => Ok(()),
                }
            })
            .await
    }

    async fn drop_upload(&self, owner: UserKey, id: FileId) -> Result<bool> {
        let delete = "DELETE FROM uploads WHERE id = ?1 AND owner = ?2 AND message IS NULL";
        self.writer
            .run(move |batch| {
                let values = params![id.0.as_bytes(), owner.0.as_bytes()];
                Ok(batch.connection.prepare_cached(delete)?.execute(values)? == 1)
            })
            .await
    }

    async fn file(&self, access: &Access, id: FileId) -> Result<Option<File>> {
        let room = access.room().clone();
        self.read(move |c| -> Result<_> {
            let number = present_number(c, &room)?;
            let find = "SELECT m.files FROM uploads u JOIN messages m ON m.id = u.message
                WHERE u.id = ?1 AND u.message BETWEEN ?2 AND ?3 AND m.deleted = 0";
            let values = params![id.0.as_bytes(), position(number, 0), last_position(number)];
            let files = c.prepare_cached(find)?.query_row(values, |row| Ok(rows::files(row.get_ref(0)?)?)).optional()?;
            Ok(files.unwrap_or_default().into_iter().find(|file| file.id == id))
        })
        .await
    }

    async fn expire_uploads(&self, now: Timestamp, limit: u32) -> Result<Vec<FileId>> {
        let expire = "DELETE FROM uploads WHERE id IN
            (SELECT id FROM uploads WHERE message IS NULL AND kept_until <= ?1 LIMIT ?2) RETURNING id";
        self.writer
            .run(move |batch| {
                let mut expired = batch.connection.prepare_cached(expire)?;
                let found = expired.query_map(params![now.0, limit], |row| file_id(row, 0))?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    async fn known_objects(&self, ids: &[FileId]) -> Result<Vec<FileId>> {
        let ids = ids.to_vec();
        self.read(move |c| -> Result<_> {
            let mut find = c.prepare_cached("SELECT 1 FROM uploads WHERE id = ?1")?;
            let mut known = Vec::new();
            for id in ids {
                known.extend(find.exists([id.0.as_bytes()])?.then_some(id));
            }
            Ok(known)
        })
        .await
    }
}
