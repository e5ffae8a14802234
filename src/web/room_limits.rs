//! Who may create rooms, and the limits of rooms and their members. These are checked before the change, so changes at
//! the same time can exceed them by a few.

use super::{AppState, Error, Result};
use crate::{
    domain::{Phrase, Room, User, UserKey},
    security::limits::RateLimited,
    store::Access,
};

/// Whether the user may create open and closed rooms.
pub fn may_create_rooms(state: &AppState, user: &User) -> bool {
    user.is_admin() || !state.settings.rooms.only_admins_create
}

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

/// Checks that the room may have these users as members too, by key and userID.
///
/// # Errors
/// 409 if the room would have more members than it may have, or one of them is in as many rooms as one may be.
pub async fn check_new_members(
    state: &AppState,
    access: &Access,
    room: &Room,
    users: &[(UserKey, &str)],
) -> Result<()> {
    if room.everyone {
        return Ok(());
    }
    check_members(state, state.store.member_count(access).await? + users.len() as u64)?;
    check_rooms_of(state, access.user(), users).await
}

/// Counts a new member of a room against the rate of the user who adds them, or who joins.
///
/// # Errors
/// 429 if the user does it too fast.
pub fn count_new_member(state: &AppState, access: &Access) -> Result<()> {
    state.logins.limits.join(access.user()).map_err(|limited| too_fast(limited, "too-many-joins"))
}

/// Checks a post, which makes its author a member of the room if they are none yet.
///
/// # Errors
/// As [`check_new_members`] and [`count_new_member`].
pub async fn check_post(state: &AppState, access: &Access) -> Result<()> {
    let user = access.user();
    // the access may be older than the membership
    if access.is_member() || !state.store.members_among(access, &[user]).await?.is_empty() {
        return Ok(());
    }
    let room = state.store.room(access).await?;
    if room.archived {
        return Ok(()); // the rules refuse the post
    }
    check_new_members(state, access, &room, &[(user, "")]).await?;
    count_new_member(state, access)
}

/// Checks that each of these users, by key and userID, may become a member of one more room. `asking`: the one who asks.
///
/// # Errors
/// 409 if one of them is in as many rooms as one may be.
pub async fn check_rooms_of(state: &AppState, asking: UserKey, users: &[(UserKey, &str)]) -> Result<()> {
    let max = u64::from(state.settings.rooms.max_rooms_of_user);
    let keys: Vec<UserKey> = users.iter().map(|(key, _)| *key).collect();
    let counts = state.store.room_counts(&keys).await?;
    let Some(((user, user_id), _)) = users.iter().zip(counts).find(|(_, count)| *count >= max) else {
        return Ok(());
    };
    let phrase = match *user == asking {
        true => Phrase::new("too-many-own-rooms"),
        false => Phrase::new("too-many-rooms-of-user").arg("user", (*user_id).to_owned()),
    };
    Err(Error::conflict(phrase.arg("max", max)))
}

fn too_fast(limited: RateLimited, key: &'static str) -> Error {
    Error { message: Phrase::new(key).arg("max", u64::from(limited.max.get())), ..limited.into() }
}
