//! The JSON of administration.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    domain::{AuditEntry, Fields, Phrase},
    security::account_schema::RoleName,
    store::{SortByActivity, SortUsersBy, UserLine},
    web::{Error, Result},
};

/// Most entries of an answer.
const MAX: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AdminUsersQuery {
    /// Part of a userID, name, e-mail address or phone number.
    #[serde(default)]
    pub q: String,
    #[serde(default)]
    #[param(value_type = Option<SortName>, inline)]
    pub sort: String,
    /// In descending order.
    #[serde(default)]
    pub desc: bool,
    /// At most this many, 1–100.
    #[serde(default = "twenty")]
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub limit: u32,
    /// Leave out this many.
    #[serde(default)]
    #[param(default = 0, minimum = 0)]
    pub offset: u32,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the strings that the handler parses")]
pub enum SortName {
    #[schema(rename = "userID")]
    UserId,
    Name,
    Email,
    Created,
    LastSeen,
    Messages,
}

impl AdminUsersQuery {
    /// # Errors
    /// 422 at `sort` if there is no such order.
    pub fn order(&self) -> Result<(SortUsersBy, Option<SortByActivity>)> {
        order(&self.sort).ok_or_else(|| {
            let reason = Phrase::english("Use userID, name, email, created, lastSeen or messages.");
            Error::invalid(Fields::one("sort", reason))
        })
    }
}

/// What a table of users is sorted by; by userID if nothing is given. `None` if there is no such order.
pub(super) fn order(raw: &str) -> Option<(SortUsersBy, Option<SortByActivity>)> {
    Some(match raw {
        "" | "userID" => (SortUsersBy::UserId, None),
        "name" => (SortUsersBy::Name, None),
        "email" => (SortUsersBy::Email, None),
        "created" => (SortUsersBy::Created, None),
        "lastSeen" => (SortUsersBy::UserId, Some(SortByActivity::LastSeen)),
        "messages" => (SortUsersBy::UserId, Some(SortByActivity::Messages)),
        _ => return None,
    })
}

fn twenty() -> u32 {
    20
}

/// # Errors
/// 422 at `limit` if it is not 1–[`MAX`].
pub(super) fn check_limit(limit: u32) -> Result<()> {
    if (1..=MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(Fields::one("limit", Phrase::english("Use 1 to 100."))))
}

#[derive(Serialize, ToSchema)]
pub struct AdminUser {
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    email: String,
    phone: String,
    #[schema(value_type = RoleName)]
    role: &'static str,
    disabled: bool,
    #[serde(rename = "createdAt")]
    #[schema(format = DateTime)]
    created_at: String,
    /// When the user was last online; `null` if that is not known, or if the user does not show it.
    #[serde(rename = "lastSeen")]
    #[schema(format = DateTime)]
    last_seen: Option<String>,
    /// The messages that the user has posted in the rooms that you may read, deleted ones included.
    messages: u64,
}

impl From<UserLine> for AdminUser {
    fn from(UserLine { user, last_seen, messages }: UserLine) -> Self {
        Self {
            user_id: user.user_id.to_string(),
            name: user.name.to_string(),
            email: user.email.to_string(),
            phone: user.phone.to_string(),
            role: user.role.as_str(),
            disabled: user.disabled,
            created_at: user.created_at.rfc3339(),
            last_seen: last_seen.map(crate::domain::Timestamp::rfc3339),
            messages,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AdminUsersResponse {
    pub users: Vec<AdminUser>,
    /// The number of all users that match.
    pub total: u64,
}

#[derive(Serialize, ToSchema)]
pub struct LinkResponse {
    /// The address to give to the user.
    pub url: String,
    /// Until when it works.
    #[schema(format = DateTime)]
    pub expires: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// At most this many, 1–100.
    #[serde(default = "twenty")]
    #[param(default = 20, minimum = 1, maximum = 100)]
    pub limit: u32,
    /// Entries before this id.
    pub before: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct EntryResponse {
    id: String,
    #[schema(format = DateTime)]
    at: String,
    /// The userID that the admin had; of `login-link-used`, the user's. `natter user` from the shell.
    admin: String,
    #[schema(value_type = ActionName)]
    action: &'static str,
    /// The userID that the user had, or the name that the room had.
    subject: String,
    /// The new role; `messages` if they were deleted too; whose role in the room changed, and the new role; who was
    /// removed from the room; the room's new name; `on` or `off` for everyone; the `seq` of the deleted message. Else
    /// empty.
    detail: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes the strings of `AuditAction`")]
pub enum ActionName {
    UserCreated,
    UserEdited,
    RoleChanged,
    PasswordSet,
    UserDisabled,
    UserEnabled,
    UserLoggedOut,
    LoginLinkMade,
    LoginLinkUsed,
    UserDeleted,
    RoomArchived,
    RoomUnarchived,
    RoomDeleted,
    RoomRoleChanged,
    RoomMemberRemoved,
    RoomRenamed,
    RoomTopicChanged,
    RoomOpened,
    RoomClosed,
    RoomEveryoneChanged,
    MessageDeleted,
    Unknown,
}

impl From<&AuditEntry> for EntryResponse {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.id.at().rfc3339(),
            admin: entry.admin.clone(),
            action: entry.action.as_str(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AuditResponse {
    pub entries: Vec<EntryResponse>,
    /// The address of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
