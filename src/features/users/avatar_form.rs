//! The forms of the account page for the avatar.

use axum::{
    extract::{
        DefaultBodyLimit, Multipart, State,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, post},
};
use bytes::{Bytes, BytesMut};

use super::{
    account::AccountPage,
    avatar::{self, MAX_AVATAR_BYTES},
};
use crate::{
    domain::Phrase,
    render::Language,
    web::{AppState, Error, Result, SignedIn},
};

/// A browser reads no answer until it has sent its whole file, so a larger file is read to its end, up to this many times
/// [`MAX_AVATAR_BYTES`].
const READ_TO_END: usize = 4;

/// The route that takes a picture.
pub fn upload() -> MethodRouter<AppState> {
    post(submit).layer(DefaultBodyLimit::max(READ_TO_END * MAX_AVATAR_BYTES))
}

async fn submit(
    State(state): State<AppState>,
    language: Language,
    me: SignedIn,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response> {
    match avatar::change(&state, &me.user, &me.user, picture_of(form)).await {
        Ok(_) => Ok(Redirect::to("/account?saved=avatar").into_response()),
        Err(error) => Ok(AccountPage::read(&state, language, &me).await?.refused(error)),
    }
}

pub async fn remove(State(state): State<AppState>, me: SignedIn) -> Result<Redirect> {
    avatar::remove(&state, &me.user, &me.user).await?;
    Ok(Redirect::to("/account?saved=no-avatar"))
}

/// The file of the field `avatar`; empty if none was chosen.
async fn picture_of(form: Result<Multipart, MultipartRejection>) -> Result<Bytes> {
    let mut form = form.map_err(|rejection| Error::new(rejection.status(), Phrase::english(rejection.body_text())))?;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("avatar") {
            return read(field).await;
        }
    }
    Ok(Bytes::new())
}

async fn read(mut field: Field<'_>) -> Result<Bytes> {
    let (mut file, mut is_too_large) = (BytesMut::new(), false);
    while let Some(part) = field.chunk().await.map_err(unreadable)? {
        is_too_large |= file.len() + part.len() > MAX_AVATAR_BYTES;
        match is_too_large {
            true => file = BytesMut::new(),
            false => file.extend_from_slice(&part),
        }
    }
    if is_too_large { Err(avatar::too_large()) } else { Ok(file.freeze()) }
}

fn unreadable(error: MultipartError) -> Error {
    match error.status() {
        axum::http::StatusCode::PAYLOAD_TOO_LARGE => avatar::too_large(),
        status => Error::new(status, Phrase::english(error.body_text())),
    }
}
