//! The lobby's messages at their shorter address. The description of a route has one path, so these are handlers of
//! their own.

use axum::{
    extract::{OriginalUri, Request, State},
    response::Response,
};

use super::{
    list::{self, MessagesQuery, MessagesResponse},
    send::{self, PostRequest},
    types::MessageResponse,
};
use crate::web::{AppState, Bearer, InRoom, Query, Result};

/// Read the lobby's messages: the same as for the room `lobby`.
#[utoipa::path(
    get, path = "/api/messages", tag = "chat", params(MessagesQuery), security(("jwt" = [])),
    responses((status = 200, body = MessagesResponse), (status = 404, description = "The author is unknown, or there is no such thread"))
)]
pub async fn list_lobby(
    state: State<AppState>,
    uri: OriginalUri,
    room: InRoom<Bearer>,
    query: Query<MessagesQuery>,
) -> Result<axum::Json<MessagesResponse>> {
    list::list(state, uri, room, query).await
}

/// Post a message to the lobby: the same as for the room `lobby`.
#[utoipa::path(
    post, path = "/api/messages", tag = "chat", request_body = PostRequest, security(("jwt" = [])),
    responses(
        (status = 201, description = "Posted", body = MessageResponse),
        (status = 200, description = "A repeat: the message that is there already", body = MessageResponse),
        (status = 403, description = "The message that it replies to is a notice"),
        (status = 404, description = "There is no message to reply to"),
        (status = 409, description = "This clientID was used for another message"),
        (status = 410, description = "The message that it replies to is deleted"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn post_to_lobby(state: State<AppState>, room: InRoom<Bearer>, request: Request) -> Result<Response> {
    send::post(state, room, request).await
}
