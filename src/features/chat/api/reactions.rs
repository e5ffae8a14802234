//! Reactions to a message.

use axum::extract::State;

use super::types::MessageResponse;
use crate::{
    domain::{Action, Emoji, Fields},
    store::Access,
    web::{AppState, Bearer, Error, InRoom, Path, Result, change::change},
};

/// Give an emoji to a message. A repeat changes nothing.
#[utoipa::path(
    put, path = "/api/rooms/{room}/messages/{seq}/reactions/{emoji}", operation_id = "give_reaction",
    tag = "chat",
    params(
        ("room" = String, Path), ("seq" = u64, Path),
        ("emoji" = String, Path, description = "One emoji, percent-encoded"),
    ),
    security(("jwt" = [])),
    responses(
        (status = 200, body = MessageResponse),
        (status = 403, description = "It is a notice"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 409, description = "The message has 20 different emoji, or the room is archived"),
        (status = 410, description = "The message is deleted"),
        (status = 422, description = "That is not an emoji"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn give(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq, emoji)): Path<(String, u64, String)>,
) -> Result<axum::Json<MessageResponse>> {
    respond(&state, &access, Action::React { seq, emoji: parse(&emoji)? }).await
}

/// Take an emoji back. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/messages/{seq}/reactions/{emoji}", operation_id = "take_reaction_back",
    tag = "chat",
    params(
        ("room" = String, Path), ("seq" = u64, Path),
        ("emoji" = String, Path, description = "One emoji, percent-encoded"),
    ),
    security(("jwt" = [])),
    responses(
        (status = 200, body = MessageResponse),
        (status = 403, description = "It is a notice"),
        (status = 404, description = "There is no such room for you, or no such message"),
        (status = 409, description = "The room is archived"),
        (status = 410, description = "The message is deleted"),
        (status = 422, description = "That is not an emoji"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn take_back(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq, emoji)): Path<(String, u64, String)>,
) -> Result<axum::Json<MessageResponse>> {
    respond(&state, &access, Action::Unreact { seq, emoji: parse(&emoji)? }).await
}

fn parse(emoji: &str) -> Result<Emoji> {
    Emoji::parse(emoji).map_err(|invalid| Error::invalid(Fields::one("emoji", invalid)))
}

async fn respond(state: &AppState, access: &Access, action: Action) -> Result<axum::Json<MessageResponse>> {
    let changed = change(state, access, action).await?;
    Ok(axum::Json(MessageResponse::new(changed.message, access.user())))
}
