//! The entries of the audit list, and login links, as documents.

use mongodb::bson::{self, Binary, DateTime, Document, doc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bson_values::{bson_binary, bson_date, timestamp};
use crate::{
    domain::{AuditAction, AuditEntry, AuditId, Timestamp},
    store::LoginLink,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditDoc {
    #[serde(rename = "_id")]
    pub id: bson::Uuid,
    pub admin: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
}

pub fn bson_audit_id(id: AuditId) -> bson::Uuid {
    bson::Uuid::from_bytes(id.0.into_bytes())
}

impl From<&AuditEntry> for AuditDoc {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            id: bson_audit_id(entry.id),
            admin: entry.admin.clone(),
            action: entry.action.as_str().to_owned(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
        }
    }
}

impl From<AuditDoc> for AuditEntry {
    fn from(doc: AuditDoc) -> Self {
        Self {
            id: AuditId(Uuid::from_bytes(doc.id.bytes())),
            admin: doc.admin,
            action: AuditAction::stored(&doc.action),
            subject: doc.subject,
            detail: doc.detail,
        }
    }
}

/// The login link in the document of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkDoc {
    pub hash: Binary,
    pub expires: DateTime,
}

impl LinkDoc {
    pub fn new(link: LoginLink) -> Self {
        Self { hash: bson_binary(&link.hash), expires: bson_date(link.expires) }
    }

    /// `None` if natter has not written it.
    pub fn read(self) -> Option<LoginLink> {
        Some(LoginLink { hash: self.hash.bytes.try_into().ok()?, expires: timestamp(self.expires) })
    }
}

/// The filter for the account with this login link.
pub fn linked(hash: &[u8; 32], now: Timestamp) -> Document {
    doc! {
        "loginLink.hash": bson_binary(hash), "loginLink.expires": { "$gt": bson_date(now) },
        "disabled": { "$ne": true },
    }
}
