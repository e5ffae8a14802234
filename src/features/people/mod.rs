//! The people of the site: a list to search, and a page for each.

mod list;
mod person;

use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().route("/people", get(list::show)).route("/people/{userID}", get(person::show))
}
