//! The users API.

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
};

use super::{
    api_types::{AccountReplacement, DeleteQuery, ListQuery, UserResponse, UsersResponse},
    current_password::check_current_password,
};
use crate::{
    domain::{Fields, Network, Phrase, RoomId, User, UserId, UserKey},
    security::accounts::{AccountEdit, NewAccount},
    store::{Chunk, MessageRetention},
    web::{AppState, Bearer, ClientAddr, Error, Json, Path, Query, Result, accounts::delete_account},
};

/// Messages shown with a user.
const MESSAGES: u32 = 100;

/// Sign up. Needs no token while signing up is open, an admin's token otherwise.
#[utoipa::path(
    post, path = "/api/users", tag = "users", request_body = NewAccount,
    responses(
        (status = 201, description = "The user", body = UserResponse, headers(("Location" = String, description = "The user's address"))),
        (status = 401, description = "A token was sent that didn't match"),
        (status = 403, description = "Signing up is closed, or the request came from a page of another site"),
        (status = 409, description = "The userID or the e-mail address is taken"),
        (status = 429, description = "Too many attempts; Retry-After says how long to wait"),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    bearer: Option<Bearer>,
    Json(account): Json<NewAccount>,
) -> Result<(StatusCode, [(HeaderName, String); 1], axum::Json<UserResponse>)> {
    let from = Network::of(from);
    let admin = bearer.filter(|bearer| bearer.user.is_admin());
    if admin.is_none() {
        if !state.settings.signup_open {
            return Err(forbidden("Signing up is closed here. An admin's token is needed."));
        }
        state.logins.limits.sign_up(from)?;
    }
    let user = match admin {
        Some(admin) => state.accounts.create_by_admin(&admin.user, &account).await?,
        None => {
            let user = state.accounts.create(&account, None).await?;
            state.logins.record_network(&user, from).await;
            user
        }
    };
    let location = format!("/api/users/{}", user.user_id);
    let response = UserResponse::new(&user, &Chunk::default());
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(response)))
}

/// List the users, in order of their userID.
#[utoipa::path(
    get, path = "/api/users", tag = "users", params(ListQuery), security(("jwt" = [])),
    responses((status = 200, body = UsersResponse))
)]
pub async fn list(
    State(state): State<AppState>,
    bearer: Bearer,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<UsersResponse>> {
    if !(1..=100).contains(&query.limit) {
        return Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 100."))));
    }
    let after = match query.after.as_deref().map(UserId::parse).transpose() {
        Ok(after) => after,
        Err(invalid) => return Err(Error::invalid(Fields::one("after", invalid))),
    };
    let mut found = state.store.users_after(after.as_ref(), query.limit + 1).await?;
    let more = found.len() > query.limit as usize;
    found.truncate(query.limit as usize);
    let next = found.last().filter(|_| more);
    let next = next.map(|last| format!("/api/users?limit={}&after={}", query.limit, last.user_id));
    Ok(axum::Json(UsersResponse { users: with_messages(&state, &bearer.user, &found).await?, next }))
}

/// Read a user.
#[utoipa::path(
    get, path = "/api/users/{userID}", tag = "users", params(("userID" = String, Path)), security(("jwt" = [])),
    responses((status = 200, body = UserResponse), (status = 404, description = "There is no such user"))
)]
pub async fn read(
    State(state): State<AppState>,
    bearer: Bearer,
    Path(user_id): Path<String>,
) -> Result<axum::Json<UserResponse>> {
    let user = state.find_user(&user_id).await?;
    Ok(axum::Json(one_with_messages(&state, &bearer.user, &user).await?))
}

/// Change fields of a user: your own, or anybody's as an admin.
#[utoipa::path(
    patch, path = "/api/users/{userID}", tag = "users", params(("userID" = String, Path)), security(("jwt" = [])),
    request_body = AccountEdit,
    responses(
        (status = 200, body = UserResponse),
        (status = 403, description = "Only the user and admins may"),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "The e-mail address is taken, or this is the last admin"),
    )
)]
pub async fn patch(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    bearer: Bearer,
    Path(user_id): Path<String>,
    Json(edit): Json<AccountEdit>,
) -> Result<axum::Json<UserResponse>> {
    change(&state, &bearer.user, &user_id, edit, Network::of(from)).await
}

/// Replace a user's profile: your own, or anybody's as an admin.
#[utoipa::path(
    put, path = "/api/users/{userID}", tag = "users", params(("userID" = String, Path)), security(("jwt" = [])),
    request_body = AccountReplacement,
    responses(
        (status = 200, body = UserResponse),
        (status = 403, description = "Only the user and admins may"),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "The e-mail address is taken, or this is the last admin"),
    )
)]
pub async fn put(
    State(state): State<AppState>,
    ClientAddr(from): ClientAddr,
    bearer: Bearer,
    Path(user_id): Path<String>,
    Json(edit): Json<AccountEdit>,
) -> Result<axum::Json<UserResponse>> {
    change(&state, &bearer.user, &user_id, AccountReplacement::complete(edit), Network::of(from)).await
}

/// Delete a user: yourself, or anybody as an admin. The user's tokens, sessions and sockets end at once.
#[utoipa::path(
    delete, path = "/api/users/{userID}", tag = "users", params(("userID" = String, Path), DeleteQuery),
    security(("jwt" = [])),
    responses(
        (status = 204, description = "The user is deleted"),
        (status = 403, description = "Only the user and admins may"),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "This is the last admin"),
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    bearer: Bearer,
    Path(user_id): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode> {
    let user = state.find_user(&user_id).await?;
    check_may_change(&bearer.user, &user)?;
    let messages = match query.messages.as_deref() {
        None | Some("keep") => MessageRetention::Keep,
        Some("delete") => MessageRetention::Delete,
        Some(_) => return Err(Error::invalid(Fields::one("messages", Phrase::english("Use \"keep\" or \"delete\".")))),
    };
    delete_account(&state, &bearer.user, &user, messages).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    state: &AppState,
    me: &User,
    user_id: &str,
    mut edit: AccountEdit,
    from: Network,
) -> Result<axum::Json<UserResponse>> {
    let user = state.find_user(user_id).await?;
    check_may_change(me, &user)?;
    if edit.user_id.as_ref().is_some_and(|id| !id.eq_ignore_ascii_case(user.user_id.as_str())) {
        return Err(Error::invalid(Fields::one("userID", Phrase::english("It cannot be changed."))));
    }
    if edit.role.is_some() && !me.is_admin() {
        return Err(forbidden("Only admins give roles."));
    }
    if edit.password.is_some() && me.key == user.key {
        let Some(current) = edit.current_password.take() else {
            let reason = Phrase::english("Your current password is needed to set a new one.");
            return Err(Error::invalid(Fields::one("currentPassword", reason)));
        };
        check_current_password(state, me, current, from, "currentPassword").await?;
    }
    let user = match me.is_admin() {
        true => state.accounts.edit_by_admin(me, &user, &edit).await?,
        false => state.accounts.edit(&user, &edit).await?,
    };
    Ok(axum::Json(one_with_messages(state, me, &user).await?))
}

/// 403 with a text for programs.
fn forbidden(reason: &str) -> Error {
    Error::new(StatusCode::FORBIDDEN, Phrase::english(reason))
}

pub(super) fn check_may_change(me: &User, user: &User) -> Result<()> {
    if me.key == user.key || me.is_admin() { Ok(()) } else { Err(forbidden("Only the user and admins may do that.")) }
}

/// The users with their latest messages in the lobby, for `me`. One call of the store for any number of users.
async fn with_messages(state: &AppState, me: &User, users: &[User]) -> Result<Vec<UserResponse>> {
    let keys: Vec<UserKey> = users.iter().map(|user| user.key).collect();
    let lobby = state.store.access(me, &RoomId::lobby()).await?;
    let latest = state.store.latest(&lobby, &keys, MESSAGES).await?;
    Ok(users.iter().zip(&latest).map(|(user, latest)| UserResponse::new(user, latest)).collect())
}

async fn one_with_messages(state: &AppState, me: &User, user: &User) -> Result<UserResponse> {
    let lobby = state.store.access(me, &RoomId::lobby()).await?;
    let latest = state.store.latest(&lobby, &[user.key], MESSAGES).await?;
    Ok(UserResponse::new(user, &latest.into_iter().next().unwrap_or_default()))
}
