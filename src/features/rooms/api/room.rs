//! One room: creating, reading, changing, deleting.

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::types::RoomResponse;
use crate::{
    domain::{RoomAction, RoomId},
    features::rooms::{
        create::{self, RoomDraft},
        edit::{RoomEdit, edit},
    },
    web::{AppState, Bearer, InRoom, Json, Result, change::command},
};

/// A created room and its address.
pub type Created = (StatusCode, [(HeaderName, String); 1], axum::Json<RoomResponse>);

/// The answer to a request that asks for a new room: 201, or 200 if it was there already.
pub async fn created(state: &AppState, bearer: &Bearer, room: &RoomId, is_new: bool) -> Result<Created> {
    let access = state.store.access(&bearer.user, room).await?;
    let summary = state.store.summary(&access).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/api/rooms/{}", room.as_str());
    Ok((status, [(header::LOCATION, location)], axum::Json(summary.into())))
}

/// Create an open or a closed room. You are its owner.
#[utoipa::path(
    post, path = "/api/rooms", operation_id = "create_room", tag = "rooms", request_body = RoomDraft,
    security(("jwt" = [])),
    responses(
        (status = 201, description = "The room", body = RoomResponse, headers(("Location" = String, description = "The room's address"))),
        (status = 403, description = "Only admins create rooms here, or the request came from a page of another site"),
        (status = 409, description = "An open room has the name, or a limit is reached"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn create(State(state): State<AppState>, bearer: Bearer, Json(draft): Json<RoomDraft>) -> Result<Created> {
    let room = create::create(&state, &bearer.user, &draft).await?;
    created(&state, &bearer, &room.id, true).await
}

/// Read a room.
#[utoipa::path(
    get, path = "/api/rooms/{room}", operation_id = "read_room", tag = "rooms", params(("room" = String, Path)),
    security(("jwt" = [])),
    responses((status = 200, body = RoomResponse), (status = 404, description = "There is no such room for you"))
)]
pub async fn read(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
) -> Result<axum::Json<RoomResponse>> {
    Ok(axum::Json(state.store.summary(&access).await?.into()))
}

/// Change a room, as an owner, or as an admin where everybody may read.
#[utoipa::path(
    patch, path = "/api/rooms/{room}", operation_id = "edit_room", tag = "rooms",
    params(("room" = String, Path)), request_body = RoomEdit, security(("jwt" = [])),
    responses(
        (status = 200, body = RoomResponse),
        (status = 204, description = "The room is closed now, and you are not a member"),
        (status = 403, description = "You may not change it"),
        (status = 404, description = "There is no such room for you"),
        (status = 409, description = "An open room has the name, or the room is archived or direct, or has everybody"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn patch(
    State(state): State<AppState>,
    InRoom { caller, access }: InRoom<Bearer>,
    Json(request): Json<RoomEdit>,
) -> Result<Response> {
    edit(&state, &access, &request).await?;
    Ok(match state.find_access(&caller.user, access.room()).await? {
        Some(access) => axum::Json(RoomResponse::from(state.store.summary(&access).await?)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// Delete a room with all that is in it. This cannot be undone.
#[utoipa::path(
    delete, path = "/api/rooms/{room}", operation_id = "delete_room", tag = "rooms",
    params(("room" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The room is deleted"),
        (status = 403, description = "You may not delete it"),
        (status = 404, description = "There is no such room for you"),
        (status = 409, description = "It is the lobby, or it is direct"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn delete(State(state): State<AppState>, InRoom { access, .. }: InRoom<Bearer>) -> Result<StatusCode> {
    command(&state, &access, RoomAction::Delete).await?;
    Ok(StatusCode::NO_CONTENT)
}
