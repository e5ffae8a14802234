//! The state of an import.

use std::collections::HashMap;

use super::report::Report;
use crate::{
    domain::UserKey,
    store::{NodeDatabase, PasswordHash, Store},
};

/// The account that gets the messages of a document.
#[derive(Clone)]
pub struct Owner {
    pub key: UserKey,
    /// The account's name in the report.
    pub label: String,
}

/// `accounts` and `messages` add its methods.
pub struct Importer<'a> {
    pub source: &'a NodeDatabase,
    pub store: &'a dyn Store,
    pub report: Report,
    /// A hash that no password matches.
    pub unusable_hash: PasswordHash,
    /// By the id of their document.
    pub owners: HashMap<String, Owner>,
}
