//! The page with what admins did.

use std::borrow::Cow;

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use serde::Deserialize;

use crate::{
    domain::{AuditAction, AuditEntry, AuditId},
    render::{Language, words::Html},
    web::{Admin, AppState, Query, Result, Shell},
};

/// Entries on a page.
const ROWS: u32 = 50;

#[derive(Template, WebTemplate)]
#[template(path = "admin/audit.html")]
pub struct AuditPage {
    shell: Shell,
    rows: Vec<AuditEntry>,
    /// Whether it begins with an older entry than the latest.
    is_older: bool,
    /// The address of the page with the entries before these.
    older: Option<String>,
}

#[derive(Deserialize)]
pub struct AuditPageQuery {
    before: Option<String>,
}

pub async fn show(
    State(state): State<AppState>,
    language: Language,
    admin: Admin,
    Query(query): Query<AuditPageQuery>,
) -> Result<AuditPage> {
    let before = query.before.as_deref().and_then(AuditId::parse);
    let mut rows = state.store.audit(before, ROWS + 1).await?;
    let has_more = rows.len() > ROWS as usize;
    rows.truncate(ROWS as usize);
    let older = rows.last().filter(|_| has_more).map(|last| format!("/admin/audit?before={}", last.id));
    Ok(AuditPage { shell: Shell::new(&state, language, Some(&admin.0.user)), rows, is_older: before.is_some(), older })
}

impl AuditPage {
    fn day(&self, row: &AuditEntry) -> Cow<'static, str> {
        self.shell.language.day(row.id.at())
    }

    /// What was done, with whom or what it was done to.
    fn act(&self, row: &AuditEntry) -> Html {
        let (subject, detail) = (row.subject.as_str(), row.detail.as_str());
        let shell = &self.shell;
        match row.action {
            AuditAction::UserCreated => shell.html("audit-user-created", &[("id", subject)]),
            AuditAction::UserEdited => shell.html("audit-user-edited", &[("id", subject)]),
            AuditAction::RoleChanged => {
                let role = match detail {
                    "admin" => shell.text("role-admin"),
                    "bot" => shell.text("role-bot"),
                    _ => shell.text("role-member"),
                };
                shell.html("audit-role-changed", &[("id", subject), ("role", &role)])
            }
            AuditAction::PasswordSet => shell.html("audit-password-set", &[("id", subject)]),
            AuditAction::UserDisabled => shell.html("audit-user-disabled", &[("id", subject)]),
            AuditAction::UserEnabled => shell.html("audit-user-enabled", &[("id", subject)]),
            AuditAction::UserLoggedOut => shell.html("audit-user-logged-out", &[("id", subject)]),
            AuditAction::LoginLinkMade => shell.html("audit-login-link-made", &[("id", subject)]),
            AuditAction::LoginLinkUsed => shell.html("audit-login-link-used", &[("id", subject)]),
            AuditAction::UserDeleted if detail == "messages" => {
                shell.html("audit-user-deleted-messages", &[("id", subject)])
            }
            AuditAction::UserDeleted => shell.html("audit-user-deleted", &[("id", subject)]),
            AuditAction::RoomArchived => shell.html("audit-room-archived", &[("room", subject)]),
            AuditAction::RoomUnarchived => shell.html("audit-room-unarchived", &[("room", subject)]),
            AuditAction::RoomDeleted => shell.html("audit-room-deleted", &[("room", subject)]),
            AuditAction::RoomRoleChanged => {
                let (user, role) = detail.split_once(' ').unwrap_or((detail, ""));
                let role = if role == "owner" { shell.text("member-owner") } else { shell.text("role-member") };
                shell.html("audit-room-role-changed", &[("room", subject), ("id", user), ("role", &role)])
            }
            AuditAction::RoomMemberRemoved => {
                shell.html("audit-room-member-removed", &[("room", subject), ("id", detail)])
            }
            AuditAction::RoomRenamed => shell.html("audit-room-renamed", &[("room", subject), ("name", detail)]),
            AuditAction::RoomTopicChanged => shell.html("audit-room-topic-changed", &[("room", subject)]),
            AuditAction::RoomOpened => shell.html("audit-room-opened", &[("room", subject)]),
            AuditAction::RoomClosed => shell.html("audit-room-closed", &[("room", subject)]),
            AuditAction::RoomEveryoneChanged if detail == "on" => {
                shell.html("audit-room-everyone", &[("room", subject)])
            }
            AuditAction::RoomEveryoneChanged => shell.html("audit-room-not-everyone", &[("room", subject)]),
            AuditAction::MessageDeleted => shell.html("audit-message-deleted", &[("room", subject), ("seq", detail)]),
            AuditAction::Unknown => shell.html("audit-unknown", &[("id", subject)]),
        }
    }
}
