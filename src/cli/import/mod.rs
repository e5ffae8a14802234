//! `natter import`: imports the data of the Node application that natter replaces, also while natter runs.
//!
//! It can be repeated. An account's key is derived from its document's `_id`. A message's client id is derived from the
//! message's `_id`, time and text. So a later import recognises what was imported before. Messages are appended by
//! [`Transfer::post_all`](crate::store::Transfer::post_all) in order of their time, after the messages that are already
//! in the log.

mod accounts;
mod args;
mod fields;
mod importer;
mod marks;
mod messages;
mod report;
mod run;

pub use args::ImportArgs;
pub(super) use args::NOTES;
pub use run::run;
