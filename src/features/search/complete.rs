//! What completes a filter in a search box.

use std::collections::HashSet;

use axum::extract::State;
use serde::Deserialize;

use super::filter_words;
use crate::{
    domain::{RoomKind, User, fold},
    render::Language,
    search::Filter,
    store::RoomSummary,
    web::{
        AppState, Query, Result, SignedIn,
        completion::{Completion, MAX_OPTIONS, MAX_WORD, Options, Sign, begins, people},
        sidebar::room_name,
    },
};

#[derive(Deserialize)]
pub(super) struct CompleteQuery {
    /// The word that is typed.
    #[serde(default)]
    q: String,
}

/// `?q=`: the filters. `?q=from:ad`: people. `?q=in:des`: rooms; one is put by its id. `?q=has:` and `?q=is:`: what they can
/// have. At most [`MAX_OPTIONS`].
pub(super) async fn complete(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(CompleteQuery { q }): Query<CompleteQuery>,
) -> Result<Options> {
    let options = match Filter::key(&q) {
        _ if q.is_empty() => keys(language),
        Some((key, text)) if text.chars().count() <= MAX_WORD => match key {
            "from" => {
                let found = people(&*state.store, text.trim_start_matches('@')).await?;
                found.into_iter().map(|person| Completion::person(person, "from:")).collect()
            }
            "in" => rooms(&state, &me.user, text, language).await?,
            "has" => values(key, filter_words::has(), text, language),
            "is" => values(key, filter_words::is(), text, language),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    Ok(Options { options })
}

fn keys(language: Language) -> Vec<Completion> {
    let option = |(key, word)| Completion {
        put: format!("{key}:"),
        sign: Sign::Icon("find"),
        name: format!("{key}:"),
        note: language.text(word).into_owned(),
    };
    filter_words::KEYS.into_iter().map(option).collect()
}

fn values(key: &str, all: Vec<(&str, &str)>, text: &str, language: Language) -> Vec<Completion> {
    let begun = all.into_iter().filter(|(value, _)| begins(value, text));
    let option = |(value, word)| Completion {
        put: format!("{key}:{value} "),
        sign: Sign::Icon("find"),
        name: format!("{key}:{value}"),
        note: language.text(word).into_owned(),
    };
    begun.map(option).collect()
}

/// The rooms of the user, then open ones, whose names contain the text.
async fn rooms(state: &AppState, me: &User, text: &str, language: Language) -> Result<Vec<Completion>> {
    let wanted = fold(text.trim_start_matches(['#', '@', '"']));
    let is_wanted = |summary: &RoomSummary| fold(&room_name(summary, me, language)).contains(&wanted);
    let own = state.store.rooms_of(me, None, u32::MAX).await?;
    let known: HashSet<&str> = own.iter().map(|summary| summary.room.id.as_str()).collect();
    let open = state.store.open_rooms(&wanted, None, (MAX_OPTIONS + known.len()) as u32).await?;
    let option = |id: &str, kind: RoomKind, name: String| Completion {
        put: format!("in:{id} "),
        sign: Sign::Icon(kind.as_str()),
        name,
        note: String::new(),
    };
    let own_options = own
        .iter()
        .filter(|summary| is_wanted(summary))
        .map(|summary| option(summary.room.id.as_str(), summary.room.kind, room_name(summary, me, language)));
    let others = open.iter().filter(|open| !known.contains(open.room.id.as_str()));
    let other_options = others.map(|open| option(open.room.id.as_str(), open.room.kind, open.room.name.clone()));
    Ok(own_options.chain(other_options).take(MAX_OPTIONS).collect())
}
