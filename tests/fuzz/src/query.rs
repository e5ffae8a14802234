//! What is typed into the search.

use std::{cell::OnceCell, collections::HashSet, fmt::Display, time::Duration};

use natter::search::{Document, Flags, Index, Is, Query, Reader, Request, RoomChanges, Rooms, hits, snippet};
use tempfile::TempDir;

/// Most terms, and most people or rooms that a query names.
const MAX_PARTS: usize = 16;
/// Most characters of a query.
const MAX_CHARS: usize = 512;
const ROOM: &str = "lobby";
/// What the index has: several scripts, identifiers, marks and flags.
const TEXTS: [(&str, Flags); 12] = [
    ("the quick brown fox", Flags::LINK),
    ("see https://example.org/a/b.html?x=1", Flags::LINK),
    ("parseHTTPRequest foo_bar fooBar C++", Flags::CODE),
    ("Der Ärger im Büro, Straße", Flags::PINNED),
    ("東京都庁 東京タワーへ行く", Flags::REPLY),
    ("안녕하세요 여러분", Flags::FILE),
    ("กินข้าวที่บ้าน", Flags::IMAGE),
    ("السَّلامُ عليكم שָׁלוֹם", Flags::LINK),
    ("well done 👍🏽 👩\u{200D}💻", Flags::PINNED),
    ("ask ada@example.org OR NOT AND NEAR(a b)", Flags::REPLY),
    ("\"quoted\" 'words' a-b a.b a:b *", Flags::CODE),
    ("", Flags::FILE),
];

thread_local! {
    static SEARCH: OnceCell<(Reader, TempDir)> = const { OnceCell::new() };
}

/// Any text is a query within bounds, which is written as it would be typed. The index answers it, in time, with
/// exactly the texts that it matches. The first line is the query, the rest a text that is searched, too.
pub fn query(data: &[u8]) {
    let all = String::from_utf8_lossy(data);
    let (typed, text) = all.split_once('\n').unwrap_or((&all, &all));
    let query = Query::parse(typed);
    assert_is_bounded(&query);
    let written = query.to_string();
    assert_eq!(Query::parse(&written), query, "{written:?} for {typed:?}");

    let found = hits(text, &query);
    assert_eq!(!found.is_empty(), !query.terms.is_empty() && query.matches_text(text));
    assert!(found.iter().all(|hit| text.get(hit.clone()).is_some_and(|hit| !hit.is_empty())), "{found:?}");
    let pieces = snippet(text, &found, 20);
    assert!(pieces.iter().any(|piece| piece.is_hit) || found.is_empty());

    SEARCH.with(|search| the_index_agrees(&search.get_or_init(index).0, &query, typed));
}

fn assert_is_bounded(query: &Query) {
    let Query { terms, filters } = query;
    assert!(terms.len() <= MAX_PARTS && filters.from.len() <= MAX_PARTS && filters.rooms.len() <= MAX_PARTS);
    let tokens: Vec<_> = terms.iter().flat_map(|term| &term.tokens).collect();
    assert!(terms.iter().all(|term| !term.tokens.is_empty()));
    assert!(tokens.iter().all(|token| (1..=64).contains(&token.chars().count())), "{tokens:?}");
    assert!(tokens.len() <= MAX_CHARS, "{} tokens", tokens.len());
}

fn index() -> (Reader, TempDir) {
    let directory = done(tempfile::tempdir());
    let path = directory.path().join("search.db");
    let document = |(n, (text, flags)): (usize, (&str, Flags))| Document {
        seq: n as u64,
        text_rev: n as u64,
        sent_ms: n as i64,
        author: [1; 16],
        text: Some(text.to_owned()),
        flags,
    };
    let changes: Vec<_> = TEXTS.into_iter().enumerate().map(document).collect();
    let mut index = done(Index::open(&path));
    done(index.apply_all(&[RoomChanges { room_id: ROOM, changes: &changes, rev: 99 }]));
    let mut reader = done(Reader::open(&path));
    reader.set_time_limit(Duration::from_secs(5)); // the build for coverage is slow
    (reader, directory)
}

fn done<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("no index: {error}"))
}

fn the_index_agrees(reader: &Reader, query: &Query, typed: &str) {
    let rooms = HashSet::from([ROOM.to_owned()]);
    let request = Request {
        query,
        rooms: Rooms::Only(&rooms),
        authors: None,
        before_ms: None,
        since_ms: None,
        below: None,
        limit: TEXTS.len(),
    };
    let is = query.filters.is.iter().filter_map(|is| match is {
        Is::Pinned => Some(Flags::PINNED),
        Is::Reply => Some(Flags::REPLY),
        Is::Mine => None,
    });
    let asked: Vec<_> = query.filters.has.iter().copied().map(Flags::of).chain(is).collect();
    let matches = |text: &str, flags: Flags| query.matches_text(text) && asked.iter().all(|flag| flags.contains(*flag));
    let expected = TEXTS.iter().enumerate().rev().filter(|(_, (text, flags))| matches(text, *flags));
    let expected: Vec<_> = expected.map(|(n, _)| n as u64).collect();
    for (found, is_ranked) in [(reader.search(&request), false), (reader.best(&request, 0), true)] {
        let found = found.unwrap_or_else(|error| panic!("{error} for {typed:?}"));
        assert!(found.is_complete, "too slow: {typed:?}");
        let mut seqs: Vec<_> = found.hits.iter().map(|hit| hit.seq).collect();
        if is_ranked {
            seqs.sort_unstable_by(|a, b| b.cmp(a));
        }
        assert_eq!(seqs, expected, "{typed:?}");
    }
}
