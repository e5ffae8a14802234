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

use super::{
    change::{self, Draft},
    fragments::{self, PAGE},
};
use crate::{
    domain::{ClientId, RoomId, User},
    render::Language,
    web::{AppState, Bearer, Error, Form, InRoom, Query, Result, Shell, SignedIn, token_login},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/chat.html")]
struct ChatPage {
    shell: Shell,
    room: String,
    /// Whether the address contains a token.
    token_in_address: bool,
    messages: String,
    /// The room's latest `rev` on this page. The socket continues after it.
    head: u64,
    roster: String,
    /// Whether this is the end of the log, or an older part of it (without JavaScript).
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
    language: Language,
    headers: HeaderMap,
    session: Session,
    signed_in: Result<Option<SignedIn>, Error>,
    query: Result<Query<ChatQuery>, Error>,
) -> Response {
    // an error page, too, has an address with a token in it
    match open(&state, language, &headers, &session, signed_in, query).await {
        Ok(response) => response,
        Err(error) => token_login::hide_token(error.into_response()),
    }
}

async fn open(
    state: &AppState,
    language: Language,
    headers: &HeaderMap,
    session: &Session,
    signed_in: Result<Option<SignedIn>, Error>,
    query: Result<Query<ChatQuery>, Error>,
) -> Result<Response> {
    let (signed_in, Query(query)) = (signed_in?, query?);
    let Some(token) = query.jwt.as_deref() else {
        return Ok(match signed_in {
            Some(me) => chat(state, language, &me.user, query.before, false).await?.into_response(),
            None => Redirect::to(&format!("{}/login", state.settings.sites.auth)).into_response(),
        });
    };
    let page = by_token(state, language, headers, session, signed_in, token, query.before).await;
    Ok(token_login::hide_token(page.into_response()))
}

async fn by_token(
    state: &AppState,
    language: Language,
    headers: &HeaderMap,
    session: &Session,
    signed_in: Option<SignedIn>,
    token: &str,
    before: Option<u64>,
) -> Result<Response> {
    let bearer = Bearer::of(state, token).await?;
    if let Some(page) = token_login::confirmation(state, headers, signed_in.as_ref(), &bearer.user, token, "/") {
        return Ok(page);
    }
    token_login::start_session(session, signed_in.as_ref(), bearer.grant).await?;
    Ok(chat(state, language, &bearer.user, before, true).await?.into_response())
}

async fn chat(
    state: &AppState,
    language: Language,
    me: &User,
    before: Option<u64>,
    token_in_address: bool,
) -> Result<ChatPage> {
    let access = state.store.access(me, &RoomId::lobby()).await?;
    let page = state.store.before(&access, before, PAGE, None).await?;
    Ok(ChatPage {
        shell: Shell::in_room(state, language, me, Some(access.room())).await?,
        room: access.room().as_str().to_owned(),
        token_in_address,
        messages: fragments::page(state, &access, &page, language).await?,
        head: page.head,
        roster: state.hub().roster().inside.get(language).clone(),
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

/// Sends a message without JavaScript. The response is the page with the message in it, or with the text still in the
/// form and the reason.
pub async fn submit(
    State(state): State<AppState>,
    language: Language,
    InRoom { caller: me, access }: InRoom<SignedIn>,
    Form(form): Form<MessageForm>,
) -> Result<Response> {
    let draft = Draft { message: &form.message, client_id: &form.client_id, reply_to: None };
    match change::post(&state, &access, draft).await {
        Ok(_) => Ok(Redirect::to("/").into_response()),
        Err(error) if error.status == StatusCode::UNAUTHORIZED => Err(error),
        Err(error) => {
            let reason = error.fields.get("message").map(|reason| language.phrase(reason));
            let alert = reason.unwrap_or_else(|| error.summary(language)).into_owned();
            let page = chat(&state, language, &me.user, None, false).await?;
            Ok(error.on_page(ChatPage { draft: form.message, alert: Some(alert), ..page }))
        }
    }
}
