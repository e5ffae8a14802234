//! Which texts a query finds. The index must agree.

use std::{iter::zip, ops::Range};

use super::{
    fold::original_len,
    query::{Query, Term},
    tokens::{Token, Tokens, tokens},
};

impl Query {
    /// Whether every term occurs in `text`: its tokens at consecutive positions. A term of one token also occurs as a
    /// part of an identifier. Filters are not asked.
    pub fn matches_text(&self, text: &str) -> bool {
        self.matches(&tokens(text))
    }

    fn matches(&self, tokens: &Tokens) -> bool {
        self.terms.iter().all(|term| term.occurrences(tokens).next().is_some())
    }
}

impl Term {
    /// The tokens of each occurrence.
    fn occurrences<'a>(&'a self, tokens: &'a Tokens) -> impl Iterator<Item = &'a [Token]> {
        let words = tokens.words.windows(self.tokens.len().max(1));
        let parts = tokens.parts.windows(1).filter(|_| self.tokens.len() == 1);
        words.chain(parts).filter(|found| self.equals(found))
    }

    fn equals(&self, found: &[Token]) -> bool {
        let last = self.tokens.len().saturating_sub(1);
        zip(&self.tokens, found).enumerate().all(|(n, (token, found))| {
            if self.prefix && n == last { found.text.starts_with(token) } else { found.text == *token }
        })
    }

    /// The bytes of `text` that an occurrence in it covers. Of a word with the prefix, only the prefix.
    fn range(&self, text: &str, found: &[Token]) -> Option<Range<usize>> {
        let (first, last) = (found.first()?, found.last()?);
        let prefix = self.tokens.last().filter(|_| self.prefix);
        let end = match prefix {
            Some(prefix) => last.range.start + original_len(text.get(last.range.clone())?, prefix.len()),
            None => last.range.end,
        };
        Some(first.range.start..end)
    }
}

/// The bytes of `text` that `query` finds: whole grapheme clusters, in order, neither overlapping nor touching. None if
/// a term is missing.
pub fn hits(text: &str, query: &Query) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    if !query.matches(&tokens) {
        return Vec::new();
    }
    let found = |term: &Term| term.occurrences(&tokens).filter_map(|found| term.range(text, found)).collect::<Vec<_>>();
    let mut all: Vec<_> = query.terms.iter().flat_map(found).collect();
    all.sort_by_key(|hit| hit.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for hit in all {
        match merged.last_mut() {
            Some(last) if hit.start <= last.end => last.end = last.end.max(hit.end),
            _ => merged.push(hit),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, query: &str) -> Vec<&'a str> {
        hits(text, &Query::parse(query)).into_iter().map(|hit| &text[hit]).collect()
    }

    fn finds(text: &str, query: &str) -> bool {
        Query::parse(query).matches_text(text)
    }

    #[test]
    fn every_term_must_occur() {
        for (text, query) in [
            ("Der Ärger im Büro", "buro ARGER"),
            ("Der Ärger im Büro", "arg"),
            ("Ёлка в лесу", "ЕЛК"),
            ("ὁ λόγος", "ΛΟΓΟΣ."),
            ("السَّلامُ عليكم", "السلام عليك"),
            ("שָׁלוֹם", "שלו"),
            ("see https://example.org/a/b.html", "example.org/a"),
            ("ask ada@example.org", "ada@example"),
            ("C++ or C", "c++"),
            ("a foo-barrel", "foo-bar"),
            ("vitamin-c", "vitamin-c"),
            ("parseHTTPRequest foo_bar", "\"http\" ba"),
            ("fooBar", "foobar."),
            ("well done 👍🏽", "👍"),
            ("❤\u{FE0F}", "\"❤\""),
            ("anything", ""),
        ] {
            assert!(finds(text, query), "{query} in {text}");
        }
        for (text, query) in [
            ("the server", "serve the"),
            ("a foo-barrel", "foo-ba"),
            ("the server", "serve."),
            ("the server", "erver"),
            ("bar foo", "foo-bar"),
            ("foo and bar", "\"foo bar\""),
            ("foo_bar baz", "\"bar baz\""),
            ("well done 👍🏽", "\"👍\""),
            ("السَّلامُ", "سلام"),
            ("", "a"),
        ] {
            assert!(!finds(text, query), "{query} in {text}");
        }
    }

    #[test]
    fn a_part_of_a_run_is_found_in_scripts_without_spaces() {
        for (text, queries) in [
            ("東京都庁", vec!["東", "京", "庁", "東京", "京都", "都庁 東", "\"東京都\"", "東京都庁", "都."]),
            ("東京タワーへ行く", vec!["京タ", "ワーへ", "タワー", "\"へ行\"", "行く", "ー"]),
            ("안녕하세요 여러분", vec!["녕하", "요", "\"세요 여러\"", "분"]),
            ("กินข้าวที่บ้าน", vec!["ข้าว", "นข", "บ้าน", "ท", "\"ท\"", "\"ที่\""]),
        ] {
            for query in queries {
                assert!(finds(text, query), "{query} in {text}");
            }
        }
        for (text, query) in [
            ("東京 都庁", "京都"),
            ("東京都庁", "\"東京 都庁\""),
            ("東京", "東京都"),
            ("京東", "東京"),
            ("กที่", "\"กท\""),
        ] {
            assert!(!finds(text, query), "{query} in {text}");
        }
    }

    #[test]
    fn hits_are_what_was_found() {
        assert_eq!(found("Ärger, arg, a\u{308}rgern", "arg"), ["Ärg", "arg", "a\u{308}rg"]);
        assert_eq!(found("HTTPServer on a server", "serv"), ["Serv", "serv"]);
        assert_eq!(found("東京都と京都", "京都"), ["京都", "京都"]);
        assert_eq!(found("東京都", "東京都"), ["東京都"]);
        assert_eq!(found("東京都", "都"), ["都"]);
        assert_eq!(found("東京都", "京"), ["京"]);
        assert_eq!(found("foo-barrel, foo bar", "foo-bar"), ["foo-bar", "foo bar"]);
        assert_eq!(found("go 👩\u{200D}💻!", "👩"), ["👩\u{200D}💻"]);
        assert_eq!(found("Straße", "stras"), ["Straß"]);
        assert_eq!(found("foo", "foo bar"), [""; 0]);
        assert_eq!(found("foo", ""), [""; 0]);
    }
}
