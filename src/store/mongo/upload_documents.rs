//! The documents of uploads.

use std::sync::Arc;

use mongodb::bson::{self, DateTime};
use serde::{Deserialize, Serialize};

use super::bson_values::{bson_date, bson_file, bson_int, bson_uuid, file_id, user_key};
use crate::{
    domain::{File, FileName, Message, Timestamp, rules},
    store::{Attempt, FileFacts, NewUpload, Object, Objects, UPLOAD_LIFETIME_SECS, Upload, stored_file::StoredFacts},
};

/// An upload, or a file of a message that was one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UploadDoc {
    /// The id of the object.
    #[serde(rename = "_id")]
    pub id: bson::Uuid,
    pub owner: bson::Uuid,
    pub name: String,
    /// In bytes.
    pub size: i64,
    /// The bytes that are durable.
    pub received: i64,
    /// The last request that opened it for writing. Missing in those of natter's first version with files.
    #[serde(default)]
    pub attempt: i64,
    /// Missing in an upload that is known to be a file of a message.
    #[serde(rename = "keptUntil", skip_serializing_if = "Option::is_none", default)]
    pub kept_until: Option<DateTime>,
    /// The room of its message, once that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub room: Option<String>,
    /// Once it is complete.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub facts: Option<StoredFacts>,
}

impl UploadDoc {
    pub fn new(upload: &NewUpload, now: Timestamp) -> Self {
        Self {
            id: bson_file(upload.id),
            owner: bson_uuid(upload.owner),
            name: upload.name.as_str().to_owned(),
            size: bson_int(upload.size),
            received: 0,
            attempt: i64::from(Attempt::ONLY.0),
            kept_until: Some(bson_date(now.plus_secs(UPLOAD_LIFETIME_SECS))),
            room: None,
            facts: None,
        }
    }

    /// A file of a copied message, as an upload that it has.
    pub fn taken(file: &File, message: &Message) -> Self {
        Self {
            id: bson_file(file.id),
            owner: bson_uuid(message.author_key),
            name: file.name.as_str().to_owned(),
            size: bson_int(file.size),
            received: bson_int(file.size),
            attempt: i64::from(Attempt::ONLY.0),
            kept_until: None,
            room: Some(message.id.room.as_str().to_owned()),
            facts: Some(StoredFacts::from(&FileFacts::of(file))),
        }
    }

    pub fn upload(self, objects: Arc<dyn Objects>) -> Upload {
        let object = Object::new(file_id(self.id), Attempt(self.attempt as u32), objects);
        Upload {
            owner: user_key(self.owner),
            name: FileName::stored(self.name),
            size: self.size as u64,
            received: self.received as u64,
            facts: self.facts.and_then(StoredFacts::facts),
            object,
        }
    }

    /// The upload as the rules see it; `None` if it is not complete.
    pub fn complete(self) -> Option<rules::Upload> {
        let (owner, is_taken, id) = (user_key(self.owner), self.room.is_some(), file_id(self.id));
        let facts = self.facts?.facts()?;
        Some(rules::Upload { owner, is_taken, file: facts.file(id, FileName::stored(self.name)) })
    }
}
