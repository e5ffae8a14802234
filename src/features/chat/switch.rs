//! A link that carries somebody else's token than the one signed in asks before it switches: otherwise
//! anybody could, with a link, have people write under an account that is not theirs.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    domain::User,
    security::sessions::{self, Lasting},
    web::{AppState, Bearer, Form, Nav, Result, SignedIn},
};

#[derive(Template, WebTemplate)]
#[template(path = "chat/switch.html")]
struct SwitchPage {
    nav: Option<Nav>,
    present: String,
    other: String,
    token: String,
}

pub(super) fn ask(present: &User, other: &User, token: &str) -> Response {
    let page = SwitchPage {
        nav: None,
        present: present.name.to_string(),
        other: other.name.to_string(),
        token: token.to_owned(),
    };
    page.into_response()
}

#[derive(Deserialize)]
pub struct SwitchForm {
    jwt: String,
}

/// Signs the present user out, everywhere in this browser, and the token's in.
pub async fn submit(
    State(state): State<AppState>,
    signed_in: Option<SignedIn>,
    session: Session,
    Form(form): Form<SwitchForm>,
) -> Result<Response> {
    let bearer = Bearer::of(&state, &form.jwt).await?;
    if let Some(signed_in) = signed_in {
        state.logins.revoke(&signed_in.grant).await?;
    }
    sessions::start(&session, bearer.grant, Lasting::WhileTokenIsValid).await?;
    Ok(Redirect::to("/").into_response())
}
