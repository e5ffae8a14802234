//! What the admin's page does.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::table::{Editing, UsersPage, View};
use crate::{
    domain::{Fields, Role, User, UserId},
    security::accounts::{AccountEdit, NewAccount},
    store::MessageRetention,
    web::{Admin, AppState, Error, Form, Path, Query, Result},
};

#[derive(Deserialize)]
pub struct UserForm {
    #[serde(rename = "userID", default)]
    user_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    role: Option<String>,
    #[serde(default)]
    password: SecretString,
}

pub async fn create(
    State(state): State<AppState>,
    admin: Admin,
    Query(view): Query<View>,
    Form(form): Form<UserForm>,
) -> Result<Response> {
    let UserForm { user_id, name, email, phone, password, .. } = form;
    let form = NewAccount { user_id, name, email, phone, password };
    match state.accounts.create(&form, Some(Role::Member)).await {
        Ok(_) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => {
            let error = Error::from(error);
            let page = UsersPage::load(&state, &admin, view).await?.refused(&error, None, Some(form));
            Ok(error.on_page(page))
        }
    }
}

pub async fn edit(
    State(state): State<AppState>,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
    Form(form): Form<UserForm>,
) -> Result<Response> {
    let user = find(&state, &user_id).await?;
    let edit = AccountEdit {
        name: Some(form.name),
        email: Some(form.email),
        phone: Some(form.phone),
        role: form.role,
        // left empty, the password stays
        password: Some(form.password).filter(|password| !password.expose_secret().is_empty()),
    };
    let edited = if user.key == admin.0.user.key && edit.password.is_some() {
        let why = "Change your own under Account, which asks for the present one.";
        Err(Error::invalid(Fields::one("password", why)))
    } else {
        state.accounts.edit(&user, &edit).await.map_err(Error::from)
    };
    match edited {
        Ok(_) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => {
            let editing = Editing { user_id: user.user_id.to_string(), edit };
            Ok(error.clone().on_page(UsersPage::load(&state, &admin, view).await?.refused(&error, Some(editing), None)))
        }
    }
}

#[derive(Deserialize)]
pub struct DeleteForm {
    messages: Option<String>,
}

pub async fn delete(
    State(state): State<AppState>,
    admin: Admin,
    Path(user_id): Path<String>,
    Query(view): Query<View>,
    Form(form): Form<DeleteForm>,
) -> Result<Response> {
    let user = find(&state, &user_id).await?;
    let messages =
        if form.messages.as_deref() == Some("delete") { MessageRetention::Delete } else { MessageRetention::Keep };
    match state.store.delete_user(user.key, messages).await {
        Ok(()) => Ok(Redirect::to(&view.plain()).into_response()),
        Err(error) => {
            let error = Error::from(error);
            Ok(error.clone().on_page(UsersPage::load(&state, &admin, view).await?.refused(&error, None, None)))
        }
    }
}

async fn find(state: &AppState, user_id: &str) -> Result<User> {
    let id = UserId::parse(user_id).map_err(|_| Error::not_found("user"))?;
    state.store.user(&id).await?.ok_or_else(|| Error::not_found("user"))
}
