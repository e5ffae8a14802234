//! The chat server: the page of a room, the socket, and the log as fragments and as JSON.

mod api;
mod closing;
mod exchange;
mod fragments;
mod frames;
mod home;
mod numbers;
mod page;
mod session;
mod sidebar;
mod socket;

use axum::{extract::DefaultBodyLimit, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::api::{in_lobby, list, message, reactions, send};
use crate::web::{AppState, change::FORM_MAX};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(in_lobby::list_lobby, in_lobby::post_to_lobby))
        .routes(routes!(list::list, send::post))
        .routes(routes!(message::read, message::edit, message::delete))
        .routes(routes!(reactions::give, reactions::take_back))
        .route("/", get(home::show))
        .route("/rooms/{room}", get(page::show))
        .route("/rooms/{room}/messages", get(fragments::list).post(page::submit).layer(DefaultBodyLimit::max(FORM_MAX)))
        .route("/sidebar", get(sidebar::sidebar))
        .route("/ws", get(socket::open))
}
