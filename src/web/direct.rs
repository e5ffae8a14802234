//! Direct rooms: one for each set of 1–10 users, oneself included.

use super::{
    AppState, Error, Result,
    change::{Draft, count, post_counted},
    named_users::{refuse_disabled, with_me},
    room_limits::{check_new_room, check_rooms_of},
};
use crate::{
    domain::{Fields, Phrase, Room, RoomKind, User, UserKey},
    store::NewRoom,
};

/// Most members of a direct room.
pub const MAX_MEMBERS: usize = 10;

/// The members of a direct room between `me` and `users`, each once.
///
/// # Errors
/// 422 at `members` if they are too many.
pub fn members(me: &User, users: &[User]) -> Result<Vec<UserKey>> {
    let mut keys: Vec<UserKey> = users.iter().map(|user| user.key).chain([me.key]).collect();
    keys.sort_unstable();
    keys.dedup();
    match keys.len() <= MAX_MEMBERS {
        true => Ok(keys),
        false => Err(Error::invalid(Fields::one("members", Phrase::new("direct-members").arg("max", MAX_MEMBERS)))),
    }
}

/// The direct room of `me` and `users`, and whether it is new.
///
/// # Errors
/// 422 at `members` if they are too many, or if one is disabled and the room is new; 409 if a limit is reached, 429 if the
/// user creates rooms too fast.
pub async fn open(state: &AppState, me: &User, users: &[User]) -> Result<(Room, bool)> {
    let members = members(me, users)?;
    if let Some(room) = state.store.direct_room(&members).await? {
        return Ok((room, false));
    }
    refuse_disabled(users)?;
    check_rooms_of(state, me.key, &with_me(me, users)).await?;
    check_new_room(state, me.key).await?;
    let (name, topic) = (String::new(), String::new());
    let new = NewRoom { kind: RoomKind::Direct, name, topic, owner: me.key, members };
    Ok((state.store.create_room(new).await?, true))
}

/// Posts to the direct room of `me` and `users`, which it creates if there is none. A message that is refused creates
/// nothing. Returns the room's address.
///
/// # Errors
/// Those of [`open`] and of [`change::post`](super::change::post).
pub async fn post(state: &AppState, me: &User, users: &[User], draft: Draft<'_>) -> Result<String> {
    let checked = draft.check()?;
    count(state, me.key)?;
    let (room, _) = open(state, me, users).await?;
    let access = state.store.access(me, &room.id).await?;
    post_counted(state, &access, checked, None).await?;
    Ok(format!("/rooms/{}", room.id.as_str()))
}
