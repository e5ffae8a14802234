//! The chat server: the page, the socket, the log as fragments and as JSON.

mod api;
mod closing;
mod fragments;
mod frames;
mod page;
mod post;
mod socket;

use axum::routing::get;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

/// Messages on a page, and in each step back.
const PAGE: u32 = 50;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::post))
        .route("/", get(page::show))
        .route("/messages", get(fragments::list).post(page::submit))
        .route("/ws", get(socket::open))
}
