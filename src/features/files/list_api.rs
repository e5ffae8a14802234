//! The files of a room as JSON.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{Listed, ShownFiles, files_before};
use crate::{
    domain::{Fields, Phrase},
    web::{AppState, Bearer, Error, InRoom, Query, Result, files::FileResponse},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FilesQuery {
    /// Only files of messages before this `seq`.
    before: Option<u64>,
    /// `pictures`, or `others`: all but pictures.
    kind: Option<ShownFiles>,
    /// Of at most this many messages, 1–500.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

#[derive(Serialize, ToSchema)]
pub struct FilesResponse {
    files: Vec<ListedFileResponse>,
    /// The address of the files of older messages, if there can be any.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A file, and the message that has it.
#[derive(Serialize, ToSchema)]
pub struct ListedFileResponse {
    seq: u64,
    /// `null` after the sender's account was deleted.
    #[serde(rename = "userID")]
    user_id: Option<String>,
    #[serde(rename = "sentTime")]
    #[schema(format = DateTime)]
    sent_time: String,
    file: FileResponse,
}

/// List the files of a room, those of the latest messages first.
#[utoipa::path(
    get, path = "/api/rooms/{room}/files", operation_id = "list_files", tag = "files",
    params(("room" = String, Path), FilesQuery), security(("jwt" = [])),
    responses((status = 200, body = FilesResponse), (status = 404, description = "There is no such room for you"))
)]
pub async fn list(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Query(FilesQuery { before, kind, limit }): Query<FilesQuery>,
) -> Result<axum::Json<FilesResponse>> {
    if !(1..=500).contains(&limit) {
        return Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 500."))));
    }
    let (listed, next) = files_before(&state, &access, before, kind, limit).await?;
    let room = access.room();
    let kind = kind.map_or("", ShownFiles::query);
    let next = next.map(|seq| format!("/api/rooms/{}/files?before={seq}&limit={limit}{kind}", room.as_str()));
    let response = |Listed { message, file }: &Listed| ListedFileResponse {
        seq: message.seq(),
        user_id: message.author.as_ref().map(|author| author.user_id.clone()),
        sent_time: message.sent_at.rfc3339(),
        file: FileResponse::new(room, file),
    };
    Ok(axum::Json(FilesResponse { files: listed.iter().map(response).collect(), next }))
}
