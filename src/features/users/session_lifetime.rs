//! The lifetime of sessions that the users server starts.

use crate::{security::sessions::SessionLifetime, web::Sites};

/// If the auth server is on another host, a session ends with its token: a later login there has another token, and its
/// logout would not end this session.
pub(super) fn session_lifetime(sites: &Sites) -> SessionLifetime {
    if sites.share_cookies() { SessionLifetime::Renewable } else { SessionLifetime::UntilTokenExpires }
}
