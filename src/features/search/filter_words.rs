//! What filters and their values are called: keys of the catalogue.

use crate::search::{Has, Is};

/// Values, each with its word.
pub type Words = Vec<(&'static str, &'static str)>;

/// The filters in the order in which they are offered, each with what it takes.
pub const KEYS: [(&str, &str); 6] = [
    ("from", "search-key-from"),
    ("in", "search-key-in"),
    ("before", "search-key-before"),
    ("after", "search-key-after"),
    ("has", "search-key-has"),
    ("is", "search-key-is"),
];

/// The values of `has:`, each with its word.
pub fn has() -> Words {
    let word = |has| match has {
        Has::File => "search-has-file",
        Has::Image => "search-has-image",
        Has::Link => "search-has-link",
        Has::Code => "search-has-code",
    };
    Has::ALL.into_iter().map(|has| (has.name(), word(has))).collect()
}

/// The values of `is:`, each with its word.
pub fn is() -> Words {
    let word = |is| match is {
        Is::Pinned => "search-is-pinned",
        Is::Mine => "search-is-mine",
        Is::Reply => "search-is-reply",
    };
    Is::ALL.into_iter().map(|is| (is.name(), word(is))).collect()
}
