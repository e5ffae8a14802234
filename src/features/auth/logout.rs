//! Logging out. The session, its token and its sockets end at once on all three servers: the login page redirects a
//! browser to each of them under the token of the one login. Every server has this route, because only the server of the
//! current page is sure to get its cookie.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use crate::{
    security::sessions,
    web::{AppState, Bearer, Result},
};

/// Redirects a browser to the login page; a script that sends a token gets 204.
pub async fn submit(State(state): State<AppState>, bearer: Option<Bearer>, session: Session) -> Result<Response> {
    if let Some(bearer) = bearer {
        state.logins.revoke(&bearer.grant).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    for grant in sessions::grants(&session).await? {
        state.logins.revoke(&grant).await?;
    }
    session.flush().await?;
    Ok(Redirect::to(&format!("{}/login", state.settings.sites.auth)).into_response())
}
