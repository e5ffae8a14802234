//! What admins do to accounts, with its entry in the audit list.

use super::{AppState, Result};
use crate::{
    domain::{AuditAction, AuditEntry, User},
    store::MessageRetention,
};

/// The entry for what `admin` does to the account of `user`.
pub fn entry(admin: &User, action: AuditAction, user: &User) -> AuditEntry {
    AuditEntry::new(admin.user_id.as_str(), action, user.user_id.as_str())
}

/// Deletes the account of `user` for `me`: the same user, or an admin.
///
/// # Errors
/// 404 if the account is deleted already, 409 if no admin would be left.
pub async fn delete_account(state: &AppState, me: &User, user: &User, messages: MessageRetention) -> Result<()> {
    if me.key == user.key && !me.is_admin() {
        return Ok(state.store.delete_user(user.key, messages).await?);
    }
    let detail = if messages == MessageRetention::Delete { "messages" } else { "" };
    let entry = entry(me, AuditAction::UserDeleted, user).with_detail(detail);
    Ok(state.store.delete_user_by_admin(user.key, messages, entry).await?)
}
