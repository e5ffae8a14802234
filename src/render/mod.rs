//! What the log looks like: the HTML fragments of messages, notices and the roster.
//!
//! - [`fragments`]: one template for a message, wherever it is shown; notices; the list of who is online.

pub mod fragments;

pub use fragments::{NOTICE_NAMES, Roster, message, notice, roster};
