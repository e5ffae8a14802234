//! The buttons of a member: join, leave, level, star, read and unread.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    domain::{Reading, RoomId},
    features::rooms::own::parse_level,
    web::{
        AppState, Form, InRoom, Result, SignedIn, members,
        page::{is_from_htmx, local_path},
    },
};

/// The field that every form here can have: the page to show afterwards, which is the room otherwise.
#[derive(Deserialize)]
pub struct NextForm {
    next: Option<String>,
}

fn to(next: Option<&str>, room: &RoomId) -> Redirect {
    local_path(next).map_or_else(|| Redirect::to(&format!("/rooms/{}", room.as_str())), Redirect::to)
}

pub async fn join(
    State(state): State<AppState>,
    InRoom { caller: me, access }: InRoom<SignedIn>,
    Form(form): Form<NextForm>,
) -> Result<Redirect> {
    members::add(&state, &access, std::slice::from_ref(&me.user)).await?;
    Ok(to(form.next.as_deref(), access.room()))
}

pub async fn leave(State(state): State<AppState>, InRoom { caller: me, access }: InRoom<SignedIn>) -> Result<Redirect> {
    members::remove(&state, &access, &me.user).await?;
    Ok(Redirect::to("/rooms"))
}

#[derive(Deserialize)]
pub struct LevelForm {
    #[serde(default)]
    level: String,
    next: Option<String>,
}

pub async fn level(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<SignedIn>,
    Form(form): Form<LevelForm>,
) -> Result<Redirect> {
    state.store.set_level(&access, parse_level(&form.level)?).await?;
    Ok(to(form.next.as_deref(), access.room()))
}

#[derive(Deserialize)]
pub struct StarForm {
    starred: bool,
    next: Option<String>,
}

pub async fn star(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<SignedIn>,
    Form(form): Form<StarForm>,
) -> Result<Redirect> {
    state.store.set_starred(&access, form.starred).await?;
    Ok(to(form.next.as_deref(), access.room()))
}

#[derive(Deserialize)]
pub struct ReadForm {
    seq: u64,
    version: Option<u64>,
    next: Option<String>,
}

pub async fn read(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<SignedIn>,
    Form(ReadForm { seq, version, next }): Form<ReadForm>,
) -> Result<Redirect> {
    state.store.read(&access, Reading::Read { seq, version }).await?;
    Ok(to(next.as_deref(), access.room()))
}

#[derive(Deserialize)]
pub struct UnreadForm {
    /// The messages after it are unread.
    seq: u64,
}

/// Shows the list of rooms afterwards: the script of the room's page would mark what it shows as read again.
pub async fn unread(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<SignedIn>,
    Form(form): Form<UnreadForm>,
) -> Result<Redirect> {
    state.store.read(&access, Reading::Unread { seq: form.seq, version: None }).await?;
    Ok(Redirect::to("/rooms"))
}

/// The page's script shows the new numbers by itself: it gets no page.
pub async fn read_all(State(state): State<AppState>, me: SignedIn, headers: HeaderMap) -> Result<Response> {
    state.store.read_all(me.user.key).await?;
    Ok(match is_from_htmx(&headers) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => Redirect::to("/rooms").into_response(),
    })
}
