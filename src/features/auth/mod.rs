//! The auth server: passwords in, tokens and sessions out.

mod api;
mod login;
mod logout;

use axum::routing::{get, post};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(api::login)).route("/login", get(login::show).post(login::submit))
}

/// Logging out, which every server does.
pub fn logout() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/logout", post(logout::submit))
}
