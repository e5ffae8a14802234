//! Pinning a message to its room.

use axum::extract::State;

use super::types::{MessageResponse, changed};
use crate::{
    domain::Action,
    web::{AppState, Bearer, InRoom, Path, Result},
};

/// Pin a message to its room. A repeat changes nothing.
#[utoipa::path(
    put, path = "/api/rooms/{room}/messages/{seq}/pin", operation_id = "pin_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 200, body = MessageResponse),
        (status = 403, description = "It is a notice, or you are not a member of the room"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 409, description = "The room has 50 pinned messages, or it is archived"),
        (status = 410, description = "The message is deleted"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn pin(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<axum::Json<MessageResponse>> {
    changed(&state, &access, Action::Pin { seq }).await
}

/// Unpin a message. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/messages/{seq}/pin", operation_id = "unpin_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 200, body = MessageResponse),
        (status = 403, description = "It is a notice, or you are not a member of the room"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 409, description = "The room is archived"),
        (status = 410, description = "The message is deleted"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn unpin(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<axum::Json<MessageResponse>> {
    changed(&state, &access, Action::Unpin { seq }).await
}
