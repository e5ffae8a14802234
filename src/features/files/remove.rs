//! Removing a file from one's own message.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    domain::{Action, FileId},
    web::{AppState, Bearer, Error, InRoom, Path, Result, SignedIn, change, page::is_from_htmx},
};

/// Remove a file from your own message. A message without a text keeps one file. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/messages/{seq}/files/{file}", operation_id = "remove_file", tag = "files",
    params(("room" = String, Path), ("seq" = u64, Path), ("file" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The message does not have this file any more"),
        (status = 403, description = "It is not your message, or it is a notice"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 409, description = "The room is archived"),
        (status = 410, description = "The message is deleted"),
        (status = 422, description = "The message would have neither a text nor a file: delete it instead"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn remove(
    State(state): State<AppState>,
    room: InRoom<Bearer>,
    Path((_, seq, file)): Path<(String, u64, String)>,
) -> Result<StatusCode> {
    change::change(&state, &room.access, action(seq, &file)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leads to the message.
pub async fn submit(
    State(state): State<AppState>,
    room: InRoom<SignedIn>,
    Path((_, seq, file)): Path<(String, u64, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    change::change(&state, &room.access, action(seq, &file)?).await?;
    Ok(match is_from_htmx(&headers) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => Redirect::to(&format!("/rooms/{}/{seq}", room.access.room().as_str())).into_response(),
    })
}

fn action(seq: u64, file: &str) -> Result<Action> {
    let file = FileId::parse(file).ok_or_else(|| Error::not_found("no-such-file"))?;
    Ok(Action::RemoveFile { seq, file })
}
