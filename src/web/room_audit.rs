//! What admins do to rooms, for the audit list. Only of open rooms: a closed one does not exist for other admins.

use super::AppState;
use crate::{
    domain::{Action, AuditAction, AuditEntry, Command, RoomAction, RoomId, RoomKind, UserKey},
    store::{self, Access, Changed},
};

/// Gives a command to the room, and adds its entry to the audit list.
///
/// The entry of a deletion is written first: nothing else is left of the room, so one entry too many is better than one
/// too few. The other entries are written after the commit. The room's log has these commands in any case, so a failure
/// is only logged.
///
/// # Errors
/// The store's.
pub async fn change(state: &AppState, access: &Access, action: Action) -> store::Result<Changed> {
    let mut entry = entry(state, access, &action).await?;
    if matches!(action, Action::Room(RoomAction::Delete))
        && let Some(entry) = entry.take()
    {
        state.store.record(entry).await?;
    }
    let changed = state.store.change(access, Command::new(action)).await?;
    if let Some(entry) = entry.filter(|_| !changed.repeat)
        && let Err(error) = state.store.record(entry).await
    {
        tracing::warn!(%error, "audit entry of a room failed");
    }
    Ok(changed)
}

/// What the list has of a command: the act, whom it is about, and the rest of the detail.
type Listed = (AuditAction, Option<UserKey>, String);

/// The entry for a command that the admin of `access` gives; `None` if it is not listed.
async fn entry(state: &AppState, access: &Access, command: &Action) -> store::Result<Option<AuditEntry>> {
    if !access.is_admin() {
        return Ok(None);
    }
    let listed = match command {
        Action::Room(command) => listed(command),
        Action::Delete { seq } => deleted(state, access, *seq).await?,
        _ => None,
    };
    let Some((action, user, more)) = listed else { return Ok(None) };
    let room = state.store.room(access).await?;
    let is_open = room.kind == RoomKind::Open || action == AuditAction::RoomOpened;
    // nobody deletes the lobby
    if !is_open || (action == AuditAction::RoomDeleted && room.id == RoomId::lobby()) {
        return Ok(None);
    }
    let named: Vec<_> = user.into_iter().chain([access.user()]).collect();
    let people = state.store.people(&named).await?;
    let id = |key| people.iter().find(|person| person.key == key).map(|person| person.user_id.clone());
    let admin = id(access.user()).unwrap_or_default();
    let detail = match user {
        None => more,
        Some(user) if more.is_empty() => id(user).unwrap_or_default(),
        Some(user) => format!("{} {more}", id(user).unwrap_or_default()),
    };
    Ok(Some(AuditEntry::new(&admin, action, &room.name).with_detail(detail)))
}

fn listed(command: &RoomAction) -> Option<Listed> {
    let plain = |action| Some((action, None, String::new()));
    match command {
        RoomAction::Archive => plain(AuditAction::RoomArchived),
        RoomAction::Unarchive => plain(AuditAction::RoomUnarchived),
        RoomAction::Delete => plain(AuditAction::RoomDeleted),
        RoomAction::Open => plain(AuditAction::RoomOpened),
        // the entry is made before the change, so the room still is open
        RoomAction::Close => plain(AuditAction::RoomClosed),
        RoomAction::SetTopic(_) => plain(AuditAction::RoomTopicChanged),
        RoomAction::Rename(name) => Some((AuditAction::RoomRenamed, None, name.clone().into_string())),
        RoomAction::SetEveryone(everyone) => {
            Some((AuditAction::RoomEveryoneChanged, None, if *everyone { "on" } else { "off" }.to_owned()))
        }
        RoomAction::SetRole(user, role) => Some((AuditAction::RoomRoleChanged, Some(*user), role.as_str().to_owned())),
        RoomAction::Remove(user) => Some((AuditAction::RoomMemberRemoved, Some(*user), String::new())),
        RoomAction::Add(_) | RoomAction::Leave => None,
    }
}

/// Of the deletion of a message, if somebody else wrote it. Its text is never listed.
async fn deleted(state: &AppState, access: &Access, seq: u64) -> store::Result<Option<Listed>> {
    let message = state.store.message(access, seq).await?;
    let others = message.filter(|message| message.author_key != access.user() && message.text().is_some());
    Ok(others.map(|_| (AuditAction::MessageDeleted, None, seq.to_string())))
}
