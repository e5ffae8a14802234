use std::collections::BTreeSet;

use time::macros::date;

use super::*;
use crate::search::{Has, Is};

/// The terms, the tokens between spaces, with `*` after a prefix.
fn terms(typed: &str) -> Vec<String> {
    let shown = |term: Term| format!("{}{}", term.tokens.join(" "), if term.prefix { "*" } else { "" });
    Query::parse(typed).terms.into_iter().map(shown).collect()
}

#[test]
fn words_and_phrases_are_terms() {
    for (typed, expected) in [
        ("", vec![]),
        ("  Foo  bär ", vec!["foo", "bar*"]),
        ("\"foo bar\" baz", vec!["foo bar", "baz*"]),
        ("baz \"Foo  Bar\"", vec!["baz", "foo bar"]),
        ("\"foo bar", vec!["foo bar"]),
        ("“foo bar” „a b", vec!["foo bar", "a b"]),
        ("foo-bar", vec!["foo bar*"]),
        ("https://example.org/x", vec!["https example org x"]),
        ("צה\"ל", vec!["צה ל"]),
        ("שָׁלוֹם السَّلام", vec!["שלום", "السلام*"]),
        ("\"foo\"bar", vec!["foo", "bar*"]),
        ("\"\" foo", vec!["foo*"]),
        ("👍🏽👍", vec!["👍🏽 👍*"]),
    ] {
        assert_eq!(terms(typed), expected, "{typed}");
    }
}

#[test]
fn the_last_word_is_a_prefix_unless_something_ends_it() {
    for (typed, expected) in [
        ("foo ", "foo*"),
        ("foo in:lobby", "foo*"),
        ("foo.", "foo"),
        ("C++", "c"),
        ("foo !", "foo"),
        ("foo \"\"", "foo"),
        ("\"foo\"", "foo"),
        ("\"foo", "foo"),
        ("foo_", "foo"),
    ] {
        assert_eq!(terms(typed), [expected], "{typed}");
    }
}

#[test]
fn terms_in_scripts_without_spaces_end_in_a_pair_or_a_beginning() {
    for (typed, expected) in [
        ("東京都 x", "東京 京都"),
        ("東京都", "東京 京都*"),
        ("\"東京都\"", "東京 京都"),
        ("都 x", "都*"),
        ("\"都\"", "都*"),
        ("\"東京 大阪\" x", "東京 京 大阪"),
        ("東京タ x", "東京 京 タ*"),
        ("한국어 x", "한국 국어"),
        ("ข้าว x", "ข้า าว"),
        ("東京x y", "東京 京 x"),
    ] {
        assert_eq!(terms(typed).first().map(String::as_str), Some(expected), "{typed}");
    }
}

#[test]
fn filters_are_found_anywhere() {
    let Query { terms, filters } = Query::parse(
        "from:@Ada foo IN:lobby in:\"a Room\" Has:IMAGE has:link is:mine from:bob from:ada before:2026-11-02 \
         before:2026-11-01 after:2025-01-01 after:2025-02-01 bar",
    );
    assert_eq!(terms.len(), 2);
    assert_eq!(filters.from, ["ada", "bob"]);
    assert_eq!(filters.rooms, ["lobby", "a Room"]);
    assert_eq!((filters.before, filters.after), (Some(date!(2026 - 11 - 01)), Some(date!(2025 - 02 - 01))));
    assert_eq!(filters.has, BTreeSet::from([Has::Image, Has::Link]));
    assert_eq!(filters.is, BTreeSet::from([Is::Mine]));
}

#[test]
fn what_is_no_filter_is_text() {
    for (typed, expected) in [
        ("has:money", "has money*"),
        ("before:2026-13-01", "before 2026 13 01"),
        ("before:+2026-01-01", "before 2026 01 01"),
        ("after:2026-1-1", "after 2026 1 1"),
        ("from:", "from"),
        ("from:dä", "from da"),
        ("in:\"\"", "in"),
        ("is:\"not it\"", "is not it"),
        ("https:x", "https x"),
        ("\"has:file\"", "has file"),
        ("(has:file", "has file*"),
    ] {
        assert!(Query::parse(typed).filters.is_empty(), "{typed}");
        assert_eq!(terms(typed), [expected], "{typed}");
    }
}

#[test]
fn a_query_has_bounds() {
    assert_eq!(terms(&"x ".repeat(99)).len(), 16);
    assert_eq!(terms(&"x ".repeat(99)).pop().as_deref(), Some("x"));
    let filtered = Query::parse(&("x ".repeat(40) + "is:mine"));
    assert_eq!((filtered.terms.len(), filtered.filters.is.len()), (16, 1));
    let long = terms(&format!("\"{}\" later is:mine", "ab ".repeat(400)));
    assert_eq!(long, [["ab"; 171].join(" ")]);
    assert_eq!(terms(&format!("foo {}", "é".repeat(600))), ["foo".to_owned(), "e".repeat(64)]);
}

#[test]
fn a_query_is_written_as_it_would_be_typed() {
    for (typed, written) in [
        ("  Foo  bär ", "Foo bär"),
        ("foo. bar is:mine HAS:link has:file", "has:link has:file is:mine foo. bar"),
        ("foo IN:\"a room\" from:@Ada", "from:ada in:\"a room\" foo"),
        ("\"foo\" \"bar\"", "foo \"bar\""),
        ("foo !", "\"foo\""),
        ("\"has:file\" C++", "\"has:file\" C++"),
        ("“a b", "\"a b\""),
        ("\"都\" after:2026-01-01", "after:2026-01-01 都"),
        ("!!", ""),
    ] {
        assert_eq!(Query::parse(typed).to_string(), written.replace("has:link has:file", "has:file has:link"));
    }
}
