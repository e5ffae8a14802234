//! What pages show: the fragments of a room and the words of every language.
//!
//! - [`message()`]: a message or a notice of the log, wherever it is shown. Its live fragment is the same bytes for all
//!   readers, and depends on this message only: what concerns the reader is marked by the page's script.
//! - [`reacted()`]: who gave or took back a reaction.
//! - [`files()`]: the files of a message. [`file_address`], [`thumbnail_address`]: where they are.
//! - [`TextCache`]: the texts of messages, which are Markdown, rendered.
//! - [`entered`], [`left`]: notices that are not in the log. [`roster()`]: who is online.
//! - [`Avatar`]: what stands for a user.
//! - [`words`]: the catalogue of texts.

mod avatar;
mod files;
mod fragment;
mod markdown;
mod message;
mod more;
mod notice;
mod presence_notice;
mod reacted;
mod roster;
mod script_words;
mod text_cache;
mod viewer;
pub mod words;

pub use avatar::Avatar;
pub use files::{file_address, files, size_text, thumbnail_address};
pub use markdown::Rendered;
pub use message::{PageRow, beginning, follows, message, pending_row, row};
pub use more::{newer_link, older_link};
pub use presence_notice::{entered, left};
pub use reacted::reacted;
pub use roster::{Roster, roster};
pub use script_words::script_words;
pub use text_cache::TextCache;
pub use viewer::Viewer;
pub use words::Language;
