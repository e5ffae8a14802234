//! Rooms and their members: the API and the pages that create, change and list them.

mod api;
mod create;
mod edit;
mod members;
mod own;
mod pages;
mod pagination;
mod presence;
mod schema;

use axum::{
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    api::{direct as direct_api, list, members as members_api, own as own_api, room},
    pages::{delete, direct as direct_page, list as list_page, members as members_page, new, own as buttons, settings},
};
use crate::web::{AppState, change::FORM_MAX};

pub fn router() -> OpenApiRouter<AppState> {
    pages()
        .routes(routes!(list::list, room::create))
        .routes(routes!(room::read, room::patch, room::delete))
        .routes(routes!(members_api::list))
        .routes(routes!(members_api::put, members_api::remove))
        .routes(routes!(own_api::read))
        .routes(routes!(own_api::set_level))
        .routes(routes!(own_api::star, own_api::unstar))
        .routes(routes!(direct_api::open))
}

fn pages() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/rooms", get(list_page::show))
        .route("/rooms/new", get(new::show).post(new::submit))
        .route("/rooms/read-all", post(buttons::read_all))
        .route("/rooms/{room}/join", post(buttons::join))
        .route("/rooms/{room}/leave", post(buttons::leave))
        .route("/rooms/{room}/level", post(buttons::level))
        .route("/rooms/{room}/star", post(buttons::star))
        .route("/rooms/{room}/read", post(buttons::read))
        .route("/rooms/{room}/unread", post(buttons::unread))
        .route("/rooms/{room}/settings", get(settings::show).post(settings::submit))
        .route("/rooms/{room}/archive", post(settings::archive))
        .route("/rooms/{room}/unarchive", post(settings::unarchive))
        .route("/rooms/{room}/everyone", post(settings::everyone))
        .route("/rooms/{room}/delete", get(delete::show).post(delete::submit))
        .route("/rooms/{room}/members", get(members_page::show).post(members_page::add))
        .route("/rooms/{room}/members/{userID}/remove", post(members_page::remove))
        .route("/rooms/{room}/members/{userID}/role", post(members_page::role))
        .route("/direct/{users}", get(direct_page::show))
        .route("/direct/{users}/messages", post(direct_page::submit).layer(DefaultBodyLimit::max(FORM_MAX)))
}
