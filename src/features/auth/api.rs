//! The login API.

use axum::extract::State;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{Network, User},
    security::tokens,
    web::{AppState, ClientAddr, Json, Result},
};

/// Any strings: one that cannot be a userID or a password does not match.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    #[serde(rename = "userID")]
    user_id: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

#[derive(Serialize, ToSchema)]
pub struct LoginResponse {
    /// Send it as `Authorization: Bearer`; open the chat page at `/?jwt=`, the socket at `/ws?jwt=`.
    #[serde(rename = "jwtToken")]
    jwt_token: String,
    /// Seconds until the token expires.
    #[serde(rename = "expiresIn")]
    expires_in: i64,
    user: LoggedIn,
}

#[derive(Serialize, ToSchema)]
pub struct LoggedIn {
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    /// `member` or `admin`.
    role: &'static str,
}

impl From<&User> for LoggedIn {
    fn from(user: &User) -> Self {
        Self { user_id: user.user_id.to_string(), name: user.name.to_string(), role: user.role.as_str() }
    }
}

/// Exchange a password for a token.
#[utoipa::path(
    post, path = "/api/login", tag = "auth", request_body = LoginRequest,
    responses(
        (status = 200, description = "A token, valid for an hour", body = LoginResponse),
        (status = 401, description = "Wrong password or unknown user"),
        (status = 403, description = "An admin has disabled the account, or the request came from a page of another site"),
        (status = 429, description = "Too many attempts; Retry-After says how long to wait"),
        (status = 503, description = "Too many logins at once; Retry-After says how long to wait"),
    )
)]
pub async fn login(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    Json(request): Json<LoginRequest>,
) -> Result<axum::Json<LoginResponse>> {
    let login = state.logins.login(&request.user_id, request.password, Network::of(from)).await?;
    Ok(axum::Json(LoginResponse {
        jwt_token: login.token,
        expires_in: tokens::LIFETIME,
        user: LoggedIn::from(&login.user),
    }))
}
