//! The account page: changing the own profile, settings and password, deleting the account.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    current_password::check_current_password, session_lifetime::session_lifetime, sessions::SessionLine,
    settings::SettingsForm,
};
use crate::{
    domain::{Network, User},
    render::{Avatar, Language},
    security::{accounts::AccountEdit, sessions},
    store::MessageRetention,
    web::{AppState, ClientAddr, Error, FieldTexts, Form, Query, Result, Shell, SignedIn, accounts::delete_account},
};

#[derive(Template, WebTemplate)]
#[template(path = "users/account.html")]
pub(super) struct AccountPage {
    shell: Shell,
    avatar: Avatar,
    user_id: String,
    name: String,
    email: String,
    phone: String,
    about: String,
    shows_last_seen: bool,
    settings: SettingsForm,
    sessions: Vec<SessionLine>,
    fields: FieldTexts,
    alert: Option<String>,
    /// The key of the text that confirms a change.
    saved: Option<&'static str>,
}

impl AccountPage {
    pub(super) async fn read(state: &AppState, language: Language, me: &SignedIn) -> Result<Self> {
        let user = &me.user;
        let shell = Shell::new(state, language, Some(user));
        Ok(Self {
            sessions: SessionLine::all(state, &shell, me).await?,
            shell,
            avatar: user.into(),
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            about: user.about.to_string(),
            shows_last_seen: user.shows_last_seen,
            settings: user.settings.into(),
            fields: FieldTexts::default(),
            alert: None,
            saved: None,
        })
    }

    fn has_other_sessions(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_current)
    }

    pub(super) fn refused(self, error: Error) -> Response {
        let language = self.shell.language;
        let page = Self { fields: error.field_texts(language), alert: Some(error.alert(language)), ..self };
        error.on_page(page)
    }
}

#[derive(Deserialize)]
pub struct AccountQuery {
    saved: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Query(query): Query<AccountQuery>,
) -> Result<Response> {
    let saved = match query.saved.as_deref() {
        Some("profile") => Some("account-profile-saved"),
        Some("avatar") => Some("avatar-saved"),
        Some("no-avatar") => Some("avatar-removed"),
        Some("settings") => Some("account-settings-saved"),
        Some("password") => Some("account-password-changed"),
        Some("session") => Some("session-ended"),
        Some("sessions") => Some("sessions-ended"),
        _ => None,
    };
    Ok(AccountPage { saved, ..AccountPage::read(&state, language, &me).await? }.into_response())
}

/// Changes the profile. The form's other fields, such as a role, are ignored.
pub async fn submit_profile(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Form(form): Form<AccountEdit>,
) -> Result<Response> {
    let text = |field: Option<String>| field.unwrap_or_default();
    let (name, email, phone, about) = (text(form.name), text(form.email), text(form.phone), text(form.about));
    // an empty checkbox is not sent
    let shows_last_seen = form.shows_last_seen.unwrap_or(false);
    let edit = AccountEdit {
        name: Some(name.clone()),
        email: Some(email.clone()),
        phone: Some(phone.clone()),
        about: Some(about.clone()),
        shows_last_seen: Some(shows_last_seen),
        ..AccountEdit::default()
    };
    match state.accounts.edit(&me.user, &edit).await {
        Ok(_) => Ok(Redirect::to("/account?saved=profile").into_response()),
        Err(error) => {
            let page = AccountPage::read(&state, language, &me).await?;
            Ok(AccountPage { name, email, phone, about, shows_last_seen, ..page }.refused(error.into()))
        }
    }
}

pub async fn submit_settings(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    Form(settings): Form<SettingsForm>,
) -> Result<Response> {
    match settings.edit().save(&state, &me.user).await {
        Ok(_) => Ok(Redirect::to("/account?saved=settings").into_response()),
        Err(error) => Ok(AccountPage { settings, ..AccountPage::read(&state, language, &me).await? }.refused(error)),
    }
}

/// Changes the password, which ends every session and token of the user but the one that asks.
pub async fn submit_password(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    language: Language,
    me: SignedIn,
    session: Session,
    Form(form): Form<AccountEdit>,
) -> Result<Response> {
    match change_password(&state, &me.user, form, Network::of(from)).await {
        Ok(user) => {
            // the change ended this session too: start it again
            let grant = state.logins.issue_login(user).grant;
            sessions::start(&session, grant, session_lifetime(&state.settings.sites)).await?;
            Ok(Redirect::to("/account?saved=password").into_response())
        }
        Err(error) => Ok(AccountPage::read(&state, language, &me).await?.refused(error)),
    }
}

async fn change_password(state: &AppState, user: &User, form: AccountEdit, from: Network) -> Result<User> {
    let current = form.current_password.unwrap_or_default();
    check_current_password(state, user, current, from, "currentPassword").await?;
    let edit = AccountEdit { password: Some(form.password.unwrap_or_default()), ..AccountEdit::default() };
    Ok(state.accounts.edit(user, &edit).await?)
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
    language: Language,
    me: SignedIn,
    session: Session,
    Form(form): Form<DeleteForm>,
) -> Result<Response> {
    let messages =
        if form.messages.as_deref() == Some("delete") { MessageRetention::Delete } else { MessageRetention::Keep };
    let deleted = async {
        check_current_password(&state, &me.user, form.password, Network::of(from), "deletePassword").await?;
        delete_account(&state, &me.user, &me.user, messages).await
    };
    match deleted.await {
        Ok(()) => {
            session.flush().await?;
            Ok(Redirect::to(&format!("{}/login", state.settings.sites.auth)).into_response())
        }
        Err(error) => Ok(AccountPage::read(&state, language, &me).await?.refused(error)),
    }
}
