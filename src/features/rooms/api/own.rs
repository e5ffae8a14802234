//! What a member keeps of a room for themselves: how far they have read, the level, the star.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{ReadMark, Reading},
    features::rooms::{own::parse_level, schema::LevelName},
    web::{AppState, Bearer, InRoom, Json, Result},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// The `seq` of the last message that you have read.
    seq: u64,
    /// The `readVersion` that you know. If messages were marked as unread since, nothing changes.
    version: Option<u64>,
    /// Marks all messages after `seq` as unread again, instead.
    #[serde(default)]
    unread: bool,
}

/// How far you have read.
#[derive(Serialize, ToSchema)]
pub struct ReadResponse {
    #[serde(rename = "readSeq")]
    seq: u64,
    #[serde(rename = "readVersion")]
    version: u64,
}

/// Mark messages as read, or as unread. Reading only moves the mark forward; the answer is the mark as it is then.
#[utoipa::path(
    put, path = "/api/rooms/{room}/read", operation_id = "read_messages", tag = "rooms",
    params(("room" = String, Path)), request_body = ReadRequest, security(("jwt" = [])),
    responses(
        (status = 200, body = ReadResponse),
        (status = 404, description = "There is no such room for you, or you are not a member"),
    )
)]
pub async fn read(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Json(ReadRequest { seq, version, unread }): Json<ReadRequest>,
) -> Result<axum::Json<ReadResponse>> {
    let reading = if unread { Reading::Unread { seq, version } } else { Reading::Read { seq, version } };
    let ReadMark { seq, version } = state.store.read(&access, reading).await?;
    Ok(axum::Json(ReadResponse { seq, version }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelRequest {
    #[schema(value_type = LevelName)]
    level: String,
}

/// Choose what the room notifies you of, and whether it is in your list.
#[utoipa::path(
    put, path = "/api/rooms/{room}/level", operation_id = "set_level", tag = "rooms",
    params(("room" = String, Path)), request_body = LevelRequest, security(("jwt" = [])),
    responses(
        (status = 204, description = "The level is set"),
        (status = 404, description = "There is no such room for you, or you are not a member"),
    )
)]
pub async fn set_level(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Json(request): Json<LevelRequest>,
) -> Result<StatusCode> {
    state.store.set_level(&access, parse_level(&request.level)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Star the room: it is above the others in your list.
#[utoipa::path(
    put, path = "/api/rooms/{room}/star", operation_id = "star_room", tag = "rooms",
    params(("room" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The room is starred"),
        (status = 404, description = "There is no such room for you, or you are not a member"),
    )
)]
pub async fn star(State(state): State<AppState>, InRoom { access, .. }: InRoom<Bearer>) -> Result<StatusCode> {
    state.store.set_starred(&access, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take the star away.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/star", operation_id = "unstar_room", tag = "rooms",
    params(("room" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The room is not starred"),
        (status = 404, description = "There is no such room for you, or you are not a member"),
    )
)]
pub async fn unstar(State(state): State<AppState>, InRoom { access, .. }: InRoom<Bearer>) -> Result<StatusCode> {
    state.store.set_starred(&access, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
