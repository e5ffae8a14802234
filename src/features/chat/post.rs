//! Sending a message, whichever way it came.

use axum::http::StatusCode;

use crate::{
    domain::{ClientId, Fields, Phrase, Post, RoomId, Text, Timestamp, User},
    store::{self, Posted},
    web::{AppState, Error, Result},
};

/// Appends a message to the lobby's log. Durable when it returns; a repeat of the same client id returns
/// the message that is there.
pub(super) async fn post(state: &AppState, author: &User, message: &str, client_id: &str) -> Result<Posted> {
    let mut fields = Fields::default();
    let text = fields.keep("message", Text::parse(message));
    let client = fields.keep("clientID", ClientId::parse(client_id));
    let (Some(text), Some(client)) = (text, client) else { return Err(Error::invalid(fields)) };
    state.logins.limits.message(author.key).map_err(too_fast)?;
    let post = Post { room: RoomId::lobby(), author: author.key, client, text, at: Timestamp::now() };
    let text = post.text.clone();
    let posted = state.store.post(post).await.map_err(|error| match error {
        store::Error::NotFound => Error::bad_token(), // deleted since the request was let in
        other => other.into(),
    })?;
    if posted.repeat && posted.message.text.as_deref().is_some_and(|there| there != text.as_str()) {
        // taking it for a repeat would lose it without a word
        let reason = Phrase::new("client-id-reused");
        let fields = Fields::one("clientID", reason.clone());
        return Err(Error { fields, ..Error::new(StatusCode::CONFLICT, reason) });
    }
    let result = if posted.repeat { "repeat" } else { "new" };
    metrics::counter!("natter_messages_total", "result" => result).increment(1);
    Ok(posted)
}

fn too_fast(limit: crate::security::limits::RateLimited) -> Error {
    Error { message: Phrase::new("too-many-messages"), ..limit.into() }
}
