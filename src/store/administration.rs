//! What admins do to accounts, and the list of what they did. Each act on an account is committed together with
//! its entry in the list.

use async_trait::async_trait;

use super::{MessageRetention, Result, UserSearch};
use crate::domain::{AuditAction, AuditEntry, AuditId, Room, Timestamp, User, UserKey};

/// How long an entry of the audit list is kept, in seconds.
pub const AUDIT_LIFETIME_SECS: i64 = 365 * 24 * 3600;

/// A link with which a user logs in once without a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLink {
    /// The hash of the link's secret, so that a reader of the database cannot use it.
    pub hash: [u8; 32],
    pub expires: Timestamp,
}

/// A user in the table of admins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLine {
    pub user: User,
    /// When the user was last online; `None` if unknown, or if the user does not show it.
    pub last_seen: Option<Timestamp>,
    /// The texts that the user has posted, deleted ones included, in the rooms that the reader of the table may read.
    pub messages: u64,
}

/// What a table of users can be sorted by beside what a search can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortByActivity {
    /// Those of whom it is not known come first.
    LastSeen,
    Messages,
}

/// An open room in the list of admins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomLine {
    pub room: Room,
    /// The number of its members, counted up to [`MAX_COUNTED_MEMBERS`](super::MAX_COUNTED_MEMBERS).
    pub members: u64,
    /// The texts posted in it, deleted ones included.
    pub messages: u64,
    /// When the latest message was posted; in an empty room, when the room was created.
    pub latest_at: Timestamp,
}

#[async_trait]
pub trait Administration {
    /// One page of the matching users for `reader`, and the number of all matching users. `by` takes the place of the
    /// search's own order.
    async fn user_table(
        &self,
        reader: &User,
        search: &UserSearch,
        by: Option<SortByActivity>,
    ) -> Result<(Vec<UserLine>, u64)>;
    /// Disables or enables an account. A disabled one has no valid token, session or login link, and gets none. Nothing
    /// is written if it is so already.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such user,
    /// [`Error::Conflict`](super::Error::Conflict) if no admin would be left who is not disabled.
    async fn set_disabled(&self, key: UserKey, disabled: bool, entry: AuditEntry) -> Result<User>;
    /// Raises [`User::version`], which voids every token and session of the user, and voids the login link.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such user.
    async fn log_out(&self, key: UserKey, entry: AuditEntry) -> Result<User>;
    /// Gives the user a login link, in place of an earlier one. A new password, the disabling of the account and a logout
    /// everywhere void it.
    ///
    /// # Errors
    /// [`Error::NotFound`](super::Error::NotFound) if there is no such user, or it is disabled.
    async fn set_login_link(&self, key: UserKey, link: LoginLink, entry: AuditEntry) -> Result<()>;
    /// The user of a login link that is valid at `now`.
    async fn login_link_user(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>>;
    /// The same, voids the link and adds the use to the audit list: of several calls, only one gets the user.
    async fn use_login_link(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<User>>;
    /// As [`Users::delete_user`](super::Users::delete_user), by an admin.
    ///
    /// # Errors
    /// Those of [`Users::delete_user`](super::Users::delete_user).
    async fn delete_user_by_admin(&self, key: UserKey, messages: MessageRetention, entry: AuditEntry) -> Result<()>;
    /// Adds an entry of its own to the audit list, for what is committed elsewhere.
    async fn record(&self, entry: AuditEntry) -> Result<()>;
    /// The latest `limit` entries before `before`, the latest first.
    async fn audit(&self, before: Option<AuditId>, limit: u32) -> Result<Vec<AuditEntry>>;
    /// The open rooms, as [`Rooms::open_rooms`](super::Rooms::open_rooms) finds them.
    async fn room_table(&self, search: &str, after: Option<&str>, limit: u32) -> Result<Vec<RoomLine>>;
}

/// The entry for the use of a login link: the user does it.
pub(super) fn link_used(user_id: &str) -> AuditEntry {
    AuditEntry::new(user_id, AuditAction::LoginLinkUsed, user_id)
}
