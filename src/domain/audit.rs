//! What admins did.

use std::fmt;

use uuid::Uuid;

use super::{Timestamp, User};

/// The id of an entry: a UUIDv7, so that ids are in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditId(pub Uuid);

impl AuditId {
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// `None` if it is no id.
    pub fn parse(raw: &str) -> Option<Self> {
        Uuid::try_parse(raw).ok().map(Self)
    }

    /// The first id that an entry of this time can have.
    pub fn first_at(at: Timestamp) -> Self {
        // a UUIDv7 begins with the milliseconds, in 48 bits
        Self(Uuid::from_u128((at.0.max(0) as u128) << 80))
    }

    /// When the entry was written.
    pub fn at(self) -> Timestamp {
        Timestamp((self.0.as_u128() >> 80) as i64)
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an admin did to an account or a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    UserCreated,
    /// Changed the name, the e-mail address, the phone number or the text about a user.
    UserEdited,
    RoleChanged,
    PasswordSet,
    UserDisabled,
    UserEnabled,
    UserLoggedOut,
    LoginLinkMade,
    /// A user, not an admin, logged in with the link.
    LoginLinkUsed,
    UserDeleted,
    RoomArchived,
    RoomUnarchived,
    RoomDeleted,
    /// Made a member an owner, or an owner a member.
    RoomRoleChanged,
    RoomMemberRemoved,
    RoomRenamed,
    RoomTopicChanged,
    RoomOpened,
    RoomClosed,
    /// Made every account a member, or ended that.
    RoomEveryoneChanged,
    /// Deleted a message of somebody else.
    MessageDeleted,
    /// A later natter wrote it.
    Unknown,
}

impl AuditAction {
    const ALL: [Self; 21] = [
        Self::UserCreated,
        Self::UserEdited,
        Self::RoleChanged,
        Self::PasswordSet,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserLoggedOut,
        Self::LoginLinkMade,
        Self::LoginLinkUsed,
        Self::UserDeleted,
        Self::RoomArchived,
        Self::RoomUnarchived,
        Self::RoomDeleted,
        Self::RoomRoleChanged,
        Self::RoomMemberRemoved,
        Self::RoomRenamed,
        Self::RoomTopicChanged,
        Self::RoomOpened,
        Self::RoomClosed,
        Self::RoomEveryoneChanged,
        Self::MessageDeleted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user-created",
            Self::UserEdited => "user-edited",
            Self::RoleChanged => "role-changed",
            Self::PasswordSet => "password-set",
            Self::UserDisabled => "user-disabled",
            Self::UserEnabled => "user-enabled",
            Self::UserLoggedOut => "user-logged-out",
            Self::LoginLinkMade => "login-link-made",
            Self::LoginLinkUsed => "login-link-used",
            Self::UserDeleted => "user-deleted",
            Self::RoomArchived => "room-archived",
            Self::RoomUnarchived => "room-unarchived",
            Self::RoomDeleted => "room-deleted",
            Self::RoomRoleChanged => "room-role-changed",
            Self::RoomMemberRemoved => "room-member-removed",
            Self::RoomRenamed => "room-renamed",
            Self::RoomTopicChanged => "room-topic-changed",
            Self::RoomOpened => "room-opened",
            Self::RoomClosed => "room-closed",
            Self::RoomEveryoneChanged => "room-everyone-changed",
            Self::MessageDeleted => "message-deleted",
            Self::Unknown => "unknown",
        }
    }

    pub fn stored(raw: &str) -> Self {
        Self::ALL.into_iter().find(|action| action.as_str() == raw).unwrap_or(Self::Unknown)
    }
}

/// An entry of the audit list. It has names and no keys: it says what was true at its time, also of accounts and rooms
/// that do not exist any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: AuditId,
    /// The userID of the admin, or of the user who used a login link; `natter user` from the shell.
    pub admin: String,
    pub action: AuditAction,
    /// The userID of the account, or the name of the room.
    pub subject: String,
    /// The new role; whether messages were deleted too (`messages`); whose role in the room changed, and the new one; who
    /// was removed from the room; the room's new name; whether it has everyone (`on`, `off`); the deleted message's `seq`.
    /// Else empty.
    pub detail: String,
}

impl AuditEntry {
    /// An entry of this moment.
    pub fn new(admin: &str, action: AuditAction, subject: &str) -> Self {
        let (admin, subject) = (admin.to_owned(), subject.to_owned());
        Self { id: AuditId::generate(), admin, action, subject, detail: String::new() }
    }

    /// What `admin` does now to the account of `user`.
    pub fn of_account(admin: &User, action: AuditAction, user: &User) -> Self {
        Self::new(admin.user_id.as_str(), action, user.user_id.as_str())
    }

    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_time() {
        let before = Timestamp::now();
        let (first, second) = (AuditId::generate(), AuditId::generate());
        assert!(first < second);
        assert!(first.at() >= before && first.at() <= Timestamp::now());
        assert!(AuditId::first_at(first.at()) < first && AuditId::first_at(Timestamp(first.at().0 + 1)) > first);
    }

    #[test]
    fn every_action_is_read_again() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::stored(action.as_str()), action);
        }
        assert_eq!(AuditAction::stored("moved"), AuditAction::Unknown);
    }
}
