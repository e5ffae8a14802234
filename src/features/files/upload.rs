//! Uploading: the bytes of a file come before the message that it belongs to, in one request or in several.

use axum::{
    body::{Body, HttpBody},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    domain::{Fields, File, FileId, FileName, Phrase, Timestamp, User},
    store::{NewUpload, Upload},
    web::{
        AnyCaller, AppState, Error, Path, Query, Result,
        active_uploads::Turn,
        files,
        receiver::{Received, Receiver},
    },
};

/// The header with the bytes that an upload has.
const OFFSET: &str = "upload-offset";
/// The header with the bytes that it will have.
const LENGTH: &str = "upload-length";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// The name of the file.
    #[serde(default)]
    name: String,
    /// The bytes of the whole file. Left out: those of this request.
    size: Option<u64>,
}

/// An upload, and what is known of the file once it is complete.
#[derive(Serialize, ToSchema)]
pub struct UploadResponse {
    id: String,
    /// The bytes that are stored. The next request goes on from here.
    offset: u64,
    /// There, and `true`, once all bytes are stored: a message may have it then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    complete: bool,
    name: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    media_type: Option<&'static str>,
    /// The bytes of the file. Of a complete picture they can be fewer than were sent: what it tells of its place and its
    /// camera is removed.
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl UploadResponse {
    fn new(upload: &Upload, offset: u64, file: Option<&File>) -> Self {
        let size = file.and_then(|file| file.dimensions);
        Self {
            id: upload.object.id.to_string(),
            offset: file.map_or(offset, |file| file.size),
            complete: file.is_some(),
            name: upload.name.as_str().to_owned(),
            media_type: file.map(|file| file.kind.media_type()),
            size: file.map_or(upload.size, |file| file.size),
            width: size.map(|size| size.width),
            height: size.map(|size| size.height),
        }
    }

    fn respond(self, status: StatusCode) -> Response {
        let headers = [
            (OFFSET, self.offset.to_string()),
            (LENGTH, self.size.to_string()),
            (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
        ];
        (status, headers, axum::Json(self)).into_response()
    }
}

/// Begin an upload.
///
/// The body has the file's first bytes, or all of them. It is kept for an hour after the last of its bytes; a message names
/// it by its id.
#[utoipa::path(
    post, path = "/api/uploads", operation_id = "begin_upload", tag = "files", params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), security(("jwt" = [])),
    responses(
        (status = 201, body = UploadResponse),
        (status = 409, description = "The space for your files, or for all files, is used up"),
        (status = 422, description = "The file has no bytes, or its size is not given"),
        (status = 413, description = "The file is larger than files may be"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
        (status = 507, description = "The server has no space left"),
    )
)]
pub async fn begin(
    State(state): State<AppState>,
    AnyCaller(user): AnyCaller,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let length = length.or_else(|| body.is_end_stream().then_some(0));
    let size = query
        .size
        .or(length)
        .ok_or_else(|| Error::invalid(Fields::one("size", Phrase::english("Give the bytes of the whole file."))))?;
    let new = NewUpload { id: FileId::generate(), owner: user.key, name: FileName::clean(&query.name), size };
    let upload = files::begin_upload(&state, new).await?;
    let turn = state.uploads.enter(upload.object.id).await;
    receive(&state, upload, body, turn, StatusCode::CREATED).await
}

/// How far an upload is. HEAD gives the header `Upload-Offset` only.
#[utoipa::path(
    get, path = "/api/uploads/{id}", operation_id = "read_upload", tag = "files", params(("id" = String, Path)),
    security(("jwt" = [])),
    responses((status = 200, body = UploadResponse), (status = 404, description = "You have no such upload, a message has it, or it has expired"))
)]
pub async fn state(
    State(state): State<AppState>,
    AnyCaller(user): AnyCaller,
    Path(id): Path<String>,
) -> Result<Response> {
    let upload = find(&state, &user, &id).await?;
    let file = upload.file();
    Ok(UploadResponse::new(&upload, upload.received, file.as_ref()).respond(StatusCode::OK))
}

/// Go on with an upload, from the offset that the header `Upload-Offset` has.
#[utoipa::path(
    patch, path = "/api/uploads/{id}", operation_id = "continue_upload", tag = "files",
    params(("id" = String, Path), ("Upload-Offset" = u64, Header, description = "The bytes that are stored")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), security(("jwt" = [])),
    responses(
        (status = 200, body = UploadResponse),
        (status = 400, description = "The body broke off, or it has more bytes than the upload"),
        (status = 404, description = "You have no such upload, a message has it, or it has expired"),
        (status = 409, description = "Other bytes are stored; the header Upload-Offset tells how many", headers(("Upload-Offset" = u64))),
        (status = 507, description = "The server has no space left"),
    )
)]
pub async fn go_on(
    State(state): State<AppState>,
    AnyCaller(user): AnyCaller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let file = FileId::parse(&id).ok_or_else(no_such)?;
    // at this process the request before records what it has, and then nothing at any process does
    let turn = state.uploads.enter(file).await;
    let upload = state.store.open_upload(user.key, file, Timestamp::now()).await?.ok_or_else(no_such)?;
    if let Some(file) = upload.file() {
        return Ok(UploadResponse::new(&upload, file.size, Some(&file)).respond(StatusCode::OK));
    }
    let offset = headers.get(OFFSET).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if offset != Some(upload.received) {
        let reason = format!("Send the header Upload-Offset: {}, and the bytes from there on.", upload.received);
        let mut response = Error::conflict(Phrase::english(reason)).into_response();
        response.headers_mut().insert(OFFSET, upload.received.into());
        return Ok(response);
    }
    receive(&state, upload, body, turn, StatusCode::OK).await
}

/// Cancel an upload that no message has.
#[utoipa::path(
    delete, path = "/api/uploads/{id}", operation_id = "cancel_upload", tag = "files", params(("id" = String, Path)),
    security(("jwt" = [])),
    responses((status = 204, description = "There is no such upload any more"))
)]
pub async fn cancel(
    State(state): State<AppState>,
    AnyCaller(user): AnyCaller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    if let Some(id) = FileId::parse(&id) {
        state.store.end_upload(user.key, id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

fn no_such() -> Error {
    Error::not_found("no-such-upload")
}

async fn find(state: &AppState, user: &User, id: &str) -> Result<Upload> {
    let id = FileId::parse(id).ok_or_else(no_such)?;
    state.store.upload(user.key, id, Timestamp::now()).await?.ok_or_else(no_such)
}

/// Receives in a task of its own: what came is recorded also if the client is gone, which ends the handler.
async fn receive(state: &AppState, upload: Upload, body: Body, turn: Turn, status: StatusCode) -> Result<Response> {
    let receiver = Receiver::new(state, upload.clone());
    let received = tokio::spawn(receiver.body(body, turn)).await;
    let received = received.map_err(|error| crate::store::Error::Failed(error.to_string()))??;
    Ok(match received {
        Received::Part(offset) => UploadResponse::new(&upload, offset, None),
        Received::File(file) => UploadResponse::new(&upload, file.size, Some(&file)),
    }
    .respond(status))
}
