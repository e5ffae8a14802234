//! The chat server: the page, the socket, and the log as fragments and as JSON.

mod api;
mod closing;
mod fragments;
mod frames;
mod page;
mod post;
mod socket;

use axum::{extract::DefaultBodyLimit, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

/// Largest form body, in bytes. It is larger than any message, so that a text that is far too long comes back in the
/// form with the reason, instead of being lost to an error page.
const FORM_MAX: usize = 256 * 1024;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::post))
        .route("/", get(page::show))
        .route("/messages", get(fragments::list).post(page::submit).layer(DefaultBodyLimit::max(FORM_MAX)))
        .route("/ws", get(socket::open))
}
