//! `/`: the way into the chat. It leads to the room that the browser opened last.

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use super::page::{Part, RoomPage, View, last_room};
use crate::{
    domain::{RoomId, User},
    store::Access,
    web::{AppState, Bearer, Error, Query, Result, SignedIn, language, token_login, user_reads::ReadSlot},
};

#[derive(Deserialize)]
pub(super) struct HomeQuery {
    jwt: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    headers: HeaderMap,
    session: Session,
    Extension(slot): Extension<ReadSlot>,
    signed_in: Result<Option<SignedIn>, Error>,
    query: Result<Query<HomeQuery>, Error>,
) -> Response {
    // an error page, too, has an address with a token in it
    match open(&state, &headers, &session, &slot, signed_in, query).await {
        Ok(response) => response,
        Err(error) => token_login::hide_token(error.into_response()),
    }
}

async fn open(
    state: &AppState,
    headers: &HeaderMap,
    session: &Session,
    slot: &ReadSlot,
    signed_in: Result<Option<SignedIn>, Error>,
    query: Result<Query<HomeQuery>, Error>,
) -> Result<Response> {
    let (signed_in, Query(query)) = (signed_in?, query?);
    if let Some(token) = query.jwt.as_deref() {
        let page = by_token(state, headers, session, slot, signed_in, token).await;
        return Ok(token_login::hide_token(page.into_response()));
    }
    let Some(me) = signed_in else {
        return Ok(Redirect::to(&format!("{}/login", state.settings.sites.auth)).into_response());
    };
    let access = last_access(state, headers, &me.user).await?;
    Ok(Redirect::to(&format!("/rooms/{}", access.room().as_str())).into_response())
}

/// Shows the room at the address with the token. The page's script replaces the address.
async fn by_token(
    state: &AppState,
    headers: &HeaderMap,
    session: &Session,
    slot: &ReadSlot,
    signed_in: Option<SignedIn>,
    token: &str,
) -> Result<Response> {
    let Bearer { user, grant } = Bearer::of(state, token, Some(slot)).await?;
    if let Some(page) = token_login::confirmation(state, headers, signed_in.as_ref(), &user, token, "/") {
        return Ok(page);
    }
    token_login::start_session(session, signed_in.as_ref(), grant).await?;
    let access = last_access(state, headers, &user).await?;
    // the request had no session of this user
    let language = language::of(headers, state.settings.language, Some(&user));
    let mut page = RoomPage::read(state, language, &user, &access, View::Part(Part::default())).await?;
    page.token_in_address = true;
    Ok(page.into_response())
}

/// Access to the room that the browser opened last; to the lobby, if that does not exist for the user.
async fn last_access(state: &AppState, headers: &HeaderMap, user: &User) -> Result<Access> {
    if let Some(room) = last_room(headers)
        && let Some(access) = state.find_access(user, &room).await?
    {
        return Ok(access);
    }
    Ok(state.store.access(user, &RoomId::lobby()).await?)
}
