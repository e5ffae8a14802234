//! The own settings in the API.

use axum::extract::State;

use super::settings::{SettingsEdit, SettingsResponse};
use crate::web::{AppState, Bearer, Json, Result};

/// Read your settings. Nobody else sees them.
#[utoipa::path(
    get, path = "/api/settings", operation_id = "read_settings", tag = "users", security(("jwt" = [])),
    responses((status = 200, body = SettingsResponse))
)]
pub async fn read(bearer: Bearer) -> axum::Json<SettingsResponse> {
    axum::Json(bearer.user.settings.into())
}

/// Change your settings. Your pages have them from the next time they are opened.
#[utoipa::path(
    patch, path = "/api/settings", operation_id = "edit_settings", tag = "users", request_body = SettingsEdit,
    security(("jwt" = [])), responses((status = 200, body = SettingsResponse))
)]
pub async fn patch(
    State(state): State<AppState>,
    bearer: Bearer,
    Json(edit): Json<SettingsEdit>,
) -> Result<axum::Json<SettingsResponse>> {
    Ok(axum::Json(edit.save(&state, &bearer.user).await?.into()))
}
