//! Pages with messages outside their log: the pins of a room, one's mentions, what one has saved.

use std::collections::HashMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::personal::List;
use crate::{
    domain::{Message, RoomId, User},
    render::{self, Language, PageRow, Viewer},
    web::{AppState, InRoom, Query, Result, Shell, SignedIn, sidebar::room_name},
};

/// Messages on a page.
const PAGE: u32 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "chat/list.html")]
struct ListPage {
    shell: Shell,
    heading: String,
    /// The address and the name of the room that all of them are in.
    room: Option<(String, String)>,
    entries: Vec<Entry>,
    /// The text of an empty list.
    none: String,
    /// The address of further ones.
    next: Option<String>,
}

struct Entry {
    /// The message's address, and its room's name as the user sees it; `None` where all are in one room.
    place: Option<(String, String)>,
    row: String,
}

/// The messages with the names of their rooms; without those whose room the user can no longer see.
async fn entries(state: &AppState, me: &User, messages: &[Message], language: Language) -> Result<Vec<Entry>> {
    let names = names_of_rooms(state, me, messages, language).await?;
    let entry = |message: &Message| {
        let room = names.get(&message.id.room)?.clone();
        let address = format!("/rooms/{}/{}", message.id.room.as_str(), message.seq());
        Some(Entry { place: Some((address, room)), row: row(state, me, message, language) })
    };
    Ok(messages.iter().filter_map(entry).collect())
}

fn row(state: &AppState, me: &User, message: &Message, language: Language) -> String {
    let viewer = Viewer { key: me.key, language };
    render::row(message, PageRow::default(), &viewer, state.hub().texts())
}

async fn names_of_rooms(
    state: &AppState,
    me: &User,
    messages: &[Message],
    language: Language,
) -> Result<HashMap<RoomId, String>> {
    let mut rooms: Vec<RoomId> = messages.iter().map(|message| message.id.room.clone()).collect();
    rooms.sort_unstable();
    rooms.dedup();
    let mut summaries = state.store.summaries(me, &rooms).await?;
    for room in rooms {
        if !summaries.iter().any(|summary| summary.room.id == room)
            && let Some(access) = state.find_access(me, &room).await?
        {
            summaries.push(state.store.summary(&access).await?);
        }
    }
    Ok(summaries.iter().map(|summary| (summary.room.id.clone(), room_name(summary, me, language))).collect())
}

/// The pinned messages of a room, those first that were pinned last.
pub async fn pins(
    State(state): State<AppState>,
    language: Language,
    InRoom { caller: me, access }: InRoom<SignedIn>,
) -> Result<Response> {
    let page = state.store.pinned(&access).await?;
    let shell = Shell::in_room(&state, language, &me.user, Some(access.room())).await?;
    let name = room_name(&state.store.summary(&access).await?, &me.user, language);
    let entry = |message: &Message| Entry { place: None, row: row(&state, &me.user, message, language) };
    let page = ListPage {
        heading: shell.with("pins-of", &[("room", &name)]).into_owned(),
        room: Some((format!("/rooms/{}", access.room().as_str()), name)),
        entries: page.messages.iter().map(entry).collect(),
        none: shell.text("pins-none").into_owned(),
        next: None,
        shell,
    };
    Ok(page.into_response())
}

#[derive(Deserialize)]
pub struct ListQuery {
    /// The cursor of further messages.
    before: Option<String>,
}

pub async fn mentions(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response> {
    let shell = Shell::in_room(&state, language, &me.user, None).await?;
    let texts = [shell.text("mentions"), shell.text("mentions-none")].map(std::borrow::Cow::into_owned);
    personal(&state, shell, &me.user, List::Mentions, texts, query).await
}

pub async fn saved(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response> {
    let shell = Shell::in_room(&state, language, &me.user, None).await?;
    let texts = [shell.text("saved"), shell.text("saved-none")].map(std::borrow::Cow::into_owned);
    personal(&state, shell, &me.user, List::Saved, texts, query).await
}

async fn personal(
    state: &AppState,
    shell: Shell,
    me: &User,
    list: List,
    [heading, none]: [String; 2],
    query: ListQuery,
) -> Result<Response> {
    let (messages, next) = list.read(state, me, query.before.as_deref(), PAGE).await?;
    let entries = entries(state, me, &messages, shell.language).await?;
    let next = next.map(|next| format!("?before={next}"));
    Ok(ListPage { shell, heading, room: None, entries, none, next }.into_response())
}
