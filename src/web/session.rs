//! Changing the user of a browser's session.

use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::Session;

use super::{AppState, Result};
use crate::security::{
    Grant,
    sessions::{self, SessionLifetime},
};

/// Continues as the user of `grant` at the address `to`: every other user of this browser is signed out, on all
/// servers. Logging in, signing up and switching accounts end here.
///
/// # Errors
/// If the store fails. Then the other users of this browser may be signed out already.
pub async fn continue_as(
    state: &AppState,
    session: &Session,
    grant: Grant,
    lifetime: SessionLifetime,
    to: &str,
) -> Result<Response> {
    state.logins.revoke_others(&sessions::grants(session).await?, &grant).await?;
    sessions::start(session, grant, lifetime).await?;
    Ok(Redirect::to(to).into_response())
}
