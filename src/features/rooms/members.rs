//! The members of a room and their roles.

use crate::{
    domain::{Fields, MemberRole, Phrase, RoomAction, User},
    store::{Access, Member},
    web::{AppState, Error, Result, change::command},
};

/// Changes a member's role.
///
/// # Errors
/// Those of [`command`].
pub(super) async fn set_role(state: &AppState, access: &Access, user: &User, role: MemberRole) -> Result<()> {
    command(state, access, RoomAction::SetRole(user.key, role)).await.map(drop)
}

/// The membership of `user`.
///
/// # Errors
/// 404 if the user is not a member.
pub(super) async fn get(state: &AppState, access: &Access, user: &User) -> Result<Member> {
    let found = state.store.members_among(access, &[user.key]).await?;
    found.into_iter().next().ok_or_else(|| Error::not_found("no-such-member"))
}

/// # Errors
/// 422 at `role` if there is no such role.
pub(super) fn parse_role(raw: &str) -> Result<MemberRole> {
    MemberRole::parse(raw).ok_or_else(|| Error::invalid(Fields::one("role", Phrase::new("member-role-unknown"))))
}
