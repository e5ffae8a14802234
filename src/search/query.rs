//! What somebody searches for, from what they typed.

use std::fmt;

use super::{
    filters::{Filter, Filters},
    script::{Class, Script},
    tokens::{Kind, tokens},
};

/// Most terms of a query. Further ones are ignored.
const MAX_TERMS: usize = 16;
/// Most characters of a query, not counting quotes and the spaces between terms. The rest is cut off.
const MAX_CHARS: usize = 512;

/// Fewest characters of a beginning that follows another token.
const PREFIX_AFTER_TOKEN: usize = 3;

/// A search: all terms must occur, in any order, and all filters must hold. Any text is one.
///
/// - A term is a word between spaces, or a phrase between quotes. A quote opens a phrase only where a word could begin;
///   the next quote closes it, or the end of the text.
/// - The last term is a beginning of a word, so that results appear while somebody types. It is whole if it is quoted,
///   or if punctuation follows (`foo.`, `C++`), or if it has several tokens and the last is short (`foo-b`).
/// - A filter is `key:value` or `key:"some value"` outside quotes. With an unknown value it is a term.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub terms: Vec<Term>,
    pub filters: Filters,
}

/// Tokens that must occur one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// At least one.
    pub tokens: Vec<String>,
    /// Whether the last token is the beginning of one. So is a single character that ends a term in a script without
    /// spaces: it also occurs inside a run.
    pub prefix: bool,
    /// As typed, but for quotes.
    text: String,
}

impl Query {
    /// The query that `typed` means.
    pub fn parse(typed: &str) -> Self {
        let mut query = Self::default();
        let mut left = MAX_CHARS;
        let mut is_open = false;
        let mut rest = typed.trim_start();
        while left > 0 && !rest.is_empty() {
            let (mut piece, after) = Piece::read(rest);
            rest = after.trim_start();
            let chars = piece.text.chars().count();
            if chars > left {
                piece.cut(left);
            }
            left = left.saturating_sub(chars);
            if let Some(filter) = piece.filter {
                query.filters.add(filter);
                continue;
            }
            is_open = !piece.is_quoted && ends_in_token(&piece.text) && query.terms.len() < MAX_TERMS;
            if query.terms.len() < MAX_TERMS {
                query.terms.extend(Term::new(piece.text));
            }
        }
        if let Some(last) = query.terms.last_mut() {
            last.prefix |= is_open && last.can_go_on();
        }
        query
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.filters.is_empty()
    }
}

impl Term {
    /// The term that occurs where `text` does. `None` if nothing in `text` is searched for.
    fn new(text: String) -> Option<Self> {
        let mut words = tokens(&text).words;
        let ends_in_run = words.last()?.kind == Kind::Last;
        // the run may go on in a text that is searched
        let ends_in_pair = ends_in_run && words.iter().nth_back(1).is_some_and(|token| token.kind == Kind::Pair);
        if ends_in_pair {
            words.pop();
        }
        let prefix = ends_in_run && !ends_in_pair;
        Some(Self { tokens: words.into_iter().map(|token| token.text).collect(), prefix, text })
    }
}

impl Term {
    /// Whether its last token may be the beginning of a longer one. FTS5 takes half a second to find the short beginning of
    /// a word after another token, because it merges the lists of all words that begin so.
    fn can_go_on(&self) -> bool {
        let last = self.tokens.last().map_or("", String::as_str);
        let is_word = last.chars().next().is_some_and(|first| Class::of(first) == Class::Letter(Script::Spaced));
        self.tokens.len() == 1 || !is_word || last.chars().count() >= PREFIX_AFTER_TOKEN
    }
}

/// Whether nothing follows the last token of `text`.
fn ends_in_token(text: &str) -> bool {
    tokens(text).words.last().is_some_and(|last| last.range.end == text.len())
}

/// A word, phrase or filter as it was typed.
struct Piece {
    /// Without quotes, and if they were there without white space at its ends.
    text: String,
    is_quoted: bool,
    filter: Option<Filter>,
}

impl Piece {
    /// The first piece of `text`, which begins with it, and what follows.
    fn read(text: &str) -> (Self, &str) {
        if let Some((phrase, after)) = quoted(text) {
            return (Self { text: phrase.to_owned(), is_quoted: true, filter: None }, after);
        }
        if let Some((key, value)) = Filter::key(text)
            && let Some((value, after)) = quoted(value)
        {
            let filter = Filter::new(key, value);
            return (Self { text: format!("{key}:{value}"), is_quoted: true, filter }, after);
        }
        let (word, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        // a quote inside a word is an apostrophe, so that the word can be quoted
        (Self { text: word.replace(is_quote, "'"), is_quoted: false, filter: Filter::parse(word) }, after)
    }

    /// Shortens it to `chars` characters of text.
    fn cut(&mut self, chars: usize) {
        let cut: String = self.text.chars().take(chars).collect();
        *self = Self { text: cut.trim_end().to_owned(), is_quoted: true, filter: None };
    }
}

/// What is in the quotes that `text` begins with, and what follows them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let opened = text.strip_prefix(is_quote)?;
    let (phrase, after) = opened.split_once(is_quote).unwrap_or((opened, ""));
    Some((phrase.trim(), after))
}

/// Typewriters' quotes, and what keyboards make of them.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„')
}

/// In a form that parses to the same query: the filters, then the terms, quoted where they must be.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.filters)?;
        let last = self.terms.len().saturating_sub(1);
        for (n, Term { text, prefix, .. }) in self.terms.iter().enumerate() {
            let space = if n == 0 && self.filters.is_empty() { "" } else { " " };
            let is_whole = n == last && !prefix && ends_in_token(text);
            let quote =
                if is_whole || text.contains(char::is_whitespace) || Filter::parse(text).is_some() { "\"" } else { "" };
            write!(f, "{space}{quote}{text}{quote}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
