//! The auth server: checks passwords, gives tokens and sessions.

mod api;
mod link;
mod login;
mod logout;

use axum::routing::{get, post};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::login))
        .route("/login", get(login::show).post(login::submit))
        .route("/login/link", get(link::show).post(link::submit))
        .route("/login/password", get(link::show_password).post(link::submit_password))
}

/// The route for logging out, on every server.
pub fn logout() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/logout", post(logout::submit))
}
