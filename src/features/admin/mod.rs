//! Administration: the table of users, the open rooms, and what admins did. The address of a page says what it shows.
//! Links and forms work without JavaScript; with htmx those of the table of users replace the table alone.

mod acts;
mod api;
mod api_types;
mod audit;
mod changes;
mod rooms;
mod table;

use axum::routing::{get, post};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::users))
        .routes(routes!(api::disable, api::enable))
        .routes(routes!(api::log_out))
        .routes(routes!(api::make_link))
        .routes(routes!(api::audit))
        .route("/admin/users", get(table::show).post(changes::create))
        .route("/admin/users/{userID}", post(changes::edit))
        .route("/admin/users/{userID}/disable", post(changes::disable))
        .route("/admin/users/{userID}/enable", post(changes::enable))
        .route("/admin/users/{userID}/logout", post(changes::log_out))
        .route("/admin/users/{userID}/link", post(changes::make_link))
        .route("/admin/users/{userID}/delete", post(changes::delete))
        .route("/admin/rooms", get(rooms::show))
        .route("/admin/audit", get(audit::show))
}
