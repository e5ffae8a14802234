//! The limits of rooms and their members. They are checked before the change, so changes at the same time can exceed them
//! by a few.

use crate::{
    domain::{Phrase, Room, User, UserKey},
    security::limits::RateLimited,
    store::Access,
    web::{AppState, Error, Result},
};

/// Checks that `creator` may create one more room, and counts it against the rate.
///
/// # Errors
/// 409 if there are as many rooms as there may be, 429 if the user creates rooms too fast.
pub(super) async fn check_new_room(state: &AppState, creator: &User) -> Result<()> {
    let max = state.settings.rooms.max_rooms;
    if state.store.room_count().await? >= max.into() {
        return Err(Error::conflict(Phrase::new("too-many-rooms").arg("max", u64::from(max))));
    }
    state.logins.limits.room(creator.key).map_err(|limited| too_fast(limited, "too-many-new-rooms"))
}

/// Checks that a room may have `members` members.
///
/// # Errors
/// 409 if these are more than there may be.
pub(super) fn check_members(state: &AppState, members: u64) -> Result<()> {
    let max = u64::from(state.settings.rooms.max_members);
    match members <= max {
        true => Ok(()),
        false => Err(Error::conflict(Phrase::new("too-many-members").arg("max", max))),
    }
}

/// Checks that the room may have one more member, `user`, whom `access`'s user adds.
///
/// # Errors
/// 409 if the room has as many members as it may have, or the user is in as many rooms; 429 if members are added too
/// fast.
pub(super) async fn check_new_member(state: &AppState, access: &Access, room: &Room, user: &User) -> Result<()> {
    if room.everyone {
        return Ok(());
    }
    state.logins.limits.join(access.user()).map_err(|limited| too_fast(limited, "too-many-joins"))?;
    check_members(state, state.store.member_count(access).await? + 1)?;
    check_rooms_of(state, access.user(), user).await
}

/// Checks that `user` may become a member of one more room; `by` is who asks.
///
/// # Errors
/// 409 if the user is in as many rooms as one may be.
pub(super) async fn check_rooms_of(state: &AppState, by: UserKey, user: &User) -> Result<()> {
    let max = u64::from(state.settings.rooms.max_rooms_of_user);
    if state.store.room_count_of(user.key).await? < max {
        return Ok(());
    }
    let phrase = match by == user.key {
        true => Phrase::new("too-many-own-rooms"),
        false => Phrase::new("too-many-rooms-of-user").arg("user", user.user_id.to_string()),
    };
    Err(Error::conflict(phrase.arg("max", max)))
}

fn too_fast(limited: RateLimited, key: &'static str) -> Error {
    Error { message: Phrase::new(key), ..limited.into() }
}
