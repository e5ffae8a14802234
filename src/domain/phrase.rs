//! Texts for users, not yet in any language.

use std::{borrow::Cow, fmt};

/// A text for a user: its key in the catalogue of words, and its arguments. The page that shows it looks up the text in
/// the user's language (`render::words`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    pub key: &'static str,
    pub args: Vec<(&'static str, Arg)>,
}

/// An argument of a [`Phrase`]. A number chooses the plural form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    Number(u64),
    Text(Cow<'static, str>),
}

impl Phrase {
    pub fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    pub fn arg(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// A text that is English in every language, such as a parser's error: only programs and their authors read it.
    pub fn english(text: impl Into<String>) -> Self {
        Self::new("verbatim").arg("text", text.into())
    }
}

impl From<usize> for Arg {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&'static str> for Arg {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

/// Why a value was refused. The text says which value to use instead ("Use 3 to 32 characters.").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(pub Phrase);

impl Invalid {
    pub fn new(key: &'static str) -> Self {
        Self(Phrase::new(key))
    }

    pub fn arg(self, name: &'static str, value: impl Into<Arg>) -> Self {
        Self(self.0.arg(name, value))
    }
}

impl From<Invalid> for Phrase {
    fn from(invalid: Invalid) -> Self {
        invalid.0
    }
}

/// The key alone, for logs.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.key)
    }
}

impl std::error::Error for Invalid {}
