//! The chat page.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use super::{PAGE, fragments, post, switch};
use crate::{
    domain::{ClientId, RoomId, User},
    security::{
        Grant,
        sessions::{self, Lasting},
    },
    web::{AppState, Bearer, Error, Form, Nav, Query, Result, SignedIn},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/chat.html")]
struct ChatPage {
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
    session: Session,
    signed_in: Result<Option<SignedIn>, Error>,
    Query(query): Query<ChatQuery>,
) -> Result<Response> {
    let signed_in = signed_in?;
    let Some(token) = query.jwt.as_deref() else {
        return Ok(match signed_in {
            Some(me) => chat(&state, &me.user, query.before, false).await?.into_response(),
            None => Redirect::to("/login").into_response(),
        });
    };
    let mut response = by_token(&state, &session, signed_in, token, query.before).await.into_response();
    // the token is in this page's address, whatever the page shows: nothing may take it along
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

async fn by_token(
    state: &AppState,
    session: &Session,
    signed_in: Option<SignedIn>,
    token: &str,
    before: Option<u64>,
) -> Result<Response> {
    let bearer = Bearer::of(state, token).await?;
    Ok(match &signed_in {
        Some(me) if me.user.key != bearer.user.key => switch::ask(&me.user, &bearer.user, token),
        _ => {
            let present = signed_in.as_ref().map(|me| (me.grant, me.lasting));
            if is_better(present, &bearer.grant) {
                sessions::start(session, bearer.grant, Lasting::WhileTokenIsValid).await?;
            }
            chat(state, &bearer.user, before, true).await?.into_response()
        }
    })
}

/// Whether a token holds for longer than the session that the same user has.
fn is_better(present: Option<(Grant, Lasting)>, token: &Grant) -> bool {
    match present {
        None => true,
        Some((_, Lasting::Yes)) => false,
        Some((grant, Lasting::WhileTokenIsValid)) => token.expires() > grant.expires(),
    }
}

async fn chat(state: &AppState, me: &User, before: Option<u64>, token_in_address: bool) -> Result<ChatPage> {
    let page = state.store.page(&RoomId::lobby(), before, PAGE, None).await?;
    Ok(ChatPage {
        nav: Some(Nav::from(me)),
        user_id: me.user_id.to_string(),
        token_in_address,
        messages: fragments::page(&page, me.key)?,
        head: page.head,
        here: state.hub.lobby().here().inside,
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
