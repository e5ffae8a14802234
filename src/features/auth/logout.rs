//! Logging out: the session, its token and its sockets end at once, on all three servers: a browser that was
//! handed from one to another has a session on each, and all under the token of the one login. It is asked of
//! the server whose page one is on: only there is it certain that the browser tells who it is.

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

/// A browser goes to the login page; a script that sends a token gets 204.
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
