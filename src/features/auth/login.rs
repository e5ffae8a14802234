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
    security::sessions::{self, Lasting},
    web::{AppState, ClientAddr, Error, Form, Nav, Query, Result, SignedIn, page::local_path},
};

#[derive(Template, WebTemplate)]
#[template(path = "auth/login.html")]
struct LoginPage {
    nav: Option<Nav>,
    user_id: String,
    next: Option<String>,
    alert: Option<String>,
    signup_open: bool,
}

#[derive(Deserialize)]
pub struct LoginQuery {
    next: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    signed_in: Option<SignedIn>,
    Query(query): Query<LoginQuery>,
) -> Response {
    let next = local_path(query.next.as_deref());
    if signed_in.is_some() {
        return Redirect::to(next.unwrap_or("/")).into_response();
    }
    let next = next.map(str::to_owned);
    let signup_open = state.settings.signup_open;
    LoginPage { nav: None, user_id: String::new(), next, alert: None, signup_open }.into_response()
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
    session: Session,
    Form(form): Form<LoginForm>,
) -> Result<Response> {
    let next = local_path(form.next.as_deref());
    match state.logins.login(&form.user_id, form.password, from).await {
        Ok(login) => {
            sessions::start(&session, login.grant, Lasting::Yes).await?;
            let chat = format!("/?jwt={}", login.token);
            Ok(Redirect::to(next.unwrap_or(&chat)).into_response())
        }
        Err(error) => {
            let error = Error::from(error);
            let page = LoginPage {
                nav: None,
                user_id: form.user_id,
                next: next.map(str::to_owned),
                alert: Some(error.message.clone()),
                signup_open: state.settings.signup_open,
            };
            Ok(error.on_page(page))
        }
    }
}
