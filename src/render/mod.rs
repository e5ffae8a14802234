//! What pages show: the fragments of the log and the words of every language.
//!
//! - [`fragments`]: the HTML of a message, a notice and the roster, each with one template.
//! - [`words`]: the catalogue of texts.

pub mod fragments;
pub mod words;

pub use fragments::{LIVE, NOTICE_NAMES, Roster, entered, left, message, roster};
pub use words::Language;
