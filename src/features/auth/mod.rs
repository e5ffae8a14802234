//! The auth server: passwords in, tokens and sessions out.

mod api;
mod login;
mod logout;

use axum::routing::{get, post};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::login))
        .route("/login", get(login::show).post(login::submit))
        .route("/logout", post(logout::submit))
}
