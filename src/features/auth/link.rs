//! Logging in with a link that an admin made, and the new password after it.

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
    domain::{Network, Timestamp, User},
    render::Language,
    security::{
        accounts::AccountEdit,
        sessions::{self, SessionLifetime},
    },
    web::{
        AppState, ClientAddr, Error, FieldTexts, Form, Query, Result, Shell, SignedIn, session::continue_as,
        sites::with_token, token_login::hide_token,
    },
};

/// How long after a login by a link the password can be set without the current one, in seconds.
const PASSWORD_SECS: i64 = 3600;

/// The page of a link. It has a form and does nothing by itself: programs open links to show a preview.
#[derive(Template, WebTemplate)]
#[template(path = "auth/link.html")]
struct LinkPage {
    shell: Shell,
    secret: String,
    /// `None`: the link is not valid.
    user: Option<User>,
    /// Who is signed in, if it is somebody else.
    current: Option<String>,
}

impl LinkPage {
    fn heading(&self) -> String {
        match &self.user {
            Some(user) => self.shell.with("link-heading", &[("name", user.name.as_str())]).into_owned(),
            None => self.shell.text("link-void").into_owned(),
        }
    }

    fn void(state: &AppState, language: Language, signed_in: Option<&SignedIn>) -> Response {
        let shell = Shell::new(state, language, signed_in.map(|me| &me.user));
        (StatusCode::GONE, Self { shell, secret: String::new(), user: None, current: None }).into_response()
    }
}

#[derive(Deserialize)]
pub struct LinkForm {
    #[serde(default)]
    token: String,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    signed_in: Option<SignedIn>,
    Query(LinkForm { token }): Query<LinkForm>,
) -> Result<Response> {
    let response = match state.logins.linked_user(&token).await? {
        None => LinkPage::void(&state, language, signed_in.as_ref()),
        Some(user) => {
            let me = signed_in.as_ref().map(|me| &me.user);
            let current = me.filter(|me| me.key != user.key).map(|me| me.name.to_string());
            let shell = Shell::new(&state, language, me);
            LinkPage { shell, secret: token, user: Some(user), current }.into_response()
        }
    };
    Ok(hide_token(response))
}

pub async fn submit(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    language: Language,
    signed_in: Option<SignedIn>,
    session: Session,
    Form(LinkForm { token }): Form<LinkForm>,
) -> Result<Response> {
    let Some(login) = state.logins.use_link(&token, Network::of(from)).await? else {
        return Ok(LinkPage::void(&state, language, signed_in.as_ref()));
    };
    let response = continue_as(&state, &session, login.grant, SessionLifetime::Renewable, "/login/password").await?;
    sessions::allow_new_password(&session, Timestamp::now().plus_secs(PASSWORD_SECS)).await?;
    Ok(response)
}

/// The form for a new password.
#[derive(Template, WebTemplate)]
#[template(path = "auth/password.html")]
struct PasswordPage {
    shell: Shell,
    user_id: String,
    fields: FieldTexts,
    alert: Option<String>,
}

impl PasswordPage {
    fn new(state: &AppState, language: Language, me: &SignedIn) -> Self {
        Self {
            shell: Shell::new(state, language, Some(&me.user)),
            user_id: me.user.user_id.to_string(),
            fields: FieldTexts::default(),
            alert: None,
        }
    }
}

/// Without a login by a link, the account page changes the password.
pub async fn show_password(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    session: Session,
) -> Result<Response> {
    match sessions::may_set_password(&session).await? {
        true => Ok(PasswordPage::new(&state, language, &me).into_response()),
        false => Ok(to_account(&state)),
    }
}

#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    password: SecretString,
}

/// Sets the password, which ends all other sessions and tokens of the user.
pub async fn submit_password(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Result<Response> {
    if !sessions::may_set_password(&session).await? {
        return Ok(to_account(&state));
    }
    let edit = AccountEdit { password: Some(form.password), ..AccountEdit::default() };
    match state.accounts.edit(&me.user, &edit).await {
        Ok(user) => {
            let login = state.logins.issue_login(user);
            let chat = with_token(&format!("{}/", state.settings.sites.chat), &login.token);
            continue_as(&state, &session, login.grant, SessionLifetime::Renewable, &chat).await
        }
        Err(error) => {
            let error = Error::from(error);
            let (fields, alert) = (error.field_texts(language), Some(error.alert(language)));
            Ok(error.on_page(PasswordPage { fields, alert, ..PasswordPage::new(&state, language, &me) }))
        }
    }
}

fn to_account(state: &AppState) -> Response {
    Redirect::to(&format!("{}/account", state.settings.sites.users)).into_response()
}
