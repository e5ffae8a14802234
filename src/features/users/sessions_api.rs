//! The own sessions in the API.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Timestamp, TokenId},
    security::{open_sessions::OpenSession, sessions::Visit},
    web::{AppState, Bearer, Error, Path, Result},
};

#[derive(Serialize, ToSchema)]
pub struct SessionResponse {
    /// The id of the login that it began with.
    id: String,
    /// The browser and its system, as far as they are known.
    device: DeviceResponse,
    /// Where it was used last; `null` if that is not known.
    address: Option<String>,
    /// When it was used last, to ten minutes; `null` if that is not known.
    #[serde(rename = "lastSeen")]
    #[schema(format = DateTime)]
    last_seen: Option<String>,
    /// Whether it began with the login of the token that is sent: it ends with that token.
    current: bool,
}

#[derive(Serialize, ToSchema)]
pub struct DeviceResponse {
    browser: Option<String>,
    system: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct SessionsResponse {
    sessions: Vec<SessionResponse>,
}

impl SessionResponse {
    fn new(session: OpenSession, own: TokenId) -> Self {
        let visit = session.visit;
        let at = |visit: &Visit| Timestamp(visit.at * 1000).rfc3339();
        Self {
            id: session.token.0.to_string(),
            address: visit.as_ref().map(|visit| visit.address.to_canonical().to_string()),
            last_seen: visit.as_ref().map(at),
            device: visit.map_or(DeviceResponse { browser: None, system: None }, |visit| DeviceResponse {
                browser: visit.device.browser,
                system: visit.device.system,
            }),
            current: session.token == own,
        }
    }
}

/// List your open sessions: the browsers in which you are signed in, the one that was used last first. A token without a
/// session is in no list.
#[utoipa::path(
    get, path = "/api/sessions", operation_id = "list_sessions", tag = "users", security(("jwt" = [])),
    responses((status = 200, body = SessionsResponse))
)]
pub async fn list(State(state): State<AppState>, bearer: Bearer) -> Result<axum::Json<SessionsResponse>> {
    let open = state.logins.open_sessions(&bearer.user).await?;
    let sessions = open.into_iter().map(|session| SessionResponse::new(session, bearer.grant.token())).collect();
    Ok(axum::Json(SessionsResponse { sessions }))
}

/// End one of your sessions: its tokens are void, and its sockets close.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", operation_id = "end_session", tag = "users", params(("id" = String, Path)),
    security(("jwt" = [])),
    responses((status = 204, description = "It has ended"), (status = 404, description = "You have no such session"))
)]
pub async fn end(State(state): State<AppState>, bearer: Bearer, Path(id): Path<String>) -> Result<StatusCode> {
    let mut open = state.logins.open_sessions(&bearer.user).await?;
    open.retain(|session| session.token.0.to_string() == id);
    if open.is_empty() {
        return Err(Error::not_found("no-such-session"));
    }
    end_all(&state, &open, bearer.grant.token()).await
}

/// End all your sessions but those that began with the login of the token that is sent.
#[utoipa::path(
    delete, path = "/api/sessions", operation_id = "end_other_sessions", tag = "users", security(("jwt" = [])),
    responses((status = 204, description = "They have ended"))
)]
pub async fn end_others(State(state): State<AppState>, bearer: Bearer) -> Result<StatusCode> {
    let mut open = state.logins.open_sessions(&bearer.user).await?;
    open.retain(|session| session.token != bearer.grant.token());
    end_all(&state, &open, bearer.grant.token()).await
}

async fn end_all(state: &AppState, sessions: &[OpenSession], asking: TokenId) -> Result<StatusCode> {
    for session in sessions {
        state.logins.end_session(session, asking).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
