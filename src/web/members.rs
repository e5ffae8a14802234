//! Adding members to a room, and removing them.

use super::{
    AppState, Result,
    change::{command, give},
    named_users::refuse_disabled,
    room_limits::{check_new_members, count_new_member},
};
use crate::{
    domain::{RoomAction, User, UserKey, rules::check_right},
    store::Access,
};

/// Adds these users to the room, or joins it. Returns how many of them are new.
///
/// # Errors
/// Those of [`give`], 422 at `members` if an account is disabled, 409 if a limit is reached, 429 if members are added too fast. Those before a refused one are added.
pub async fn add(state: &AppState, access: &Access, users: &[User]) -> Result<usize> {
    let me = access.user();
    let keys: Vec<UserKey> = users.iter().map(|user| user.key).chain([me]).collect();
    let members = state.store.members_among(access, &keys).await?;
    let member = |user: UserKey| members.iter().find(|member| member.person.key == user);
    let new: Vec<&User> = users.iter().filter(|user| member(user.key).is_none()).collect();
    if new.is_empty() {
        return Ok(0);
    }
    new.iter().try_for_each(|user| refuse_disabled(std::slice::from_ref(*user)))?;
    let new: Vec<_> = new.iter().map(|user| (user.key, user.user_id.as_str())).collect();
    let role = member(me).map(|member| member.role);
    let room = state.store.room(access).await?;
    // before the limits: these say something about the users, and refused commands do not count
    for (user, _) in &new {
        check_right(&room, me, role, access.is_admin(), &RoomAction::Add(*user))?;
    }
    check_new_members(state, access, &room, &new).await?;
    let mut added = 0;
    for (user, _) in &new {
        count_new_member(state, access)?;
        added += usize::from(give(state, access, RoomAction::Add(*user)).await?.is_some());
    }
    Ok(added)
}

/// Removes `user` from the room, or leaves it. Nothing changes if the user is not a member.
///
/// # Errors
/// Those of [`command`].
pub async fn remove(state: &AppState, access: &Access, user: &User) -> Result<()> {
    let action = if user.key == access.user() { RoomAction::Leave } else { RoomAction::Remove(user.key) };
    command(state, access, action).await.map(drop)
}
