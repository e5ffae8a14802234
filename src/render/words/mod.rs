//! The catalogue: every text that a person reads on a page, in every language.
//!
//! - `en.ftl`, `de.ftl`: the texts, in [Fluent](https://projectfluent.org/fluent/guide/). Plurals are chosen by Fluent.
//! - [`Language`]: words a key, or a [`Phrase`](crate::domain::Phrase) of a lower layer.
//! - `check`: the test that every key exists in every language and is used.
//!
//! The JSON API and the command line always speak [`Language::English`]. A day is worded by the `date` text. Other
//! dates and numbers have no forms of their own: fluent-rs brings no formatter for dates.

#[cfg(test)]
mod check;
mod language;

pub use fluent_bundle::FluentValue;
pub use language::{ByLanguage, Html, Language};
