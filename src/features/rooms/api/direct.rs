//! Direct rooms.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    room::{Created, created},
    types::RoomResponse,
};
use crate::web::{AppState, Bearer, Json, Result, direct, named_users::find_all};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectRequest {
    /// The userIDs of up to 9 others. You are always a member: an empty list is a room for yourself.
    #[schema(max_items = 10)]
    members: Vec<String>,
}

/// Open the direct room of some people: there is one for each set of them.
#[utoipa::path(
    post, path = "/api/direct", operation_id = "open_direct", tag = "rooms", request_body = DirectRequest,
    security(("jwt" = [])),
    responses(
        (status = 201, description = "The new room", body = RoomResponse, headers(("Location" = String, description = "The room's address"))),
        (status = 200, description = "The room that is there already", body = RoomResponse, headers(("Location" = String, description = "The room's address"))),
        (status = 409, description = "A limit is reached"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn open(
    State(state): State<AppState>,
    bearer: Bearer,
    Json(request): Json<DirectRequest>,
) -> Result<Created> {
    let users = find_all(&state, &request.members).await?;
    let (room, is_new) = direct::open(&state, &bearer.user, &users).await?;
    created(&state, &bearer, &room.id, is_new).await
}
