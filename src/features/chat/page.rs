//! The chat page.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use super::{PAGE, fragments, post};
use crate::{
    domain::{ClientId, RoomId, User},
    web::{AppState, Bearer, Error, Form, Nav, Query, Result, SharedSites, SignedIn, arrival},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/chat.html")]
struct ChatPage {
    sites: SharedSites,
    nav: Option<Nav>,
    user_id: String,
    /// Whether the token stands in the address.
    token_in_address: bool,
    messages: String,
    /// The room's latest `rev` as of this page: the socket starts from here.
    head: u64,
    here: String,
    /// Whether this shows the end of the log, or an older part of it (without JavaScript).
    latest: bool,
    draft: String,
    client_id: String,
    alert: Option<String>,
}

#[derive(Deserialize)]
pub struct ChatQuery {
    jwt: Option<String>,
    before: Option<u64>,
}

pub async fn show(
    State(state): State<AppState>,
    headers: HeaderMap,
    session: Session,
    signed_in: Result<Option<SignedIn>, Error>,
    query: Result<Query<ChatQuery>, Error>,
) -> Response {
    // errors, too, stand at an address with a token in it
    match answer(&state, &headers, &session, signed_in, query).await {
        Ok(response) => response,
        Err(error) => arrival::hide_token(error.into_response()),
    }
}

async fn answer(
    state: &AppState,
    headers: &HeaderMap,
    session: &Session,
    signed_in: Result<Option<SignedIn>, Error>,
    query: Result<Query<ChatQuery>, Error>,
) -> Result<Response> {
    let (signed_in, Query(query)) = (signed_in?, query?);
    let Some(token) = query.jwt.as_deref() else {
        return Ok(match signed_in {
            Some(me) => chat(state, &me.user, query.before, false).await?.into_response(),
            None => Redirect::to(&format!("{}/login", state.settings.sites.auth)).into_response(),
        });
    };
    let page = by_token(state, headers, session, signed_in, token, query.before).await;
    Ok(arrival::hide_token(page.into_response()))
}

async fn by_token(
    state: &AppState,
    headers: &HeaderMap,
    session: &Session,
    signed_in: Option<SignedIn>,
    token: &str,
    before: Option<u64>,
) -> Result<Response> {
    let bearer = Bearer::of(state, token).await?;
    if let Some(page) = arrival::question(state, headers, signed_in.as_ref(), &bearer.user, token, "/") {
        return Ok(page);
    }
    arrival::admit(session, signed_in.as_ref(), bearer.grant).await?;
    Ok(chat(state, &bearer.user, before, true).await?.into_response())
}

async fn chat(state: &AppState, me: &User, before: Option<u64>, token_in_address: bool) -> Result<ChatPage> {
    let page = state.store.page(&RoomId::lobby(), before, PAGE, None).await?;
    Ok(ChatPage {
        sites: state.sites(),
        nav: Some(Nav::from(me)),
        user_id: me.user_id.to_string(),
        token_in_address,
        messages: fragments::page(&page, me.key)?,
        head: page.head,
        here: state.hub.lobby().roster().inside.clone(),
        latest: before.is_none(),
        draft: String::new(),
        client_id: ClientId::generate().as_str().to_owned(),
        alert: None,
    })
}

#[derive(Deserialize)]
pub struct MessageForm {
    #[serde(default)]
    message: String,
    #[serde(rename = "clientID", default)]
    client_id: String,
}

/// Sending without JavaScript: the page comes back, with the message in it or with what was typed.
pub async fn submit(State(state): State<AppState>, me: SignedIn, Form(form): Form<MessageForm>) -> Result<Response> {
    match post::post(&state, &me.user, &form.message, &form.client_id).await {
        Ok(_) => Ok(Redirect::to("/").into_response()),
        Err(error) if error.status == StatusCode::UNAUTHORIZED => Err(error),
        Err(error) => {
            let why = error.fields.get("message");
            let alert = if why.is_empty() { error.message.clone() } else { why.to_owned() };
            let page = chat(&state, &me.user, None, false).await?;
            Ok(error.on_page(ChatPage { draft: form.message, alert: Some(alert), ..page }))
        }
    }
}
