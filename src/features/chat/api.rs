//! The log as JSON: the messages API.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::post::post as send;
use crate::{
    domain::{ClientId, Fields, Message, Phrase, RoomId},
    store::Chunk,
    web::{AppState, Bearer, Error, Json, Query, Result},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Paging back: the latest messages before this `seq`.
    before: Option<u64>,
    /// Catching up: all changes after this `rev`, in order of `rev`, deletions included.
    after: Option<u64>,
    /// At most this many, 1–500. A response has at most 256 KiB of text, so there can be fewer: `next` leads on.
    #[serde(default = "fifty")]
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: u32,
    /// Only messages of this user, by userID; not together with `after`.
    #[param(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")]
    author: Option<String>,
}

fn fifty() -> u32 {
    50
}

#[derive(Serialize, ToSchema)]
pub struct MessagesResponse {
    messages: Vec<MessageResponse>,
    /// The room's latest `rev` when this was read, or the last one of these where there are more after it:
    /// the next `after`.
    rev: u64,
    /// The address of older messages, if there are any; with `after`, of the next changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct MessageResponse {
    /// The message's position in the room, given when it was posted.
    seq: u64,
    /// The number of the message's latest change.
    rev: u64,
    /// `null` after the author's account was deleted.
    #[serde(rename = "userID")]
    user_id: Option<String>,
    name: Option<String>,
    /// `null` after the message was deleted.
    message: Option<String>,
    #[serde(rename = "sentTime")]
    #[schema(format = DateTime)]
    sent_time: String,
}

impl From<Message> for MessageResponse {
    fn from(message: Message) -> Self {
        let (user_id, name) = message.author.map(|author| (author.user_id, author.name)).unzip();
        Self {
            seq: message.seq,
            rev: message.rev,
            user_id,
            name,
            message: message.text,
            sent_time: message.sent_at.rfc3339(),
        }
    }
}

/// Read messages: the latest, the ones before a `seq`, or all that changed after a `rev`.
#[utoipa::path(
    get, path = "/api/messages", tag = "chat", params(MessagesQuery), security(("jwt" = [])),
    responses((status = 200, body = MessagesResponse), (status = 404, description = "The author is unknown"))
)]
pub async fn list(
    State(state): State<AppState>,
    _: Bearer,
    Query(query): Query<MessagesQuery>,
) -> Result<axum::Json<MessagesResponse>> {
    if !(1..=500).contains(&query.limit) {
        return Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 500."))));
    }
    if query.after.is_some() && (query.before.is_some() || query.author.is_some()) {
        return Err(Error::invalid(Fields::one("after", Phrase::english("Use it without before and author."))));
    }
    let response = match query.after {
        Some(after) => changes(&state, after, query.limit).await?,
        None => page(&state, &query).await?,
    };
    Ok(axum::Json(response))
}

async fn changes(state: &AppState, after: u64, limit: u32) -> Result<MessagesResponse> {
    let Chunk { messages, more } = state.store.changes(&RoomId::lobby(), after, limit).await?;
    let rev = messages.last().map_or(after, |last| last.rev);
    let next = more.then(|| format!("/api/messages?after={rev}&limit={limit}"));
    Ok(MessagesResponse { messages: messages.into_iter().map(Into::into).collect(), rev, next })
}

async fn page(state: &AppState, query: &MessagesQuery) -> Result<MessagesResponse> {
    let author = match &query.author {
        None => None,
        Some(author) => Some(state.find_user(author).await?),
    };
    let key = author.as_ref().map(|author| author.key);
    let page = state.store.page(&RoomId::lobby(), query.before, query.limit, key).await?;
    let next = page.messages.first().filter(|_| page.more).map(|first| {
        let author = author.map_or(String::new(), |author| format!("author={}&", author.user_id));
        format!("/api/messages?{author}before={}&limit={}", first.seq, query.limit)
    });
    Ok(MessagesResponse { messages: page.messages.into_iter().map(Into::into).collect(), rev: page.head, next })
}

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
}

/// Post a message. Durable when the answer comes.
#[utoipa::path(
    post, path = "/api/messages", tag = "chat", request_body = PostRequest, security(("jwt" = [])),
    responses(
        (status = 201, description = "Posted", body = MessageResponse),
        (status = 200, description = "A repeat: the message that is there already", body = MessageResponse),
        (status = 409, description = "This clientID was used for another message"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn post(State(state): State<AppState>, bearer: Bearer, Json(request): Json<PostRequest>) -> Result<Response> {
    let client_id = request.client_id.unwrap_or_else(|| ClientId::generate().as_str().to_owned());
    let posted = send(&state, &bearer.user, &request.message, &client_id).await?;
    let status = if posted.repeat { StatusCode::OK } else { StatusCode::CREATED };
    let json = axum::Json(MessageResponse::from(posted.message));
    Ok((status, [(header::CACHE_CONTROL, "no-store")], json).into_response())
}
