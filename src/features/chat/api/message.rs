//! One message: reading, editing, deleting.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::types::MessageResponse;
use crate::{
    domain::{Action, Command, Fields, Text, rules::Refusal},
    render::Language,
    store,
    web::{
        AppState, Bearer, Error, InRoom, Json, Path, Result,
        change::{change, count, refused},
    },
};

/// Read a message.
#[utoipa::path(
    get, path = "/api/rooms/{room}/messages/{seq}", operation_id = "read_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 200, body = MessageResponse),
        (status = 404, description = "There is no such room for you, or no such message"),
    )
)]
pub async fn read(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<axum::Json<MessageResponse>> {
    let message = state.store.message(&access, seq).await?.ok_or_else(|| Error::not_found("no-such-message"))?;
    Ok(axum::Json(MessageResponse::new(&state, message, access.user())))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditRequest {
    /// 1–4,000 characters, at least one of them visible. Of a message with files it may be empty.
    #[schema(max_length = 4000)]
    message: String,
    /// The `textRev` of the text that you edited. An edit of an older text is refused.
    #[serde(rename = "textRev")]
    text_rev: u64,
}

/// Why an edit was refused, and the message now.
#[derive(Serialize, ToSchema)]
pub struct EditConflictResponse {
    /// A sentence to show to the user.
    message: String,
    /// The message as it is now; left out if the room is archived.
    current: Option<MessageResponse>,
}

/// Edit your own message.
#[utoipa::path(
    patch, path = "/api/rooms/{room}/messages/{seq}", operation_id = "edit_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), request_body = EditRequest, security(("jwt" = [])),
    responses(
        (status = 200, body = MessageResponse),
        (status = 403, description = "It is not your message, or it is a notice"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (
            status = 409, description = "The text was changed in the meantime, or the room is archived",
            body = EditConflictResponse
        ),
        (status = 410, description = "The message is deleted"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn edit(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
    Json(request): Json<EditRequest>,
) -> Result<Response> {
    let text = Text::caption(&request.message).map_err(|invalid| Error::invalid(Fields::one("message", invalid)))?;
    let action = Action::Edit { seq, text_rev: request.text_rev, text };
    count(&state, access.user())?;
    match state.store.change(&access, Command::new(action)).await {
        Ok(changed) => Ok(axum::Json(MessageResponse::new(&state, changed.message, access.user())).into_response()),
        Err(store::Error::Refused(Refusal::Stale(current))) => {
            let message = Language::English.text("edit-stale").into_owned();
            let current = Some(MessageResponse::new(&state, *current, access.user()));
            Ok((StatusCode::CONFLICT, axum::Json(EditConflictResponse { message, current })).into_response())
        }
        Err(error) => Err(refused(error)),
    }
}

/// Delete a message: your own, or anybody's as an admin where everybody may read, or as an owner of the room. A repeat
/// changes nothing.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/messages/{seq}", operation_id = "delete_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The message is deleted"),
        (status = 403, description = "It is not your message, or it is a notice"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 409, description = "The room is archived"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<StatusCode> {
    change(&state, &access, Action::Delete { seq }).await?;
    Ok(StatusCode::NO_CONTENT)
}
