//! The log as fragments: what scrolling back fetches, and catching up without a socket.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use super::PAGE;
use crate::{
    domain::{Fields, RoomId, UserKey},
    render,
    store::Page,
    web::{AppState, Error, Query, Result, SignedIn},
};

#[derive(Template)]
#[template(path = "chat/_older.html")]
struct Older {
    before: u64,
}

/// Messages with the way to older ones in front, if there are any.
pub(super) fn page(page: &Page, me: UserKey) -> Result<String> {
    let mut html = String::new();
    if let Some(first) = page.messages.first().filter(|_| page.more) {
        html.push_str(&Older { before: first.seq }.render().unwrap_or_default());
    }
    for message in &page.messages {
        html.push_str(&render::message(message, message.author_key == me));
    }
    Ok(html)
}

#[derive(Deserialize)]
pub struct FragmentsQuery {
    before: Option<u64>,
    after: Option<u64>,
}

/// `?before=SEQ`: the 50 before, with the way on. `?after=REV`: what has changed since, 200 at most, in
/// order of `rev`; ask again from the last `data-rev` until nothing comes. Fewer of each where they are large.
pub async fn list(
    State(state): State<AppState>,
    me: SignedIn,
    Query(query): Query<FragmentsQuery>,
) -> Result<Html<String>> {
    let room = RoomId::lobby();
    let html = match (query.before, query.after) {
        (before, None) => page(&state.store.page(&room, before, PAGE, None).await?, me.user.key)?,
        (None, Some(after)) => {
            let changes = state.store.changes(&room, after, 200).await?.messages;
            changes.iter().map(|message| render::message(message, message.author_key == me.user.key)).collect()
        }
        (Some(_), Some(_)) => return Err(Error::invalid(Fields::one("after", "Use before or after, not both."))),
    };
    Ok(Html(html))
}
