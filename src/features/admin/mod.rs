//! The admin's table of users: one page, whose address says what it shows. Links and forms work without JavaScript;
//! with htmx they replace the table alone.

mod changes;
mod table;

use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .route("/admin/users", get(table::show).post(changes::create))
        .route("/admin/users/{userID}", post(changes::edit))
        .route("/admin/users/{userID}/delete", post(changes::delete))
}
