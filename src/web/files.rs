//! The files of messages: their addresses and their JSON, and those that a message is sent with.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AppState, Error, Result, change::refused};
use crate::{
    domain::{
        AltText, Attachment, Dimensions, Fields, File, FileId, Phrase, RoomId, Timestamp, UserKey, rules::Refusal,
    },
    render::{file_address, thumbnail_address},
    security::limits::RateLimited,
    store::{NewUpload, Upload},
};

/// An upload that is to become a file of the message, as a client names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentFile {
    /// The id of a complete upload of yours.
    pub id: String,
    /// What a picture shows, for those who do not see it: up to 500 characters.
    #[serde(default)]
    pub alt: String,
}

/// The attachments of these.
///
/// # Errors
/// 422 at `alt` if a text is too long, at `file` if an id cannot be one.
pub fn attachments(files: &[SentFile]) -> Result<Vec<Attachment>> {
    let no_such = || Error::from(Refusal::NoSuchUpload);
    let attachment = |file: &SentFile| {
        let alt = AltText::parse(&file.alt).map_err(|invalid| Error::invalid(Fields::one("alt", invalid)))?;
        Ok(Attachment { id: FileId::parse(&file.id).ok_or_else(no_such)?, alt })
    };
    files.iter().map(attachment).collect()
}

/// A file of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileResponse {
    id: String,
    name: String,
    /// By its first bytes. `application/octet-stream` of all that a page does not show.
    #[serde(rename = "type")]
    media_type: &'static str,
    /// In bytes.
    size: u64,
    /// Of the bytes, in hexadecimal digits.
    sha256: String,
    /// Of a picture, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// What a picture shows.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    alt: String,
    url: String,
    /// The address of a smaller picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail: Option<String>,
}

impl FileResponse {
    /// A file of a message in `room`.
    pub fn new(room: &RoomId, file: &File) -> Self {
        let (width, height) = file.dimensions.map(|Dimensions { width, height }| (width, height)).unzip();
        Self {
            id: file.id.to_string(),
            name: file.name.as_str().to_owned(),
            media_type: file.kind.media_type(),
            size: file.size,
            sha256: hex::encode(file.sha256),
            width,
            height,
            alt: file.alt.as_str().to_owned(),
            url: file_address(room, file),
            thumbnail: file.has_thumbnail.then(|| thumbnail_address(room, file)),
        }
    }
}

/// Begins an upload, which counts against the user's rate.
///
/// # Errors
/// 413 if it is larger than files may be, 422 if it has no bytes, 429 if the user uploads too fast, 409 if it does not fit
/// into a quota, and the store's.
pub async fn begin_upload(state: &AppState, upload: NewUpload) -> Result<Upload> {
    let settings = state.settings.files;
    if upload.size > settings.max_file {
        return Err(too_large(state));
    }
    if upload.size == 0 {
        return Err(file_empty());
    }
    count_upload(state, upload.owner)?;
    let begun = state.store.begin_upload(upload, settings.quota, Timestamp::now()).await;
    begun.map_err(refused)
}

/// Counts a file against the user's rate.
///
/// # Errors
/// 429 if the user uploads too fast.
pub fn count_upload(state: &AppState, user: UserKey) -> Result<()> {
    let too_fast = |limit: RateLimited| Error { message: Phrase::new("too-many-uploads"), ..limit.into() };
    state.logins.limits.upload(user).map_err(too_fast)
}

/// The error of a file without bytes.
pub fn file_empty() -> Error {
    Error::invalid(Fields::one("file", Phrase::new("file-empty")))
}

/// The error of a file that is larger than files may be.
pub fn too_large(state: &AppState) -> Error {
    larger_than(state.settings.files.max_file)
}

/// The error of a file that has more than `max` bytes.
pub fn larger_than(max: u64) -> Error {
    let reason = Phrase::new("file-too-large").arg("max", max >> 20);
    let error = Error::new(StatusCode::PAYLOAD_TOO_LARGE, reason.clone());
    Error { fields: Fields::one("file", reason), ..error }
}
