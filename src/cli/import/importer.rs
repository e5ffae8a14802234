//! The state of an import.

use std::collections::HashMap;

use super::report::Report;
use crate::{
    domain::UserKey,
    store::{Database, NodeDatabase, PasswordHash},
};

/// The account that gets the messages of a document of the Node application.
#[derive(Clone)]
pub struct Owner {
    pub key: UserKey,
    /// The account's name in the report.
    pub label: String,
}

/// An import in progress. Its methods are in the modules `accounts`, `messages` and `marks`.
pub struct Importer<'a> {
    pub source: &'a NodeDatabase,
    pub store: &'a dyn Database,
    pub report: Report,
    /// A hash that no password matches.
    pub unusable_hash: PasswordHash,
    /// The owners of the documents' messages, by the documents' ids.
    pub owners: HashMap<String, Owner>,
    /// The `seq` of the last imported message in the lobby.
    pub last_seq: u64,
}
