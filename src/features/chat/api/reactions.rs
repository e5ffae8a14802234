//! Reactions to a message.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::types::{MessageResponse, changed};
use crate::{
    domain::{Action, Emoji, Fields},
    features::chat::reactors::{Reactors, reactors},
    web::{AppState, Bearer, Error, InRoom, Path, Result},
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
    changed(&state, &access, Action::React { seq, emoji: parse(&emoji)? }).await
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
    changed(&state, &access, Action::Unreact { seq, emoji: parse(&emoji)? }).await
}

/// Who gave which emoji to a message.
#[derive(Serialize, ToSchema)]
pub struct ReactionsResponse {
    /// In the order in which each emoji was first given.
    reactions: Vec<ReactorsResponse>,
}

/// An emoji, and the users who gave it.
#[derive(Serialize, ToSchema)]
struct ReactorsResponse {
    emoji: String,
    /// The number of users who gave it.
    count: u64,
    /// In the order in which they gave it: the last 200.
    users: Vec<ReactorResponse>,
}

#[derive(Serialize, ToSchema)]
struct ReactorResponse {
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
}

impl From<Reactors> for ReactorsResponse {
    fn from(reactors: Reactors) -> Self {
        let users = reactors.people.into_iter();
        let users = users.map(|person| ReactorResponse { user_id: person.user_id, name: person.name }).collect();
        Self { emoji: reactors.emoji, count: reactors.count, users }
    }
}

/// See who gave which emoji to a message. At most 200 users are named for each emoji.
#[utoipa::path(
    get, path = "/api/rooms/{room}/messages/{seq}/reactions", operation_id = "list_reactions", tag = "chat",
    params(("room" = String, Path), ("seq" = u64, Path)), security(("jwt" = [])),
    responses(
        (status = 200, body = ReactionsResponse),
        (status = 404, description = "There is no such room for you, or no such message"),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, seq)): Path<(String, u64)>,
) -> Result<axum::Json<ReactionsResponse>> {
    let message = state.store.message(&access, seq).await?.ok_or_else(|| Error::not_found("no-such-message"))?;
    let reactors = reactors(&state, &message, access.user()).await?;
    Ok(axum::Json(ReactionsResponse { reactions: reactors.into_iter().map(ReactorsResponse::from).collect() }))
}

fn parse(emoji: &str) -> Result<Emoji> {
    Emoji::parse(emoji).map_err(|invalid| Error::invalid(Fields::one("emoji", invalid)))
}
