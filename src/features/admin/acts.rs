//! Disabling an account, logging a user out everywhere, and making a login link.

use axum::http::{HeaderMap, header};

use crate::{
    domain::{AuditAction, AuditEntry, Phrase, Timestamp, User},
    web::{AppState, Error, IsHttps, Result},
};

/// Disables the account of `user`, or enables it.
///
/// # Errors
/// 409 if `user` is the admin, or if no admin would be left who can log in; 404 if the account is deleted.
pub(super) async fn set_disabled(state: &AppState, admin: &User, user: &User, disabled: bool) -> Result<()> {
    if disabled && admin.key == user.key {
        return Err(Error::conflict(Phrase::new("own-account-disabled")));
    }
    let action = if disabled { AuditAction::UserDisabled } else { AuditAction::UserEnabled };
    state.store.set_disabled(user.key, disabled, AuditEntry::of_account(admin, action, user)).await?;
    Ok(())
}

/// Ends all sessions and tokens of `user`.
///
/// # Errors
/// 404 if the account is deleted.
pub(super) async fn log_out(state: &AppState, admin: &User, user: &User) -> Result<()> {
    state.store.log_out(user.key, AuditEntry::of_account(admin, AuditAction::UserLoggedOut, user)).await?;
    Ok(())
}

/// A login link, as only the answer to its making has it.
pub(super) struct FullLink {
    pub url: String,
    pub expires: Timestamp,
}

/// Makes a login link for `user`, in place of an earlier one.
///
/// # Errors
/// 409 if `user` is the admin, whose new password needs the current one, or if the account is disabled; 404 if it is
/// deleted.
pub(super) async fn make_link(
    state: &AppState,
    headers: &HeaderMap,
    is_https: IsHttps,
    admin: &User,
    user: &User,
) -> Result<FullLink> {
    if admin.key == user.key {
        return Err(Error::conflict(Phrase::new("own-password")));
    }
    if user.disabled {
        return Err(Error::conflict(Phrase::new("link-disabled")));
    }
    let link = state.logins.make_link(admin, user).await?;
    let url = format!("{}/login/link?token={}", auth_address(state, headers, is_https), link.secret);
    Ok(FullLink { url, expires: link.expires })
}

/// The address of the auth server: the configured one, else the one that the request was sent to.
fn auth_address(state: &AppState, headers: &HeaderMap, IsHttps(is_https): IsHttps) -> String {
    let sites = &state.settings.sites;
    let configured = if sites.are_apart() { Some(&sites.auth) } else { sites.trusted.first() };
    configured.cloned().unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        format!("{}://{host}", if is_https { "https" } else { "http" })
    })
}
