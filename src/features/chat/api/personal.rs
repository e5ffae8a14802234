//! Lists of messages that are one's own, across rooms, and saving a message.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{list::fifty, types::MessageResponse};
use crate::{
    domain::{Fields, Phrase},
    features::chat::personal::List,
    web::{AppState, Bearer, Error, InRoom, Path, Query, Result, change},
};

/// Most messages of an answer.
const MAX: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonalQuery {
    /// Paging back: what is in the `next` of an answer.
    before: Option<String>,
    /// At most this many, 1–100.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 100)]
    limit: u32,
}

#[derive(Serialize, ToSchema)]
pub struct PersonalResponse {
    messages: Vec<MessageResponse>,
    /// The address of earlier ones, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Read the messages of others that mention you, the latest first, in the rooms that you are a member of.
#[utoipa::path(
    get, path = "/api/mentions", operation_id = "list_mentions", tag = "chat", params(PersonalQuery),
    security(("jwt" = [])), responses((status = 200, body = PersonalResponse))
)]
pub async fn mentions(
    State(state): State<AppState>,
    bearer: Bearer,
    Query(query): Query<PersonalQuery>,
) -> Result<axum::Json<PersonalResponse>> {
    list(&state, &bearer, List::Mentions, "/api/mentions", query).await
}

/// Read the messages that you have saved, those first that you saved last. Nobody else sees what you save.
#[utoipa::path(
    get, path = "/api/saved", operation_id = "list_saved", tag = "chat", params(PersonalQuery),
    security(("jwt" = [])), responses((status = 200, body = PersonalResponse))
)]
pub async fn saved(
    State(state): State<AppState>,
    bearer: Bearer,
    Query(query): Query<PersonalQuery>,
) -> Result<axum::Json<PersonalResponse>> {
    list(&state, &bearer, List::Saved, "/api/saved", query).await
}

async fn list(
    state: &AppState,
    bearer: &Bearer,
    list: List,
    path: &str,
    PersonalQuery { before, limit }: PersonalQuery,
) -> Result<axum::Json<PersonalResponse>> {
    if !(1..=MAX).contains(&limit) {
        return Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 100."))));
    }
    let (messages, next) = list.read(state, &bearer.user, before.as_deref(), limit).await?;
    let messages = MessageResponse::list(state, messages, bearer.user.key);
    let next = next.map(|next| format!("{path}?before={next}&limit={limit}"));
    Ok(axum::Json(PersonalResponse { messages, next }))
}

/// Save a message for later. A repeat changes nothing.
#[utoipa::path(
    put, path = "/api/rooms/{room}/messages/{seq}/saved", operation_id = "save_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The message is saved"),
        (status = 403, description = "It is a notice"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 410, description = "The message is deleted"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn save(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<StatusCode> {
    change::save(&state, &access, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a message from those that you have saved. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/messages/{seq}/saved", operation_id = "unsave_message", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The message is not saved"),
        (status = 404, description = "There is no such room for you"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn unsave(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<StatusCode> {
    change::unsave(&state, &access, seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
