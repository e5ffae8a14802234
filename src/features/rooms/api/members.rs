//! The members of a room.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::types::{MemberResponse, MembersQuery, MembersResponse, check_limit};
use crate::{
    features::rooms::{
        members::{get, parse_role, set_role},
        presence::{MemberCursor, PresentMember, members_page},
        schema::RoleName,
    },
    web::{AppState, Bearer, InRoom, Json, Path, Query, Result, members},
};

/// List the members of a room: those who are online by name, then the others. Who comes or goes while you page can be
/// listed twice, or not at all. A page can be shorter than `limit`: `next` leads on.
#[utoipa::path(
    get, path = "/api/rooms/{room}/members", operation_id = "list_members", tag = "rooms",
    params(("room" = String, Path), MembersQuery), security(("jwt" = [])),
    responses((status = 200, body = MembersResponse), (status = 404, description = "There is no such room for you"))
)]
pub async fn list(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Query(query): Query<MembersQuery>,
) -> Result<axum::Json<MembersResponse>> {
    check_limit(query.limit)?;
    let after = MemberCursor::parse(&state, query.after.as_deref()).await?;
    let count = state.store.member_count(&access).await?;
    let (members, next) = members_page(&state, &access, count, after, query.limit).await?;
    let next =
        next.map(|next| format!("/api/rooms/{}/members?after={next}&limit={}", access.room().as_str(), query.limit));
    Ok(axum::Json(MembersResponse { members: members.into_iter().map(MemberResponse::from).collect(), next }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRequest {
    /// Left out: `member` for a new member, and as it is for others.
    #[schema(value_type = Option<RoleName>)]
    role: Option<String>,
}

/// Add a member, or change a member's role. You join an open room by adding yourself; an owner invites.
#[utoipa::path(
    put, path = "/api/rooms/{room}/members/{userID}", operation_id = "put_member", tag = "rooms",
    params(("room" = String, Path), ("userID" = String, Path)), request_body = Option<MemberRequest>,
    security(("jwt" = [])),
    responses(
        (status = 201, description = "The new member", body = MemberResponse),
        (status = 200, description = "The user was a member already", body = MemberResponse),
        (status = 403, description = "You may not do this"),
        (status = 404, description = "There is no such room for you, or no such user"),
        (status = 409, description = "The room is archived or direct, a limit is reached, or it would have no owner"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn put(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, user_id)): Path<(String, String)>,
    request: Option<Json<MemberRequest>>,
) -> Result<(StatusCode, axum::Json<MemberResponse>)> {
    let role = request.and_then(|Json(request)| request.role).map(|role| parse_role(&role)).transpose()?;
    let user = state.find_user(&user_id).await?;
    let is_new = members::add(&state, &access, std::slice::from_ref(&user)).await? > 0;
    if let Some(role) = role {
        set_role(&state, &access, &user, role).await?;
    }
    let member = PresentMember::new(&state, get(&state, &access, &user).await?);
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(member.into())))
}

/// Remove a member; you leave by removing yourself. When the last owner leaves, the longest member becomes owner. A
/// repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/rooms/{room}/members/{userID}", operation_id = "remove_member", tag = "rooms",
    params(("room" = String, Path), ("userID" = String, Path)), security(("jwt" = [])),
    responses(
        (status = 204, description = "The user is not a member"),
        (status = 403, description = "You may not do this"),
        (status = 404, description = "There is no such room for you, or no such user"),
        (status = 409, description = "The room is archived or direct, or everybody is a member"),
        (status = 429, description = "Too fast; Retry-After tells how long to wait"),
    )
)]
pub async fn remove(
    State(state): State<AppState>,
    InRoom { access, .. }: InRoom<Bearer>,
    Path((_, user_id)): Path<(String, String)>,
) -> Result<StatusCode> {
    let user = state.find_user(&user_id).await?;
    members::remove(&state, &access, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
