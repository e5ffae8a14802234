//! The users server: the sign-up page, the account page and the users API; and the pictures of users, which every server has.

mod account;
mod api;
mod api_types;
mod avatar;
mod avatar_api;
mod avatar_form;
mod current_password;
mod session_lifetime;
mod sessions;
mod sessions_api;
mod settings;
mod settings_api;
mod signup;

use axum::routing::{get, post};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::avatar_api::pictures;
use crate::web::AppState;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(api::create, api::list))
        .routes(routes!(api::read, api::patch, api::put, api::delete))
        .routes(avatar_api::changes())
        .routes(routes!(settings_api::read, settings_api::patch))
        .routes(routes!(sessions_api::list, sessions_api::end_others))
        .routes(routes!(sessions_api::end))
        .route("/signup", get(signup::show).post(signup::submit))
        .route("/account", get(account::show).post(account::submit_profile))
        .route("/account/avatar", avatar_form::upload())
        .route("/account/avatar/remove", post(avatar_form::remove))
        .route("/account/settings", post(account::submit_settings))
        .route("/account/sessions/end", post(sessions::end))
        .route("/account/password", post(account::submit_password))
        .route("/account/delete", post(account::submit_delete))
}
