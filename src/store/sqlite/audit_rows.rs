//! The entries of the audit list as rows.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::domain::{AuditAction, AuditEntry, AuditId};

/// The columns that [`entry`] reads.
pub const AUDIT_COLUMNS: &str = "id, admin, action, subject, detail";

pub fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: AuditId(Uuid::from_bytes(row.get(0)?)),
        admin: row.get(1)?,
        action: AuditAction::stored(row.get_ref(2)?.as_str()?),
        subject: row.get(3)?,
        detail: row.get(4)?,
    })
}

pub fn insert_entry(c: &Connection, entry: &AuditEntry) -> rusqlite::Result<()> {
    let id = entry.id.0.as_bytes();
    let values = params![id, entry.admin, entry.action.as_str(), entry.subject, entry.detail];
    let insert = format!("INSERT INTO audit ({AUDIT_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)");
    c.prepare_cached(&insert)?.execute(values).map(drop)
}
