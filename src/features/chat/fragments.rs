//! The log as fragments, for scrolling back and for catching up without a socket.

use askama::Template;
use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{Fields, Phrase},
    render::{self, Language, Viewer},
    store::Page,
    web::{AppState, Error, InRoom, Query, Result, SignedIn},
};

/// Messages on a page, and in each response to scrolling back.
pub(super) const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "chat/_older.html")]
struct OlderLink {
    before: u64,
    language: Language,
}

/// The messages of `page`, after a link to older ones if there are any.
pub(super) fn page(page: &Page, viewer: &Viewer) -> String {
    let mut html = String::new();
    if let Some(first) = page.messages.first().filter(|_| page.has_older) {
        let link = OlderLink { before: first.seq(), language: viewer.language };
        html.push_str(&link.render().unwrap_or_default());
    }
    for message in &page.messages {
        html.push_str(&render::message(message, Some(viewer)));
    }
    html
}

#[derive(Deserialize)]
pub struct FragmentsQuery {
    before: Option<u64>,
    after: Option<u64>,
}

/// `?before=SEQ`: the 50 messages before `seq`, with a link to older ones. `?after=REV`: up to 200 changes after `rev`, in
/// order; ask again from the last `data-rev` until the response is empty. There are fewer of each if they are large.
pub async fn list(
    State(state): State<AppState>,
    language: Language,
    InRoom { access, .. }: InRoom<SignedIn>,
    Query(query): Query<FragmentsQuery>,
) -> Result<Html<String>> {
    let viewer = Viewer { key: access.user(), language };
    let html = match (query.before, query.after) {
        (before, None) => page(&state.store.before(&access, before, PAGE, None).await?, &viewer),
        (None, Some(after)) => {
            let changes = state.store.after(&access, after, 200).await?.messages;
            changes.iter().map(|message| render::message(message, Some(&viewer))).collect()
        }
        (Some(_), Some(_)) => {
            return Err(Error::invalid(Fields::one("after", Phrase::english("Use before or after, not both."))));
        }
    };
    Ok(Html(html))
}
