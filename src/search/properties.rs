//! What holds for every text and query.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{fts::tests, *};

/// Pieces of several scripts that combine into words, runs and clusters.
const PIECES: &str = "a|B|é|E\u{301}|ß|ﬁ|1|_|_|½|ш|Ж|ё|Σ|ς|س|\u{64E}|ש|\u{5B8}|東|京|都|々|か|が|カ|ー|\
    한|글|\u{1100}|ㅏ|ก|ที่|ำ|\u{93F}|\
    😀|👍|\u{1F3FD}|\u{200D}|🇩|🇪|\u{FE0F}|\u{20E3}|'|-|#|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

fn piece() -> impl Strategy<Value = &'static str> {
    select(PIECES.split('|').collect::<Vec<_>>())
}

/// A text of few letters, so that queries often find it.
fn text() -> impl Strategy<Value = String> {
    vec(prop_oneof![3 => piece(), 1 => Just(" ")], 0..16).prop_map(|pieces| pieces.concat())
}

/// What somebody may type: texts, quotes and filters.
fn typed() -> impl Strategy<Value = String> {
    const SYNTAX: &str = "\"|“| | |from:|IN:|in:\"|in:a b|has:|file|is:mine|before:|\
        after:2026-11-01|2026-1|2026-10-09|@|(|:|!|.|\u{200B}";
    let syntax = select(SYNTAX.split('|').collect::<Vec<_>>());
    let piece = prop_oneof![syntax.prop_map(str::to_owned), text(), piece().prop_map(str::to_owned)];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// As [`typed`], about as long as a query can be.
fn typed_long() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "\"a b\"c",
        "\"a",
        "x ",
        "in:\"a b\"",
        " in:b",
        "has:fil",
        " has:file! ",
        "\" ",
        "from:dd",
        "xxxxxxxxxxxx",
    ]);
    vec(piece, 40..200).prop_map(|pieces| pieces.concat())
}

/// A query that is a part of `text` if `from` and `len` (in characters) say so.
fn part(text: &str, from: usize, len: usize) -> String {
    text.chars().skip(from).take(len).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folding_twice_is_folding_once(text in prop_oneof![any::<String>(), text()]) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn tokens_are_in_order(text in prop_oneof![any::<String>(), typed()]) {
        let Tokens { words, parts } = tokens(&text);
        for list in [&words, &parts] {
            prop_assert!(list.is_sorted_by_key(|token| token.range.start));
            prop_assert!(list.is_sorted_by_key(|token| token.range.end));
            for token in list {
                prop_assert!(text.get(token.range.clone()).is_some_and(|origin| !origin.is_empty()));
                prop_assert!((1..=64).contains(&token.text.chars().count()));
                let plain = |c: char| !c.is_whitespace() && (!c.is_ascii() || matches!(c, 'a'..='z' | '0'..='9' | '_'));
                prop_assert!(token.text.chars().all(plain), "{:?}", token.text);
            }
        }
    }

    #[test]
    fn a_written_query_is_the_same(typed in prop_oneof![any::<String>(), typed(), typed_long()]) {
        let query = Query::parse(&typed);
        let written = query.to_string();
        prop_assert_eq!(Query::parse(&written), query, "{}", written);
    }

    #[test]
    fn what_is_found_has_hits(text in text(), typed in typed(), from in 0..8_usize, len in 1..6_usize) {
        for typed in [part(&text, from, len), typed] {
            let query = Query::parse(&typed);
            let hits = hits(&text, &query);
            prop_assert_eq!(!hits.is_empty(), !query.terms.is_empty() && query.matches_text(&text));
            prop_assert!(hits.iter().all(|hit| text.get(hit.clone()).is_some_and(|hit| !hit.is_empty())));
            prop_assert!(hits.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }

    #[test]
    fn a_text_is_found_by_itself(text in text()) {
        let quoted = Query::parse(&format!("\"{text}\""));
        prop_assert!(quoted.matches_text(&text), "{:?}", quoted);
        prop_assert!(Query::parse(&text).matches_text(&text));
    }

    #[test]
    fn a_snippet_is_a_part_of_its_text(text in typed(), typed in text(), width in 0..20_usize) {
        let hits = hits(&text, &Query::parse(&typed));
        let pieces = snippet(&text, &hits, width);
        let shown: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let kept = shown.trim_start_matches('…').trim_end_matches('…');
        prop_assert!(text.contains(kept) && kept.is_empty() == text.is_empty());
        prop_assert!(pieces.iter().any(|piece| piece.is_hit) || hits.is_empty());
        prop_assert!(pieces.windows(2).all(|pair| pair[0].is_hit != pair[1].is_hit));
    }

    #[test]
    fn the_index_agrees(
        texts in vec(text(), 1..24), typed in vec(typed(), 8),
        parts in vec((any::<prop::sample::Index>(), 0..8_usize, 1..6_usize, any::<bool>()), 24)
    ) {
        let index = tests::index(&texts.iter().map(|text| (text.as_str(), "_tag")).collect::<Vec<_>>());
        let parts = parts.iter().map(|(text, from, len, is_quoted)| {
            let part = part(text.get::<String>(&texts), *from, *len);
            if *is_quoted { format!("\"{part}\"") } else { part }
        });
        for typed in typed.into_iter().chain(parts) {
            let query = Query::parse(&typed);
            let matched: Vec<_> = (0..texts.len()).filter(|n| query.matches_text(&texts[*n])).collect();
            match query.fts5() {
                Some(fts5) => prop_assert_eq!(tests::rows(&index, &fts5), matched, "{} for {:?}", fts5, texts),
                None => prop_assert_eq!(matched.len(), texts.len()),
            }
        }
    }
}
