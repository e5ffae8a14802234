//! The routes of the three servers.

use axum::{Extension, Router, middleware::from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;

use super::{docs, ops, roles::ServerRole};
use crate::{
    features,
    web::{AppState, extract::ServerOrigin, token_login},
};

/// The routes of a listener: those of its roles, and those of every listener.
pub(super) fn of(roles: &[ServerRole], state: &AppState) -> Router<AppState> {
    let routers = roles.iter().map(|role| with_layers(*role, state));
    docs::with_openapi(routers.fold(common(), OpenApiRouter::merge))
}

/// Every route of every server, without the layers around them. A test walks them.
pub fn all() -> Router<AppState> {
    docs::with_openapi(ServerRole::ALL.into_iter().map(own).fold(common(), OpenApiRouter::merge))
}

fn common() -> OpenApiRouter<AppState> {
    ops::router().merge(features::auth::logout()).merge(features::users::pictures()).merge(token_login::router())
}

fn own(role: ServerRole) -> OpenApiRouter<AppState> {
    match role {
        ServerRole::Users => features::users::router().merge(features::admin::router()),
        ServerRole::Auth => features::auth::router(),
        ServerRole::Chat => features::chat::router()
            .merge(features::rooms::router())
            .merge(features::people::router())
            .merge(features::files::router())
            .merge(features::search::router()),
    }
}

fn with_layers(role: ServerRole, state: &AppState) -> OpenApiRouter<AppState> {
    let (own, sites) = (own(role), &state.settings.sites);
    match role {
        ServerRole::Users => {
            let mut users = own;
            if sites.users != sites.auth {
                users = users.layer(from_fn_with_state(state.clone(), token_login::by_token));
            }
            users.layer(Extension(ServerOrigin(sites.users.clone())))
        }
        ServerRole::Auth => own,
        ServerRole::Chat => own.layer(Extension(ServerOrigin(sites.chat.clone()))),
    }
}
