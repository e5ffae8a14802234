//! Posting a message.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::types::MessageResponse;
use crate::{
    domain::ClientId,
    web::{
        AppState, Bearer, InRoom, Json, Result,
        change::{self, Draft},
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostRequest {
    /// 1–4,000 characters, at least one of them visible.
    #[schema(min_length = 1, max_length = 4000)]
    message: String,
    /// A fresh id for each message, 1–64 letters, digits, `_ -`. A repeat of it does not post again, so a
    /// send whose answer was lost can simply be tried again. Left out, nothing guards against a repeat.
    #[serde(rename = "clientID")]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    client_id: Option<String>,
    /// The `seq` of the message that this one replies to.
    #[serde(rename = "replyTo")]
    reply_to: Option<u64>,
}

/// Post a message to a room. Durable when the answer comes.
#[utoipa::path(
    post, path = "/api/rooms/{room}/messages", operation_id = "post_message", tag = "chat",
    params(("room" = String, Path)),
    request_body = PostRequest, security(("jwt" = [])),
    responses(
        (status = 201, description = "Posted", body = MessageResponse),
        (status = 200, description = "A repeat: the message that is there already", body = MessageResponse),
        (status = 403, description = "The message that it replies to is a notice"),
        (status = 404, description = "There is no such room for you, or no message to reply to"),
        (status = 409, description = "This clientID was used for another message, the room is archived, or it has as many members as it may have"),
        (status = 410, description = "The message that it replies to is deleted"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn post(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Json(request): Json<PostRequest>,
) -> Result<Response> {
    let client_id = request.client_id.unwrap_or_else(|| ClientId::generate().as_str().to_owned());
    let draft =
        Draft { message: &request.message, client_id: &client_id, reply_to: request.reply_to, is_confirmed: true };
    let posted = change::post(&state, &access, draft).await?;
    let status = if posted.repeat { StatusCode::OK } else { StatusCode::CREATED };
    let json = axum::Json(MessageResponse::new(&state, posted.message, access.user()));
    Ok((status, [(header::CACHE_CONTROL, "no-store")], json).into_response())
}
