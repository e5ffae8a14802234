//! [`Uploads`] for the shared database.
//!
//! A message has its files in its own document, whose unique index over their ids gives each upload to one message. So the
//! document of an upload needs no transaction: a post extends its lifetime first, and whether a message has it is read from
//! the messages when it has expired.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    bson::{self, Document, doc},
    options::ReturnDocument,
};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_date, bson_file, bson_int, bson_uuid, by_user_key, file_id, query_limit, user_key},
    causal::{CausalSession, collect},
    collections::Collections,
    database::Mongo,
    driver::with_timeout,
    log_documents::MessageDoc,
    objects::GridFs,
    upload_documents::UploadDoc,
};
use crate::{
    domain::{File, FileId, Message, RoomId, Timestamp, UserKey},
    store::{
        Access, Attempt, Conflict, Error, FileFacts, NewUpload, Object, OwnedObjects, Quota, Result,
        UPLOAD_LIFETIME_SECS, Upload, UploadRow, Uploads, stored_file::StoredFacts, uploads::EXPIRY_GRACE_SECS,
    },
};

#[derive(Deserialize)]
struct Sum {
    bytes: i64,
}

#[derive(Deserialize)]
struct Id {
    #[serde(rename = "_id")]
    id: bson::Uuid,
}

/// The filter for the uploads with these ids.
fn with_ids(ids: &[FileId]) -> Document {
    doc! { "_id": any_of(ids.iter().copied().map(bson_file)) }
}

/// The filter for an upload of a user that no message has and that has not expired.
fn own(owner: UserKey, id: FileId, now: Timestamp) -> Document {
    doc! { "_id": bson_file(id), "owner": bson_uuid(owner), "keptUntil": { "$gt": bson_date(now) } }
}

impl Collections {
    /// The bytes of all uploads that match.
    async fn upload_bytes(&self, filter: Document) -> Result<u64> {
        let sum = vec![doc! { "$match": filter }, doc! { "$group": { "_id": null, "bytes": { "$sum": "$size" } } }];
        let sum = with_timeout(async { self.uploads.aggregate(sum).with_type::<Sum>().await?.try_next().await });
        Ok(sum.await?.map_or(0, |sum| sum.bytes as u64))
    }

    /// The messages that have files with these ids. The index has messages with files only.
    pub async fn messages_with_files(&self, ids: &[FileId]) -> Result<Vec<MessageDoc>> {
        let found = self.messages.find(doc! { "files.id": any_of(ids.iter().map(FileId::to_string)) });
        with_timeout(async { found.await?.try_collect().await }).await
    }

    /// The first `limit` uploads after `after`, those of messages too.
    pub async fn uploads_after(
        &self,
        after: Option<FileId>,
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<Vec<UploadRow>> {
        let filter = after.map_or(doc! {}, |after| doc! { "_id": { "$gt": bson_file(after) } });
        let found = self.uploads.find(filter).sort(doc! { "_id": 1 }).limit(query_limit(limit)).batch_size(limit);
        let found: Vec<UploadDoc> =
            with_timeout(async { collect(found.session(&mut **session).await?, session).await }).await?;
        let row = |upload: UploadDoc| UploadRow {
            id: file_id(upload.id),
            owner: user_key(upload.owner),
            size: upload.size as u64,
            is_taken: upload.room.is_some(),
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// Records that a room's message has these uploads. If it fails, the removal of expired uploads does it.
    pub async fn take_uploads(&self, room: &RoomId, ids: &[FileId]) -> Result<()> {
        let take = doc! { "$set": { "room": room.as_str() }, "$unset": { "keptUntil": "" } };
        with_timeout(self.uploads.update_many(with_ids(ids), take)).await.map(drop)
    }

    /// Ends uploads that match: their objects are removed next.
    pub async fn end_uploads(&self, filter: Document, at: Timestamp) -> Result<u64> {
        let end = doc! { "$set": { "keptUntil": bson_date(at) }, "$unset": { "room": "" } };
        Ok(with_timeout(self.uploads.update_many(filter, end)).await?.matched_count)
    }

    /// Ends uploads that no message has any more.
    pub async fn end_uploads_with_ids(&self, ids: &[FileId]) -> Result<()> {
        self.end_uploads(with_ids(ids), Timestamp(0)).await.map(drop)
    }

    /// Keeps these uploads for as long as new ones, and returns those that are complete and have not expired.
    pub async fn keep_uploads(&self, ids: &[FileId], now: Timestamp) -> Result<Vec<UploadDoc>> {
        let kept = doc! { "_id": any_of(ids.iter().copied().map(bson_file)), "keptUntil": { "$gt": bson_date(now) } };
        let keep = doc! { "$set": { "keptUntil": bson_date(now.plus_secs(UPLOAD_LIFETIME_SECS)) } };
        with_timeout(self.uploads.update_many(kept, keep)).await?;
        let mut usable = with_ids(ids);
        usable
            .insert("$or", vec![doc! { "room": { "$exists": true } }, doc! { "keptUntil": { "$gt": bson_date(now) } }]);
        with_timeout(async { self.uploads.find(usable).await?.try_collect().await }).await
    }
}

impl Mongo {
    /// An object that is only read.
    pub(super) fn object(&self, id: FileId) -> Object {
        Object::new(id, Attempt::ONLY, Arc::<GridFs>::clone(&self.grid_fs))
    }

    /// Changes an upload that is neither complete nor expired, and that no later request has opened.
    async fn change_upload(&self, object: &Object, mut set: Document, now: Timestamp) -> Result<()> {
        set.insert("keptUntil", bson_date(now.plus_secs(UPLOAD_LIFETIME_SECS)));
        let unfinished = doc! {
            "_id": bson_file(object.id), "facts": { "$exists": false }, "keptUntil": { "$gt": bson_date(now) },
            "attempt": i64::from(object.attempt.0),
        };
        let changed = with_timeout(self.db.uploads.update_one(unfinished, doc! { "$set": set })).await?;
        if changed.matched_count == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

#[async_trait]
impl Uploads for Mongo {
    async fn begin_upload(&self, upload: NewUpload, quota: Quota, now: Timestamp) -> Result<Upload> {
        let mut owner = by_user_key(upload.owner);
        owner.insert("disabled", doc! { "$ne": true });
        if with_timeout(self.db.users.find_one(owner)).await?.is_none() {
            return Err(Error::NotFound);
        }
        let (document, id) = (UploadDoc::new(&upload, now), upload.id);
        with_timeout(self.db.uploads.insert_one(&document)).await?;
        // counted with this one: of two that begin at the same time, at most as many fit as there is space for
        let fits = if self.db.upload_bytes(doc! { "owner": bson_uuid(upload.owner) }).await? > quota.user {
            Err(Conflict::QuotaOfUser.into())
        } else {
            self.used_space.add(upload.size, quota.server, self.db.upload_bytes(doc! {})).await
        };
        if fits.is_err() {
            with_timeout(self.db.uploads.delete_one(doc! { "_id": bson_file(id) })).await?;
        }
        fits.map(|()| document.upload(Arc::<GridFs>::clone(&self.grid_fs)))
    }

    async fn upload(&self, owner: UserKey, id: FileId, now: Timestamp) -> Result<Option<Upload>> {
        let found = with_timeout(self.db.uploads.find_one(own(owner, id, now))).await?;
        Ok(found.map(|document| document.upload(Arc::<GridFs>::clone(&self.grid_fs))))
    }

    async fn open_upload(&self, owner: UserKey, id: FileId, now: Timestamp) -> Result<Option<Upload>> {
        let next = self.db.uploads.find_one_and_update(own(owner, id, now), doc! { "$inc": { "attempt": 1_i64 } });
        let found = with_timeout(next.return_document(ReturnDocument::After)).await?;
        Ok(found.map(|document| document.upload(Arc::<GridFs>::clone(&self.grid_fs))))
    }

    async fn record_received(&self, object: &Object, bytes: u64, now: Timestamp) -> Result<()> {
        self.change_upload(object, doc! { "received": bson_int(bytes) }, now).await
    }

    async fn complete_upload(&self, object: &Object, facts: FileFacts, now: Timestamp) -> Result<()> {
        let stored = bson::serialize_to_document(&StoredFacts::from(&facts));
        let stored = stored.map_err(|error| Error::Failed(error.to_string()))?;
        let size = bson_int(facts.size);
        // the quota counts what is stored
        self.change_upload(object, doc! { "facts": stored, "size": size, "received": size }, now).await
    }

    async fn end_upload(&self, owner: UserKey, id: FileId) -> Result<bool> {
        let now = Timestamp::now();
        // not earlier: a post that has read it may be written within the grace
        Ok(self.db.end_uploads(own(owner, id, now), now).await? == 1)
    }

    async fn file(&self, access: &Access, id: FileId) -> Result<Option<(File, Object)>> {
        let mut session = self.db.reads().await?;
        self.db.settled_head(access.room(), &mut session).await?;
        let filter = doc! { "files.id": id.to_string(), "_id.room": access.room().as_str() };
        let found = with_timeout(self.db.messages.find_one(filter).session(&mut *session)).await?;
        let file = found.and_then(|message| message.into_message().files.into_iter().find(|file| file.id == id));
        Ok(file.map(|file| (file, self.object(id))))
    }

    async fn messages_with_files(&self, access: &Access, before: Option<u64>, limit: u32) -> Result<Vec<Message>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut session = self.db.reads().await?;
        let room = access.room();
        self.db.settled_head(room, &mut session).await?;
        let mut filter = doc! { "_id.room": room.as_str(), "files.id": { "$exists": true } };
        if let Some(before) = before {
            filter.insert("seq", doc! { "$lt": bson_int(before) });
        }
        let found = self.db.find_log(filter, doc! { "seq": -1 }, limit, &mut session).await?;
        self.db.with_authors(found).await
    }
}

#[async_trait]
impl OwnedObjects for Mongo {
    async fn expired_uploads(&self, now: Timestamp, limit: u32) -> Result<Vec<FileId>> {
        let end = bson_date(now.plus_secs(-EXPIRY_GRACE_SECS));
        let ids = self.db.uploads.clone_with_type::<Id>();
        let expired = ids.find(doc! { "keptUntil": { "$lte": end } });
        let expired = expired.projection(doc! { "_id": 1 }).sort(doc! { "keptUntil": 1 }).limit(query_limit(limit));
        let expired: Vec<Id> = with_timeout(async { expired.await?.try_collect().await }).await?;
        let mut expired: Vec<FileId> = expired.into_iter().map(|upload| file_id(upload.id)).collect();
        // a post that committed just before its process ended
        for message in self.db.messages_with_files(&expired).await? {
            let message = message.into_message();
            let ids: Vec<FileId> = message.files.iter().map(|file| file.id).collect();
            self.db.take_uploads(&message.id.room, &ids).await?;
            expired.retain(|id| !ids.contains(id));
        }
        // and an account that took its avatar
        let avatars = self.db.avatars_among(&expired).await?;
        if !avatars.is_empty() {
            self.forget_uploads(&avatars).await?;
            expired.retain(|id| !avatars.contains(id));
        }
        Ok(expired)
    }

    async fn forget_uploads(&self, ids: &[FileId]) -> Result<()> {
        with_timeout(self.db.uploads.delete_many(with_ids(ids))).await.map(drop)
    }

    async fn without_owner(&self, ids: &[FileId], now: Timestamp) -> Result<Vec<FileId>> {
        let mut kept = with_ids(ids);
        kept.insert("keptUntil", doc! { "$gt": bson_date(now.plus_secs(-EXPIRY_GRACE_SECS)) });
        let uploads = self.db.uploads.clone_with_type::<Id>();
        let kept = uploads.find(kept).projection(doc! { "_id": 1 });
        // first the uploads: one that becomes a file of a message or an avatar in between is in both
        let kept: Vec<Id> = with_timeout(async { kept.await?.try_collect().await }).await?;
        let mut owned: Vec<FileId> = kept.into_iter().map(|upload| file_id(upload.id)).collect();
        for message in self.db.messages_with_files(ids).await? {
            owned.extend(message.into_message().files.iter().map(|file| file.id));
        }
        owned.extend(self.db.avatars_among(ids).await?);
        Ok(ids.iter().copied().filter(|id| !owned.contains(id)).collect())
    }
}
