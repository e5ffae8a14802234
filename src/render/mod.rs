//! What pages show: the fragments of a room and the words of every language.
//!
//! - [`message()`]: a message, wherever it is shown. Its live fragment is the same bytes for all readers, and depends on
//!   this message only: what concerns the reader is marked by the page's script.
//! - [`entered`], [`left`]: notices that are not in the log. [`roster()`]: who is online.
//! - [`words`]: the catalogue of texts.

mod fragment;
mod message;
mod notice;
mod roster;
pub mod words;

pub use message::{Viewer, message, reply};
pub use notice::{entered, left, notice_patterns};
pub use roster::{Roster, roster};
pub use words::Language;
