//! The limits of rooms and their members. They are checked before the change, so changes at the same time can exceed them
//! by a few.

use super::{AppState, Error, Result};
use crate::{
    domain::{Phrase, UserKey},
    security::limits::RateLimited,
    store::Access,
};

/// Checks that `creator` may create one more room, and counts it against the rate.
///
/// # Errors
/// 409 if there are as many rooms as there may be, 429 if the user creates rooms too fast.
pub async fn check_new_room(state: &AppState, creator: UserKey) -> Result<()> {
    let max = state.settings.rooms.max_rooms;
    if state.store.room_count().await? >= max.into() {
        return Err(Error::conflict(Phrase::new("too-many-rooms").arg("max", u64::from(max))));
    }
    state.logins.limits.room(creator).map_err(|limited| too_fast(limited, "too-many-new-rooms"))
}

/// Checks that a room may have `members` members.
///
/// # Errors
/// 409 if these are more than there may be.
pub fn check_members(state: &AppState, members: u64) -> Result<()> {
    let max = u64::from(state.settings.rooms.max_members);
    match members <= max {
        true => Ok(()),
        false => Err(Error::conflict(Phrase::new("too-many-members").arg("max", max))),
    }
}

/// Checks that the room may have one more member, `user`, whom `access`'s user adds. `user_id` is shown if it is another
/// user.
///
/// # Errors
/// 409 if the room has as many members as it may have, or the user is in as many rooms; 429 if members are added too
/// fast.
pub async fn check_new_member(state: &AppState, access: &Access, user: UserKey, user_id: &str) -> Result<()> {
    if state.store.room(access).await?.everyone {
        return Ok(());
    }
    state.logins.limits.join(access.user()).map_err(|limited| too_fast(limited, "too-many-joins"))?;
    check_members(state, state.store.member_count(access).await? + 1)?;
    check_rooms_of(state, user, (user != access.user()).then_some(user_id)).await
}

/// Checks a post, which makes its author a member of the room if they are none yet.
///
/// # Errors
/// As [`check_new_member`].
pub async fn check_post(state: &AppState, access: &Access) -> Result<()> {
    let user = access.user();
    // the access may be older than the membership
    if access.is_member() || !state.store.members_among(access, &[user]).await?.is_empty() {
        return Ok(());
    }
    check_new_member(state, access, user, "").await
}

/// Checks that `user` may become a member of one more room. `user_id` is that of somebody other than the one who asks.
///
/// # Errors
/// 409 if the user is in as many rooms as one may be.
pub async fn check_rooms_of(state: &AppState, user: UserKey, user_id: Option<&str>) -> Result<()> {
    let max = u64::from(state.settings.rooms.max_rooms_of_user);
    if state.store.room_count_of(user).await? < max {
        return Ok(());
    }
    let phrase = match user_id {
        None => Phrase::new("too-many-own-rooms"),
        Some(user_id) => Phrase::new("too-many-rooms-of-user").arg("user", user_id.to_owned()),
    };
    Err(Error::conflict(phrase.arg("max", max)))
}

fn too_fast(limited: RateLimited, key: &'static str) -> Error {
    Error { message: Phrase::new(key), ..limited.into() }
}
