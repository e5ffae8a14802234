//! Posts a message that came from the socket, the page's form or the API.

use axum::http::StatusCode;

use crate::{
    domain::{ClientId, Fields, Phrase, Post, RoomId, Text, Timestamp, User},
    security::limits::RateLimited,
    store::{self, Posted},
    web::{AppState, Error, Result},
};

/// Posts a message to the lobby. It is durable when this returns. A repeat of the same client id returns the stored
/// message.
///
/// # Errors
/// 422 if a field is invalid, 429 if the user sends too fast, 401 if the account is deleted, 409 if the client id was
/// used for another text, and the store's errors.
pub(super) async fn post(state: &AppState, author: &User, message: &str, client_id: &str) -> Result<Posted> {
    let mut fields = Fields::default();
    let text = fields.keep("message", Text::parse(message));
    let client = fields.keep("clientID", ClientId::parse(client_id));
    let (Some(text), Some(client)) = (text, client) else { return Err(Error::invalid(fields)) };
    state.logins.limits.message(author.key).map_err(sending_too_fast)?;
    let post = Post { room: RoomId::lobby(), author: author.key, client, text, at: Timestamp::now() };
    let text = post.text.clone();
    let posted = state.store.post(post).await.map_err(|error| match error {
        store::Error::NotFound => Error::bad_token(), // deleted after the request was authenticated
        other => other.into(),
    })?;
    if posted.repeat && posted.message.text.as_deref().is_some_and(|stored| stored != text.as_str()) {
        // to treat it as a repeat would lose this text silently
        let reason = Phrase::new("client-id-reused");
        let fields = Fields::one("clientID", reason.clone());
        return Err(Error { fields, ..Error::new(StatusCode::CONFLICT, reason) });
    }
    let result = if posted.repeat { "repeat" } else { "new" };
    metrics::counter!("natter_messages_total", "result" => result).increment(1);
    Ok(posted)
}

fn sending_too_fast(limit: RateLimited) -> Error {
    Error { message: Phrase::new("too-many-messages"), ..limit.into() }
}
