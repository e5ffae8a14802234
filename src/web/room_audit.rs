//! What admins do to rooms, for the audit list. Only of open rooms: a closed one does not exist for other admins.

use super::{AppState, Result};
use crate::{
    domain::{AuditAction, AuditEntry, RoomAction, RoomKind},
    store::Access,
};

/// The entry for a command that the admin of `access` gives; `None` if it is not listed.
///
/// # Errors
/// The store's.
pub async fn entry(state: &AppState, access: &Access, command: &RoomAction) -> Result<Option<AuditEntry>> {
    let (action, user) = match command {
        RoomAction::Archive => (AuditAction::RoomArchived, None),
        RoomAction::Unarchive => (AuditAction::RoomUnarchived, None),
        RoomAction::Delete => (AuditAction::RoomDeleted, None),
        RoomAction::SetRole(user, _) => (AuditAction::RoomRoleChanged, Some(*user)),
        _ => return Ok(None),
    };
    if !access.is_admin() {
        return Ok(None);
    }
    let room = state.store.room(access).await?;
    if room.kind != RoomKind::Open {
        return Ok(None);
    }
    let named: Vec<_> = user.into_iter().chain([access.user()]).collect();
    let people = state.store.people(&named).await?;
    let id = |key| people.iter().find(|person| person.key == key).map(|person| person.user_id.clone());
    let admin = id(access.user()).unwrap_or_default();
    let whom = user.and_then(id).unwrap_or_default();
    Ok(Some(AuditEntry::new(&admin, action, &room.name).with_detail(whom)))
}

/// Adds the entry of a command that was carried out. The room's log has the command in any case, so a failure is only
/// logged.
pub async fn record(state: &AppState, entry: Option<AuditEntry>) {
    let Some(entry) = entry else { return };
    if let Err(error) = state.store.record(entry).await {
        tracing::warn!(%error, "audit entry of a room failed");
    }
}
