//! The rules for the room itself and its members. Each change is a notice in the room's log.

use super::{
    messages::new_message,
    refusal::Refusal,
    state::{Change, Members, State},
};
use crate::domain::{Content, MemberRole, Membership, Notice, Room, RoomAction, RoomId, RoomKind, Timestamp, UserKey};

/// The rules that all of these commands have in common, for a user who sees the room. `role`: the user's own, as a
/// member.
///
/// # Errors
/// The [`Refusal`].
pub fn check_right(
    room: &Room,
    user: UserKey,
    role: Option<MemberRole>,
    is_admin: bool,
    action: &RoomAction,
) -> Result<(), Refusal> {
    let is_for_archived =
        matches!(action, RoomAction::Leave | RoomAction::Archive | RoomAction::Unarchive | RoomAction::Delete);
    if room.archived && !is_for_archived {
        return Err(Refusal::Archived);
    }
    if room.kind == RoomKind::Direct {
        return Err(Refusal::IsDirect);
    }
    let joins_open = matches!(action, RoomAction::Add(added) if *added == user) && room.kind == RoomKind::Open;
    if !joins_open && !matches!(action, RoomAction::Leave) && !room.is_managed_by(role, is_admin) {
        return Err(Refusal::NotAllowed);
    }
    Ok(())
}

pub fn apply(state: &State<'_>, action: &RoomAction, at: Timestamp) -> Result<Option<Change>, Refusal> {
    let (room, actor) = (state.room, &state.actor);
    if !actor.is_trusted {
        let role = actor.membership.map(|membership| membership.role);
        check_right(room, actor.key, role, actor.is_admin, action)?;
    }
    match action {
        RoomAction::Add(user) => Ok(add(state, *user, at)),
        RoomAction::Remove(user) => remove(state, *user, at),
        RoomAction::Leave => remove(state, state.actor.key, at),
        RoomAction::SetRole(user, role) => set_role(state, *user, *role, at),
        RoomAction::Rename(name) => {
            let name = name.clone().into_string();
            Ok(change_room(state, at, Notice::Renamed { name: name.clone() }, |room| room.name = name))
        }
        RoomAction::SetTopic(topic) => {
            let topic = topic.clone().into_string();
            Ok(change_room(state, at, Notice::Topic { topic: topic.clone() }, |room| room.topic = topic))
        }
        RoomAction::Open => Ok(change_room(state, at, Notice::Opened, |room| room.kind = RoomKind::Open)),
        RoomAction::Close | RoomAction::Archive if room.everyone => Err(Refusal::HasEveryone),
        RoomAction::Close => Ok(change_room(state, at, Notice::Closed, |room| room.kind = RoomKind::Closed)),
        RoomAction::Archive => Ok(change_room(state, at, Notice::Archived, |room| room.archived = true)),
        RoomAction::Unarchive => Ok(change_room(state, at, Notice::Unarchived, |room| room.archived = false)),
        RoomAction::SetEveryone(_) | RoomAction::Delete if room.id == RoomId::lobby() => Err(Refusal::IsLobby),
        // it concerns every account, so the room's owners alone may not do it
        RoomAction::SetEveryone(_) if !state.actor.is_admin => Err(Refusal::NotAllowed),
        RoomAction::SetEveryone(_) if room.kind != RoomKind::Open => Err(Refusal::NotOpen),
        RoomAction::SetEveryone(true) => Ok(change_room(state, at, Notice::Everyone, |room| room.everyone = true)),
        RoomAction::SetEveryone(false) => Ok(change_room(state, at, Notice::NotEveryone, |room| room.everyone = false)),
        RoomAction::Delete => Ok(change_room(state, at, Notice::Deleted, |room| room.deleted = true)),
    }
}

fn add(state: &State<'_>, user: UserKey, at: Timestamp) -> Option<Change> {
    if state.room.everyone || state.concerned.member.is_some() {
        return None;
    }
    let membership = Membership { user, rev: state.head.rev + 1, role: MemberRole::Member, joined_at: at };
    Some(notice(state, at, Notice::Added { user }, None, vec![(user, Some(membership))]))
}

/// Ends a membership. When the last owner leaves, the member who joined first becomes owner.
fn remove(state: &State<'_>, user: UserKey, at: Timestamp) -> Result<Option<Change>, Refusal> {
    // an account that is deleted passes its room on
    if state.room.everyone && !state.actor.is_trusted {
        return Err(Refusal::HasEveryone);
    }
    if state.concerned.member.is_none() {
        return Ok(None);
    }
    let rev = state.head.rev + 1;
    let heir = state.concerned.successor.as_ref().filter(|successor| successor.role != MemberRole::Owner);
    let mut members: Members = vec![(user, None)];
    members.extend(heir.map(|heir| (heir.user, Some(Membership { rev, role: MemberRole::Owner, ..heir.clone() }))));
    let heir = heir.map(|heir| heir.user);
    let what = match user == state.actor.key {
        true => Notice::Left { heir },
        false => Notice::Removed { user, heir },
    };
    Ok(Some(notice(state, at, what, None, members)))
}

fn set_role(state: &State<'_>, user: UserKey, role: MemberRole, at: Timestamp) -> Result<Option<Change>, Refusal> {
    let membership = state.concerned.member.clone().ok_or(Refusal::NoSuchMember)?;
    if membership.role == role {
        return Ok(None);
    }
    let has_other_owner = state.concerned.successor.as_ref().is_some_and(|other| other.role == MemberRole::Owner);
    if role == MemberRole::Member && !has_other_owner {
        return Err(Refusal::LastOwner);
    }
    let changed = Membership { role, rev: state.head.rev + 1, ..membership };
    Ok(Some(notice(state, at, Notice::Role { user, role }, None, vec![(user, Some(changed))])))
}

/// The change of the room by `edit`; `None` if the room is like that already.
fn change_room(state: &State<'_>, at: Timestamp, what: Notice, edit: impl FnOnce(&mut Room)) -> Option<Change> {
    let mut room = state.room.clone();
    edit(&mut room);
    if room == *state.room {
        return None;
    }
    room.rev = state.head.rev + 1;
    Some(notice(state, at, what, Some(room), Vec::new()))
}

fn notice(state: &State<'_>, at: Timestamp, what: Notice, room: Option<Room>, members: Members) -> Change {
    let message = new_message(state, at, Content::Notice(what));
    Change { message, is_new: true, root: None, room, members }
}
