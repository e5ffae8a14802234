//! The changes that the admin's page makes to users.

use axum::{
    Extension,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{
    acts,
    table::{Editing, UsersPage, View},
};
use crate::{
    domain::{Fields, Phrase},
    render::Language,
    security::accounts::{AccountEdit, NewAccount},
    store::MessageRetention,
    web::{Admin, AppState, Error, Form, IsHttps, Path, Query, Result, accounts::delete_account},
};

pub async fn create(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Query(view): Query<View>,
    Form(form): Form<NewAccount>,
) -> Result<Response> {
    match state.accounts.create_by_admin(&admin.0.user, &form).await {
        Ok(_) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => {
            let page = UsersPage::load(&state, language, &admin, view).await?;
            Ok(page.refused(error.into(), None, Some(form)))
        }
    }
}

pub async fn edit(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
    Form(form): Form<AccountEdit>,
) -> Result<Response> {
    let user = state.find_user(&user_id).await?;
    // an empty password field leaves the password as it is
    let password = form.password.filter(|password| !password.expose_secret().is_empty());
    let edit = AccountEdit { password, ..form };
    let edited = if user.key == admin.0.user.key && edit.password.is_some() {
        Err(Error::invalid(Fields::one("password", Phrase::new("own-password"))))
    } else {
        state.accounts.edit_by_admin(&admin.0.user, &user, &edit).await.map_err(Error::from)
    };
    match edited {
        Ok(_) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => {
            let editing = Editing { user_id: user.user_id.to_string(), edit };
            Ok(UsersPage::load(&state, language, &admin, view).await?.refused(error, Some(editing), None))
        }
    }
}

#[derive(Deserialize)]
pub struct DeleteForm {
    messages: Option<String>,
}

pub async fn delete(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
    Form(form): Form<DeleteForm>,
) -> Result<Response> {
    let user = state.find_user(&user_id).await?;
    let messages =
        if form.messages.as_deref() == Some("delete") { MessageRetention::Delete } else { MessageRetention::Keep };
    match delete_account(&state, &admin.0.user, &user, messages).await {
        Ok(()) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => Ok(UsersPage::load(&state, language, &admin, view).await?.refused(error, None, None)),
    }
}

pub async fn disable(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
) -> Result<Response> {
    let user = state.find_user(&user_id).await?;
    match acts::set_disabled(&state, &admin.0.user, &user, true).await {
        Ok(()) => Ok(Redirect::to(&view.done("disabled", &user)).into_response()),
        Err(error) => Ok(UsersPage::load(&state, language, &admin, view).await?.refused(error, None, None)),
    }
}

pub async fn enable(
    State(state): State<AppState>,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
) -> Result<Redirect> {
    let user = state.find_user(&user_id).await?;
    acts::set_disabled(&state, &admin.0.user, &user, false).await?;
    Ok(Redirect::to(&view.done("enabled", &user)))
}

pub async fn log_out(
    State(state): State<AppState>,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
) -> Result<Redirect> {
    let user = state.find_user(&user_id).await?;
    acts::log_out(&state, &admin.0.user, &user).await?;
    Ok(Redirect::to(&view.done("logged-out", &user)))
}

/// Makes a login link. The answer shows it, and nothing else does.
pub async fn make_link(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Extension(is_https): Extension<IsHttps>,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
    headers: HeaderMap,
) -> Result<Response> {
    let user = state.find_user(&user_id).await?;
    let made = acts::make_link(&state, &headers, is_https, &admin.0.user, &user).await;
    let page = UsersPage::load(&state, language, &admin, view).await?;
    match made {
        Ok(link) => Ok(page.with_link(&user, link).into_response()),
        Err(error) => Ok(page.refused(error, None, None)),
    }
}
