//! The log as fragments, for scrolling back and for catching up without a socket.

use std::collections::HashMap;

use axum::{extract::State, response::Html};
use serde::Deserialize;

use crate::{
    domain::{Fields, Message, Phrase},
    render::{self, Language, Viewer},
    store::{Access, Page},
    web::{AppState, Error, InRoom, Query, Result, SignedIn},
};

/// Messages on a page, and in each response to scrolling back.
pub(super) const PAGE: u32 = 50;

/// The messages of `page`, after a link to older ones if there are any.
pub(super) async fn page(state: &AppState, access: &Access, page: &Page, language: Language) -> Result<String> {
    let mut html = String::new();
    if let Some(first) = page.messages.first().filter(|_| page.has_older) {
        html.push_str(&render::older_link(access.room().as_str(), first.seq(), language));
    }
    html.push_str(&messages(state, access, &page.messages, language).await?);
    Ok(html)
}

/// The messages as the user sees them, replies with quotes.
async fn messages(state: &AppState, access: &Access, messages: &[Message], language: Language) -> Result<String> {
    let viewer = Viewer { key: access.user(), language };
    let mut parents: HashMap<u64, Option<Message>> = HashMap::new();
    let mut html = String::new();
    for message in messages {
        let Some(seq) = message.reply_to else {
            html.push_str(&render::message(message, Some(&viewer)));
            continue;
        };
        // most parents are on the page, and several replies can have the same
        let loaded = messages.iter().find(|message| message.seq() == seq);
        if loaded.is_none() && !parents.contains_key(&seq) {
            parents.insert(seq, state.store.message(access, seq).await?);
        }
        let parent = loaded.or_else(|| parents.get(&seq)?.as_ref());
        html.push_str(&match parent {
            Some(parent) => render::reply(message, parent, &viewer),
            None => render::message(message, Some(&viewer)),
        });
    }
    Ok(html)
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
    let html = match (query.before, query.after) {
        (before, None) => {
            let found = state.store.before(&access, before, PAGE, None).await?;
            page(&state, &access, &found, language).await?
        }
        (None, Some(after)) => {
            let changes = state.store.after(&access, after, 200).await?.messages;
            messages(&state, &access, &changes, language).await?
        }
        (Some(_), Some(_)) => {
            return Err(Error::invalid(Fields::one("after", Phrase::english("Use before or after, not both."))));
        }
    };
    Ok(Html(html))
}
