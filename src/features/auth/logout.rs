//! Logging out. The session, its token and its sockets end at once on all three servers: the login page redirects a
//! browser to each of them under the token of the one login. Every server has this route, because only the server of the
//! current page is sure to get its cookie.

use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use crate::{
    domain::Timestamp,
    security::sessions,
    web::{AppState, Bearer, IsHttps, Result},
};

/// The cookie with the time of the browser's last logout. The script of a page reads it: what a tab kept before, such as
/// drafts, is wiped, although the page of the logout may have had no script.
const LOGOUT_COOKIE: &str = "natter-logout";

/// Redirects a browser to the login page; a script that sends a token gets 204.
pub async fn submit(
    State(state): State<AppState>,
    Extension(is_https): Extension<IsHttps>,
    bearer: Option<Bearer>,
    session: Session,
) -> Result<Response> {
    if let Some(bearer) = bearer {
        state.logins.revoke(&bearer.grant).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    for grant in sessions::grants(&session).await? {
        state.logins.revoke(&grant).await?;
    }
    session.flush().await?;
    let (now, secure) = (Timestamp::now().0, is_https.cookie_attribute());
    let cookie = format!("{LOGOUT_COOKIE}={now}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
    let login = Redirect::to(&format!("{}/login", state.settings.sites.auth));
    Ok(([(header::SET_COOKIE, cookie)], login).into_response())
}
