//! Administration in the API.

use axum::{Extension, extract::State, http::HeaderMap, http::StatusCode};

use super::{
    acts,
    api_types::{
        AdminUser, AdminUsersQuery, AdminUsersResponse, AuditQuery, AuditResponse, EntryResponse, LinkResponse,
        check_limit,
    },
};
use crate::{
    domain::{AuditId, Fields, Phrase},
    store::{Searched, UserSearch},
    web::{AdminBearer, AppState, Error, IsHttps, Path, Query, Result},
};

/// List the users with when they were last seen and how many messages they have posted. For admins.
#[utoipa::path(
    get, path = "/api/admin/users", operation_id = "list_users_for_admins", tag = "admin", params(AdminUsersQuery),
    security(("jwt" = [])),
    responses((status = 200, body = AdminUsersResponse), (status = 403, description = "Only admins may"))
)]
pub async fn users(
    State(state): State<AppState>,
    AdminBearer(bearer): AdminBearer,
    Query(query): Query<AdminUsersQuery>,
) -> Result<axum::Json<AdminUsersResponse>> {
    check_limit(query.limit)?;
    let (sort, by) = query.order()?;
    let search = UserSearch {
        text: query.q.trim().to_owned(),
        fields: Searched::All,
        sort,
        descending: query.desc,
        offset: query.offset,
        limit: query.limit,
    };
    let (lines, total) = state.store.user_table(&bearer.user, &search, by).await?;
    Ok(axum::Json(AdminUsersResponse { users: lines.into_iter().map(AdminUser::from).collect(), total }))
}

/// Disable a user: nobody can log in to the account, and its tokens, sessions and sockets end at once. Its messages stay.
/// A repeat changes nothing.
#[utoipa::path(
    put, path = "/api/users/{userID}/disabled", operation_id = "disable_user", tag = "admin",
    params(("userID" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The user is disabled"),
        (status = 403, description = "Only admins may"),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "This is you, or the last admin"),
    )
)]
pub async fn disable(
    State(state): State<AppState>,
    AdminBearer(bearer): AdminBearer,
    Path(user_id): Path<String>,
) -> Result<StatusCode> {
    let user = state.find_user(&user_id).await?;
    acts::set_disabled(&state, &bearer.user, &user, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enable a user again. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/users/{userID}/disabled", operation_id = "enable_user", tag = "admin",
    params(("userID" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The user is enabled"),
        (status = 403, description = "Only admins may"),
        (status = 404, description = "There is no such user"),
    )
)]
pub async fn enable(
    State(state): State<AppState>,
    AdminBearer(bearer): AdminBearer,
    Path(user_id): Path<String>,
) -> Result<StatusCode> {
    let user = state.find_user(&user_id).await?;
    acts::set_disabled(&state, &bearer.user, &user, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log a user out everywhere: all tokens, sessions and sockets end at once.
#[utoipa::path(
    delete, path = "/api/users/{userID}/sessions", operation_id = "log_user_out", tag = "admin",
    params(("userID" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "They have ended"),
        (status = 403, description = "Only admins may"),
        (status = 404, description = "There is no such user"),
    )
)]
pub async fn log_out(
    State(state): State<AppState>,
    AdminBearer(bearer): AdminBearer,
    Path(user_id): Path<String>,
) -> Result<StatusCode> {
    let user = state.find_user(&user_id).await?;
    acts::log_out(&state, &bearer.user, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a login link for a user who has forgotten the password. It works once, for a day, and voids an earlier one. The
/// user then chooses a new password.
#[utoipa::path(
    post, path = "/api/users/{userID}/login-link", operation_id = "make_login_link", tag = "admin",
    params(("userID" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 201, description = "The link. It is not shown again", body = LinkResponse),
        (status = 403, description = "Only admins may"),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "This is you, or the account is disabled"),
    )
)]
pub async fn make_link(
    State(state): State<AppState>,
    AdminBearer(bearer): AdminBearer,
    Extension(is_https): Extension<IsHttps>,
    Path(user_id): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, axum::Json<LinkResponse>)> {
    let user = state.find_user(&user_id).await?;
    let link = acts::make_link(&state, &headers, is_https, &bearer.user, &user).await?;
    let response = LinkResponse { url: link.url, expires: link.expires.rfc3339() };
    Ok((StatusCode::CREATED, axum::Json(response)))
}

/// List what admins did during the last year, the latest first.
#[utoipa::path(
    get, path = "/api/audit", operation_id = "list_audit", tag = "admin", params(AuditQuery), security(("jwt" = [])),
    responses((status = 200, body = AuditResponse), (status = 403, description = "Only admins may"))
)]
pub async fn audit(
    State(state): State<AppState>,
    _: AdminBearer,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<AuditResponse>> {
    check_limit(query.limit)?;
    let refused = || Error::invalid(Fields::one("before", Phrase::english("Use the address in next, or start over.")));
    let before = query.before.as_deref().map(|raw| AuditId::parse(raw).ok_or_else(refused)).transpose()?;
    let mut found = state.store.audit(before, query.limit + 1).await?;
    let has_more = found.len() > query.limit as usize;
    found.truncate(query.limit as usize);
    let last = found.last().filter(|_| has_more);
    let next = last.map(|last| format!("/api/audit?limit={}&before={}", query.limit, last.id));
    Ok(axum::Json(AuditResponse { entries: found.iter().map(EntryResponse::from).collect(), next }))
}
