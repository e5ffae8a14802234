//! The search for messages: what a text is found by, what a query means, and how the index is asked.
//!
//! A text is cut into [`tokens()`], which ignore case and accents ([`fold()`]). A [`Query`] is parsed from what
//! somebody typed. [`Query::matches_text`] defines which texts it finds; an FTS5 index is asked the same.
//!
//! An [`Index`] is a file that is fed with [`Document`]s, and a [`Reader`] finds them: the search is one more reader of
//! the rooms' logs. A [`Comparison`] says whether both have the same.

mod best;
mod comparison;
mod dirty;
mod document;
mod error;
mod feed;
mod filters;
mod finder;
mod fold;
mod fts;
mod index;
mod index_file;
mod logs;
mod matching;
mod merge;
mod message;
mod pace;
mod places;
mod plan;
mod progress;
mod query;
mod reader;
mod request;
mod scan;
mod script;
mod segments;
mod shared;
mod snippet;
mod starts;
mod tokens;
mod worker;

#[cfg(test)]
mod index_properties;
#[cfg(test)]
mod properties;

pub use comparison::Comparison;
use dirty::Dirty;
pub use document::{Document, Flags};
pub use error::{Error, Result};
use feed::Feed;
pub use filters::{Filter, Filters, Has, Is};
pub use finder::{Finder, Order, Search};
pub use fold::{fold, original_len};
pub use fts::index_text;
pub use index::{Index, RoomChanges};
pub use matching::hits;
pub use message::{flags, searched_text};
use progress::Progress;
pub use query::{Query, Term};
pub use reader::Reader;
pub use request::{Found, Hit, Request, Rooms};
pub use shared::Shared;
pub use snippet::{Piece, snippet};
pub use tokens::{Kind, Token, Tokens, tokens};
