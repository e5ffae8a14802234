//! The sign-up page. It calls the login service and goes straight on to the chat.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    domain::{Fields, Network},
    security::{accounts::NewAccount, login::Login, sessions},
    web::{AppState, ClientAddr, Error, Form, Nav, Result, SharedSites, SignedIn, sites::with_token},
};

#[derive(Template, WebTemplate)]
#[template(path = "users/signup.html")]
struct SignupPage {
    sites: SharedSites,
    nav: Option<Nav>,
    form: NewAccount,
    fields: Fields,
    alert: Option<String>,
    open: bool,
}

pub async fn show(State(state): State<AppState>, signed_in: Option<SignedIn>) -> Response {
    let open = state.settings.signup_open;
    let (sites, form, fields) = (state.sites(), NewAccount::default(), Fields::default());
    let nav = signed_in.map(|me| Nav::from(&me.user));
    let page = SignupPage { sites, nav, form, fields, alert: None, open };
    (if open { StatusCode::OK } else { StatusCode::FORBIDDEN }, page).into_response()
}

#[derive(Deserialize)]
pub struct SignupForm {
    #[serde(rename = "userID", default)]
    user_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    password: SecretString,
}

pub async fn submit(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    signed_in: Option<SignedIn>,
    session: Session,
    Form(form): Form<SignupForm>,
) -> Result<Response> {
    let SignupForm { user_id, name, email, phone, password } = form;
    let form = NewAccount { user_id, name, email, phone, password };
    match sign_up(&state, Network::of(from), &form).await {
        Ok(login) => {
            state.logins.revoke_others(&sessions::grants(&session).await?, &login.grant).await?;
            sessions::start(&session, login.grant, super::lifetime(&state.settings.sites)).await?;
            Ok(Redirect::to(&with_token(&format!("{}/", state.settings.sites.chat), &login.token)).into_response())
        }
        Err(error) => {
            let page = SignupPage {
                sites: state.sites(),
                nav: signed_in.map(|me| Nav::from(&me.user)),
                form,
                fields: error.fields.clone(),
                alert: Some(error.message.clone()),
                open: state.settings.signup_open,
            };
            Ok(error.on_page(page))
        }
    }
}

async fn sign_up(state: &AppState, from: Network, form: &NewAccount) -> Result<Login> {
    if !state.settings.signup_open {
        return Err(Error::forbidden("Signing up is closed here. Ask an admin for an account."));
    }
    state.logins.limits.sign_up(from)?;
    let user = state.accounts.create(form, None).await?;
    state.logins.record_network(&user, from).await;
    Ok(state.logins.issue_login(user))
}
