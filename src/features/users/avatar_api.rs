//! Avatars in the API, and their pictures.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::{
    api::check_may_change,
    avatar::{self, MAX_AVATAR_BYTES},
};
use crate::{
    domain::{FileId, FileKind, Phrase},
    web::{AppState, Bearer, Error, Path, Result, SignedIn},
};

/// The routes that change an avatar.
pub fn changes() -> UtoipaMethodRouter<AppState> {
    routes!(put, delete).layer(DefaultBodyLimit::max(MAX_AVATAR_BYTES))
}

/// The pictures. Every server has them: a browser asks the one that its page is from.
pub fn pictures() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/avatars/{avatar}", get(show))
}

#[derive(Serialize, ToSchema)]
pub struct AvatarResponse {
    /// The address of the new avatar.
    avatar: String,
}

/// Give a user an avatar: yourself, or anybody as an admin. It is the square in the middle of the picture, at most 512 pixels
/// wide, without what else is in the file.
#[utoipa::path(
    put, path = "/api/users/{userID}/avatar", operation_id = "put_avatar", tag = "users",
    params(("userID" = String, Path)), security(("jwt" = [])),
    request_body(
        content = Vec<u8>, content_type = "application/octet-stream",
        description = "A PNG, JPEG, GIF or WebP of at most 10 MiB, and 12,000 pixels a side"
    ),
    responses(
        (status = 200, body = AvatarResponse),
        (status = 403, description = "Only the user and admins may"),
        (status = 404, description = "There is no such user, or the account is disabled"),
        (status = 413, description = "The picture is too large"),
        (status = 422, description = "It is no picture that can be read"),
    )
)]
pub async fn put(
    State(state): State<AppState>,
    bearer: Bearer,
    Path(user_id): Path<String>,
    request: Request,
) -> Result<axum::Json<AvatarResponse>> {
    let user = state.find_user(&user_id).await?;
    check_may_change(&bearer.user, &user)?;
    let file = async {
        Bytes::from_request(request, &state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => avatar::too_large(),
            status => Error::new(status, Phrase::english(rejection.body_text())),
        })
    };
    let user = avatar::change(&state, &bearer.user, &user, file).await?;
    Ok(axum::Json(AvatarResponse { avatar: user.avatar.map(avatar::address).unwrap_or_default() }))
}

/// Remove a user's avatar: your own, or anybody's as an admin. Initials take its place.
#[utoipa::path(
    delete, path = "/api/users/{userID}/avatar", operation_id = "delete_avatar", tag = "users",
    params(("userID" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The user has no avatar any more"),
        (status = 403, description = "Only the user and admins may"),
        (status = 404, description = "There is no such user"),
    )
)]
pub async fn delete(State(state): State<AppState>, bearer: Bearer, Path(user_id): Path<String>) -> Result<StatusCode> {
    let user = state.find_user(&user_id).await?;
    check_may_change(&bearer.user, &user)?;
    avatar::remove(&state, &bearer.user, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The picture of an avatar, for every user. It never changes: another picture has another address.
async fn show(
    State(state): State<AppState>,
    bearer: Option<Bearer>,
    session: Option<SignedIn>,
    Path(id): Path<String>,
) -> Result<Response> {
    if bearer.is_none() && session.is_none() {
        return Err(Error::new(StatusCode::UNAUTHORIZED, Phrase::new("signed-out")));
    }
    let no_such_avatar = || Error::not_found("no-such-page");
    let id = FileId::parse(&id).ok_or_else(no_such_avatar)?;
    let object = state.store.avatar(id).await?.ok_or_else(no_such_avatar)?;
    let picture = object.whole().await.map_err(|error| match error {
        // it was replaced just now
        crate::store::Error::NotFound => no_such_avatar(),
        error => error.into(),
    })?;
    let headers = [
        (header::CONTENT_TYPE, FileKind::sniff(&picture).media_type()),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    Ok((headers, picture).into_response())
}
