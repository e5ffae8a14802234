//! The login page.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    domain::Network,
    render::Language,
    security::sessions::SessionLifetime,
    web::{AppState, ClientAddr, Error, Form, Query, Result, Shell, SignedIn, session::continue_as, sites::with_token},
};

#[derive(Template, WebTemplate)]
#[template(path = "auth/login.html")]
struct LoginPage {
    shell: Shell,
    user_id: String,
    next: Option<String>,
    alert: Option<String>,
    signup_open: bool,
    /// Whether nobody has an account.
    is_first_start: bool,
}

#[derive(Deserialize)]
pub struct LoginQuery {
    next: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    signed_in: Option<SignedIn>,
    Query(query): Query<LoginQuery>,
) -> Result<Response> {
    let sites = state.sites();
    let next = sites.next(query.next.as_deref());
    if let Some(me) = signed_in {
        let next = next.unwrap_or_else(|| format!("{}/", sites.chat));
        if !sites.leaves_auth(&next) {
            return Ok(Redirect::to(&next).into_response());
        }
        let token = state.logins.token_for_other_server(&me.user, &me.grant, me.lifetime);
        return Ok(Redirect::to(&with_token(&next, &token)).into_response());
    }
    let signup_open = state.settings.signup_open;
    let is_first_start = signup_open && state.store.users_after(None, 1).await?.is_empty();
    let shell = Shell::new(&state, language, None);
    let page = LoginPage { shell, user_id: String::new(), next, alert: None, signup_open, is_first_start };
    Ok(page.into_response())
}

#[derive(Deserialize)]
pub struct LoginForm {
    #[serde(rename = "userID", default)]
    user_id: String,
    #[serde(default)]
    password: SecretString,
    next: Option<String>,
}

pub async fn submit(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    language: Language,
    signed_in: Option<SignedIn>,
    session: Session,
    Form(form): Form<LoginForm>,
) -> Result<Response> {
    let sites = state.sites();
    let next = sites.next(form.next.as_deref());
    match state.logins.login(&form.user_id, form.password, Network::of(from)).await {
        Ok(login) => {
            let login = state.logins.keep_token_id(login, signed_in.as_ref().map(|me| &me.grant));
            let to = match next {
                Some(next) if sites.leaves_auth(&next) => with_token(&next, &login.token),
                Some(next) => next,
                None => with_token(&format!("{}/", sites.chat), &login.token),
            };
            continue_as(&state, &session, login.grant, SessionLifetime::Renewable, &to).await
        }
        Err(error) => {
            let error = Error::from(error);
            let page = LoginPage {
                shell: Shell::new(&state, language, signed_in.as_ref().map(|me| &me.user)),
                user_id: form.user_id,
                next,
                alert: Some(error.alert(language)),
                signup_open: state.settings.signup_open,
                is_first_start: false,
            };
            Ok(error.on_page(page))
        }
    }
}
