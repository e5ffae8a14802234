//! One's own account: profile, password, deleting it.

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
    domain::{Fields, Network, User},
    security::{accounts::AccountEdit, login::LoginError, sessions},
    store::MessageRetention,
    web::{AppState, ClientAddr, Error, Form, Nav, Query, Result, SharedSites, SignedIn},
};

#[derive(Template, WebTemplate)]
#[template(path = "users/account.html")]
struct AccountPage {
    sites: SharedSites,
    nav: Option<Nav>,
    user_id: String,
    name: String,
    email: String,
    phone: String,
    fields: Fields,
    alert: Option<String>,
    saved: Option<&'static str>,
}

impl AccountPage {
    fn of(state: &AppState, user: &User) -> Self {
        Self {
            sites: state.sites(),
            nav: Some(Nav::from(user)),
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            fields: Fields::default(),
            alert: None,
            saved: None,
        }
    }

    fn refused(self, error: Error) -> Response {
        let page = Self { fields: error.fields.clone(), alert: Some(error.message.clone()), ..self };
        error.on_page(page)
    }
}

#[derive(Deserialize)]
pub struct AccountQuery {
    saved: Option<String>,
}

pub async fn show(State(state): State<AppState>, me: SignedIn, Query(query): Query<AccountQuery>) -> Response {
    let saved = match query.saved.as_deref() {
        Some("profile") => Some("Your profile is saved."),
        Some("password") => Some("Your password is changed. Every other browser and token of yours is signed out."),
        _ => None,
    };
    AccountPage { saved, ..AccountPage::of(&state, &me.user) }.into_response()
}

#[derive(Deserialize)]
pub struct ProfileForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
}

pub async fn submit_profile(State(state): State<AppState>, me: SignedIn, Form(form): Form<ProfileForm>) -> Response {
    let ProfileForm { name, email, phone } = form;
    let edit = AccountEdit {
        name: Some(name.clone()),
        email: Some(email.clone()),
        phone: Some(phone.clone()),
        ..AccountEdit::default()
    };
    match state.accounts.edit(&me.user, &edit).await {
        Ok(_) => Redirect::to("/account?saved=profile").into_response(),
        Err(error) => AccountPage { name, email, phone, ..AccountPage::of(&state, &me.user) }.refused(error.into()),
    }
}

#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(rename = "currentPassword", default)]
    current: SecretString,
    #[serde(default)]
    password: SecretString,
}

pub async fn submit_password(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    me: SignedIn,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Result<Response> {
    match change_password(&state, &me.user, form, Network::of(from)).await {
        Ok(user) => {
            // the change voided this browser's session too; whoever made it stays
            let grant = state.logins.issue_login(user).grant;
            sessions::start(&session, grant, super::lifetime(&state.settings.sites)).await?;
            Ok(Redirect::to("/account?saved=password").into_response())
        }
        Err(error) => Ok(AccountPage::of(&state, &me.user).refused(error)),
    }
}

async fn change_password(state: &AppState, user: &User, form: PasswordForm, from: Network) -> Result<User> {
    state.logins.confirm(user, form.current, from).await.map_err(|error| not_yours(error, "currentPassword"))?;
    let edit = AccountEdit { password: Some(form.password), ..AccountEdit::default() };
    Ok(state.accounts.edit(user, &edit).await?)
}

/// A wrong password where somebody is asked for their own: a fault of the field, not of the session.
pub(super) fn not_yours(error: LoginError, field: &str) -> Error {
    match error {
        LoginError::WrongPassword => Error::invalid(Fields::one(field, "This is not your present password.")),
        other => other.into(),
    }
}

#[derive(Deserialize)]
pub struct DeleteForm {
    #[serde(rename = "deletePassword", default)]
    password: SecretString,
    messages: Option<String>,
}

pub async fn submit_delete(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    me: SignedIn,
    session: Session,
    Form(form): Form<DeleteForm>,
) -> Result<Response> {
    let messages =
        if form.messages.as_deref() == Some("delete") { MessageRetention::Delete } else { MessageRetention::Keep };
    let deleted = async {
        let confirmed = state.logins.confirm(&me.user, form.password, Network::of(from)).await;
        confirmed.map_err(|error| not_yours(error, "deletePassword"))?;
        Ok(state.store.delete_user(me.user.key, messages).await?)
    };
    match deleted.await {
        Ok(()) => {
            session.flush().await?;
            Ok(Redirect::to(&format!("{}/login", state.settings.sites.auth)).into_response())
        }
        Err(error) => Ok(AccountPage::of(&state, &me.user).refused(error)),
    }
}
