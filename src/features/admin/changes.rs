//! The changes that the admin's page makes: creating, editing and deleting users.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::table::{Editing, UsersPage, View};
use crate::{
    domain::{Fields, Phrase, Role},
    render::Language,
    security::accounts::{AccountEdit, NewAccount},
    store::MessageRetention,
    web::{Admin, AppState, Error, Form, Path, Query, Result},
};

pub async fn create(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Query(view): Query<View>,
    Form(form): Form<NewAccount>,
) -> Result<Response> {
    match state.accounts.create(&form, Some(Role::Member)).await {
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
        state.accounts.edit(&user, &edit).await.map_err(Error::from)
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
    match state.store.delete_user(user.key, messages).await {
        Ok(()) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => Ok(UsersPage::load(&state, language, &admin, view).await?.refused(error.into(), None, None)),
    }
}
