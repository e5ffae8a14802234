//! The chat server: the page of a room and those of its messages, the socket, and the log as fragments and as JSON.

mod api;
mod closing;
mod complete;
mod cursor;
mod edit;
mod edit_form;
mod emoji;
mod exchange;
mod fragments;
mod frames;
mod home;
mod keys;
mod lists;
mod logged_out;
mod manifest;
mod message_changes;
mod message_forms;
mod message_page;
mod no_message;
mod notifications;
mod numbers;
mod on_message;
mod page;
mod personal;
mod reactors;
mod session;
mod sidebar;
mod socket;
mod submit;
mod subscribing;
mod thread;

use axum::{
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    api::{in_lobby, list, message, personal as personal_api, pins, reactions, send},
    message_changes as changes,
};
use crate::web::{AppState, change::FORM_MAX};

pub fn router() -> OpenApiRouter<AppState> {
    pages()
        .routes(routes!(in_lobby::list_lobby, in_lobby::post_to_lobby))
        .routes(routes!(list::list, send::post))
        .routes(routes!(message::read, message::edit, message::delete))
        .routes(routes!(reactions::list))
        .routes(routes!(reactions::give, reactions::take_back))
        .routes(routes!(pins::pin, pins::unpin))
        .routes(routes!(personal_api::save, personal_api::unsave))
        .routes(routes!(personal_api::mentions))
        .routes(routes!(personal_api::saved))
        .route("/ws", get(socket::open))
}

fn pages() -> OpenApiRouter<AppState> {
    let large = || DefaultBodyLimit::max(FORM_MAX);
    OpenApiRouter::new()
        .route("/", get(home::show))
        .route("/rooms/{room}", get(page::show))
        .route("/rooms/{room}/messages", get(fragments::list).post(submit::submit).layer(large()))
        .route("/rooms/{room}/complete", get(complete::complete))
        .route("/rooms/{room}/{seq}", get(message_page::show))
        .route("/rooms/{room}/{seq}/edit", get(edit::show).post(edit::submit).layer(large()))
        .route("/rooms/{room}/{seq}/delete", get(changes::ask_delete).post(changes::delete))
        .route("/rooms/{room}/{seq}/react", post(changes::react))
        .route("/rooms/{room}/{seq}/unreact", post(changes::unreact))
        .route("/rooms/{room}/{seq}/pin", post(changes::pin))
        .route("/rooms/{room}/{seq}/unpin", post(changes::unpin))
        .route("/rooms/{room}/{seq}/save", post(changes::save))
        .route("/rooms/{room}/{seq}/unsave", post(changes::unsave))
        .route("/rooms/{room}/threads/{seq}", get(thread::show))
        .route("/rooms/{room}/pins", get(lists::pins))
        .route("/mentions", get(lists::mentions))
        .route("/saved", get(lists::saved))
        .route("/emoji", get(emoji::emoji))
        .route("/keys", get(keys::keys))
        .route("/sidebar", get(sidebar::sidebar))
        .route("/manifest.webmanifest", get(manifest::show))
        .route("/notifications", get(notifications::show))
}
