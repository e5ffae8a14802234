//! Deleting an account, with its entry in the audit list if an admin does it.

use super::{AppState, Result};
use crate::{
    domain::{AuditAction, AuditEntry, User},
    store::MessageRetention,
};

/// Deletes the account of `user` for `me`: the same user, or an admin.
///
/// # Errors
/// 404 if the account is deleted already, 409 if no admin would be left.
pub async fn delete_account(state: &AppState, me: &User, user: &User, messages: MessageRetention) -> Result<()> {
    if me.key == user.key && !me.is_admin() {
        return Ok(state.store.delete_user(user.key, messages).await?);
    }
    let detail = if messages == MessageRetention::Delete { "messages" } else { "" };
    let entry = AuditEntry::of_account(me, AuditAction::UserDeleted, user).with_detail(detail);
    Ok(state.store.delete_user_by_admin(user.key, messages, entry).await?)
}
