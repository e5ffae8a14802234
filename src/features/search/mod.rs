//! The search for messages.

mod api;
mod complete;
mod filter_words;
mod find;
mod page;
mod read;

use axum::routing::get;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::search))
        .route("/search", get(page::show))
        .route("/search/complete", get(complete::complete))
}
