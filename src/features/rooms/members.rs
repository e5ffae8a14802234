//! Adding and removing members.

use super::edit::command;
use crate::{
    domain::{Fields, MemberRole, Phrase, RoomAction, User},
    store::{Access, Member},
    web::{AppState, Error, Result, room_limits::check_new_member},
};

/// Adds `user` to the room, or joins it. `false` if the user is a member already.
///
/// # Errors
/// 409 if a limit is reached, 429 if members are added too fast, and those of [`command`].
pub(super) async fn add(state: &AppState, access: &Access, user: &User) -> Result<bool> {
    if find(state, access, user).await?.is_some() {
        return Ok(false);
    }
    check_new_member(state, access, user.key, user.user_id.as_str()).await?;
    Ok(command(state, access, RoomAction::Add(user.key)).await?.is_some())
}

/// Removes `user` from the room, or leaves it. Nothing changes if the user is not a member.
///
/// # Errors
/// Those of [`command`].
pub(super) async fn remove(state: &AppState, access: &Access, user: &User) -> Result<()> {
    let action = if user.key == access.user() { RoomAction::Leave } else { RoomAction::Remove(user.key) };
    command(state, access, action).await.map(drop)
}

/// Changes a member's role.
///
/// # Errors
/// Those of [`command`].
pub(super) async fn set_role(state: &AppState, access: &Access, user: &User, role: MemberRole) -> Result<()> {
    command(state, access, RoomAction::SetRole(user.key, role)).await.map(drop)
}

/// The membership of `user`, if there is one.
///
/// # Errors
/// The store's.
pub(super) async fn find(state: &AppState, access: &Access, user: &User) -> Result<Option<Member>> {
    Ok(state.store.members_among(access, &[user.key]).await?.into_iter().next())
}

/// As [`find`].
///
/// # Errors
/// 404 if the user is not a member.
pub(super) async fn get(state: &AppState, access: &Access, user: &User) -> Result<Member> {
    find(state, access, user).await?.ok_or_else(|| Error::not_found("no-such-member"))
}

/// # Errors
/// 422 at `role` if there is no such role.
pub(super) fn parse_role(raw: &str) -> Result<MemberRole> {
    MemberRole::parse(raw).ok_or_else(|| Error::invalid(Fields::one("role", Phrase::new("member-role-unknown"))))
}
