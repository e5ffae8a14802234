//! The sign-up page. It calls the login service and continues to the chat.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower_sessions::Session;

use super::session_lifetime::session_lifetime;
use crate::{
    domain::Network,
    render::Language,
    security::{accounts::NewAccount, login::Login},
    web::{
        AppState, ClientAddr, Error, FieldTexts, Form, Result, Shell, SignedIn, session::continue_as, sites::with_token,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "users/signup.html")]
struct SignupPage {
    shell: Shell,
    form: NewAccount,
    fields: FieldTexts,
    alert: Option<String>,
    open: bool,
    /// Whether nobody has an account.
    is_first: bool,
}

impl SignupPage {
    fn new(state: &AppState, language: Language, signed_in: Option<&SignedIn>) -> Self {
        Self {
            shell: Shell::new(state, language, signed_in.map(|me| &me.user)),
            form: NewAccount::default(),
            fields: FieldTexts::default(),
            alert: None,
            open: state.settings.signup_open,
            is_first: false,
        }
    }
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    signed_in: Option<SignedIn>,
) -> Result<impl IntoResponse> {
    let is_first = state.store.users_after(None, 1).await?.is_empty();
    let page = SignupPage { is_first, ..SignupPage::new(&state, language, signed_in.as_ref()) };
    Ok((if page.open { StatusCode::OK } else { StatusCode::FORBIDDEN }, page))
}

pub async fn submit(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    language: Language,
    signed_in: Option<SignedIn>,
    session: Session,
    Form(form): Form<NewAccount>,
) -> Result<Response> {
    match sign_up(&state, Network::of(from), &form).await {
        Ok(login) => {
            let chat = with_token(&format!("{}/", state.settings.sites.chat), &login.token);
            continue_as(&state, &session, login.grant, session_lifetime(&state.settings.sites), &chat).await
        }
        Err(error) => {
            let page = SignupPage {
                form,
                fields: error.field_texts(language),
                alert: Some(error.alert(language)),
                ..SignupPage::new(&state, language, signed_in.as_ref())
            };
            Ok(error.on_page(page))
        }
    }
}

async fn sign_up(state: &AppState, from: Network, form: &NewAccount) -> Result<Login> {
    if !state.settings.signup_open {
        return Err(Error::forbidden("sign-up-closed"));
    }
    state.logins.limits.sign_up(from)?;
    let user = state.accounts.create(form, None).await?;
    state.logins.record_network(&user, from).await;
    Ok(state.logins.issue_login(user))
}
