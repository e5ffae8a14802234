//! Rooms and their members: the API and the pages that create, change and list them.

mod api;
mod create;
mod direct;
mod edit;
mod limits;
mod members;
mod own;
mod pagination;
mod people;
mod presence;
mod schema;

use utoipa_axum::{router::OpenApiRouter, routes};

use self::api::{direct as direct_api, list, members as members_api, own as own_api, room};
use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, room::create))
        .routes(routes!(room::read, room::patch, room::delete))
        .routes(routes!(members_api::list))
        .routes(routes!(members_api::put, members_api::remove))
        .routes(routes!(own_api::read))
        .routes(routes!(own_api::set_level))
        .routes(routes!(own_api::star, own_api::unstar))
        .routes(routes!(direct_api::open))
}
