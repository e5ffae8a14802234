//! Files: uploading them, reading those of messages, and the list of a room's files.

mod list;
mod list_api;
mod range;
mod read;
mod remove;
mod upload;

use axum::{
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upload::begin))
        .routes(routes!(upload::state, upload::go_on, upload::cancel))
        .routes(routes!(list_api::list))
        .routes(routes!(remove::remove))
        .layer(DefaultBodyLimit::disable())
        .route("/rooms/{room}/files", get(list::show))
        .route("/rooms/{room}/files/{file}/{name}", get(read::read))
        .route("/rooms/{room}/thumbnails/{file}", get(read::thumbnail))
        .route("/rooms/{room}/{seq}/files/{file}/remove", post(remove::submit))
}
