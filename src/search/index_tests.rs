use std::{collections::HashSet, fs, thread, time::Duration};

use tempfile::TempDir;

use super::*;
use crate::search::{Flags, Found, Query, Reader, Request, Rooms};

impl Index {
    /// A reader that has time, however loaded the machine is.
    pub fn patient_reader(&self) -> Reader {
        let mut reader = Reader::open(Path::new(self.connection.path().unwrap())).unwrap();
        reader.set_time_limit(Duration::from_secs(60));
        reader
    }

    /// Indexes what changed in one room.
    pub fn apply(&mut self, room_id: &str, changes: &[Document], rev: u64) -> Result<usize> {
        self.apply_all(&[RoomChanges { room_id, changes, rev }])
    }
}

const ADA: [u8; 16] = [1; 16];
const BOB: [u8; 16] = [2; 16];

fn new() -> (TempDir, Index) {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(&dir.path().join("search.db")).unwrap();
    (dir, index)
}

fn post(seq: u64, text: &str) -> Document {
    let sent_ms = 1_800_000_000_000 + seq as i64 * 1_000;
    Document { seq, text_rev: seq, sent_ms, author: ADA, text: Some(text.to_owned()), flags: Flags::default() }
}

fn request<'a>(query: &'a Query, rooms: Rooms<'a>) -> Request<'a> {
    Request { query, rooms, authors: None, before_ms: None, since_ms: None, below: None, limit: 1_000 }
}

fn pairs(found: Found) -> Vec<(String, u64)> {
    assert!(found.is_complete);
    found.hits.into_iter().map(|hit| (hit.room_id, hit.seq)).collect()
}

/// The `seq` of what is found in all rooms.
fn found(index: &Index, typed: &str) -> Vec<u64> {
    let query = Query::parse(typed);
    let found = index.patient_reader().search(&request(&query, Rooms::All)).unwrap();
    pairs(found).into_iter().map(|(_, seq)| seq).collect()
}

/// The bytes of the files, once nothing is only in the WAL.
fn contains(dir: &TempDir, text: &str) -> bool {
    let files = fs::read_dir(dir.path()).unwrap();
    files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(text.len()).any(|found| found == text.as_bytes()))
}

fn merge_all(index: &mut Index) {
    for _ in 0..100_000 {
        if !index.merge(4).unwrap() {
            return;
        }
    }
    panic!("merging has no end");
}

#[test]
fn messages_are_found_newest_first() {
    let (_dir, mut index) = new();
    assert_eq!(index.apply("lobby", &[post(1, "foo one"), post(2, "bar"), post(3, "foo")], 3).unwrap(), 3);
    assert_eq!(found(&index, "foo"), [3, 1]);
    assert_eq!(found(&index, ""), [3, 2, 1]);
    assert_eq!((index.cursor("lobby").unwrap(), index.cursor("other").unwrap()), (3, 0));
    let edited = Document { text_rev: 4, ..post(3, "baz") };
    let deleted = Document { text: None, ..post(1, "") };
    assert_eq!(index.apply("lobby", &[edited.clone(), deleted.clone(), post(2, "bar")], 5).unwrap(), 2);
    assert_eq!(index.apply("lobby", &[edited, deleted], 5).unwrap(), 0);
    assert_eq!(found(&index, "foo"), [0; 0]);
    assert_eq!(found(&index, "ba"), [3, 2]);
    assert_eq!(index.cursors().unwrap(), [("lobby".to_owned(), 5)]);
}

#[test]
fn the_last_of_several_changes_counts() {
    let (_dir, mut index) = new();
    index.apply("lobby", &[post(1, "foo"), Document { text_rev: 2, ..post(1, "bar") }], 2).unwrap();
    assert_eq!((found(&index, "foo"), found(&index, "bar")), (vec![], vec![1]));
}

#[test]
fn filters_and_rights_hold() {
    let (_dir, mut index) = new();
    let by_bob = Document { author: BOB, flags: Flags::FILE.with(Flags::PINNED), ..post(2, "foo") };
    index.apply("a", &[post(1, "foo"), by_bob], 2).unwrap();
    index.apply("b", &[post(3, "foo")], 3).unwrap();
    let reader = index.patient_reader();
    let found = |typed: &str, rooms: &[&str], change: &dyn for<'a> Fn(Request<'a>) -> Request<'a>| {
        let query = Query::parse(typed);
        let rooms: HashSet<_> = rooms.iter().map(|room| (*room).to_owned()).collect();
        pairs(reader.search(&change(request(&query, Rooms::Only(&rooms)))).unwrap())
            .into_iter()
            .map(|(_, seq)| seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("foo", &["a"], &|request| request), [2, 1]);
    assert_eq!(found("foo", &["b", "c"], &|request| request), [3]);
    assert_eq!(found("foo", &[], &|request| request), [0; 0]);
    assert_eq!(found("is:pinned has:file", &["a", "b"], &|request| request), [2]);
    assert_eq!(found("is:pinned", &["b"], &|request| request), [0; 0]);
    assert_eq!(found("fo", &["a", "b"], &|request| Request { authors: Some(&[BOB]), ..request }), [2]);
    assert_eq!(found("", &["a", "b"], &|request| Request { authors: Some(&[[9; 16]]), ..request }), [0; 0]);
    let ms = post(2, "").sent_ms;
    assert_eq!(found("", &["a", "b"], &|request| Request { before_ms: Some(ms), ..request }), [1]);
    assert_eq!(found("foo", &["a", "b"], &|request| Request { since_ms: Some(ms), ..request }), [3, 2]);
    assert_eq!(found("_r1", &["a", "b"], &|request| request), [0; 0]);
}

#[test]
fn a_removed_room_is_forgotten_at_once_and_then_removed() {
    let (dir, mut index) = new();
    let posts: Vec<_> = (1..500).map(|seq| post(seq, "zanzibar")).collect();
    index.apply("lobby", &posts, 500).unwrap();
    index.apply("other", &[post(1, "foo")], 1).unwrap();
    index.remove_room("lobby").unwrap();
    assert_eq!(found(&index, "zanzibar"), [0; 0]);
    assert_eq!((index.cursor("lobby").unwrap(), index.cursors().unwrap().len()), (0, 1));
    index.apply("lobby", &[post(1, "zanzibar")], 1).unwrap();
    assert_eq!(found(&index, "zanzibar"), [1]);
    merge_all(&mut index);
    assert_eq!(found(&index, "zanzibar"), [1]);
    index.remove_room("lobby").unwrap();
    merge_all(&mut index);
    assert!(!contains(&dir, "zanzibar"));
    assert_eq!(found(&index, ""), [1]);
    let rows = "SELECT (SELECT count(*) FROM rooms), (SELECT count(*) FROM docs WHERE room <> 0)";
    let rows = index.connection.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(rows, (1, 1));
}

#[test]
fn a_deleted_text_leaves_the_file() {
    let (dir, mut index) = new();
    for start in (0..6_000).step_by(300) {
        let posts: Vec<_> = (start..start + 300).map(|seq| post(seq, &format!("some words and w{seq}x"))).collect();
        index.apply("lobby", &posts, start).unwrap();
    }
    index.apply("lobby", &[Document { text_rev: 9_000, ..post(4_000, "edited xylophone") }], 9_000).unwrap();
    merge_all(&mut index); // so that it is in the oldest list
    index.apply("lobby", &[post(7_000, "quagmire")], 9_001).unwrap();
    assert!(contains(&dir, "xylophone") && contains(&dir, "quagmire"));
    let gone = |seq| Document { text: None, text_rev: 9_002, ..post(seq, "") };
    index.apply("lobby", &[gone(4_000), gone(7_000)], 9_002).unwrap();
    assert!(contains(&dir, "xylophone"), "without merging it stays");
    // others are posted and deleted while the lists are merged
    let mut seq = 10_000;
    while index.merge(2).unwrap() {
        if seq < 10_020 {
            index.apply("lobby", &[post(seq, "more quixotic words"), gone(seq - 1)], seq).unwrap();
            seq += 1;
        }
    }
    assert!(seq > 10_005, "merging took {} steps", seq - 10_000);
    assert!(!contains(&dir, "xylophone") && !contains(&dir, "quagmire"));
    assert_eq!(found(&index, "quixotic"), [seq - 1]);
    assert!(index.has_deleted().unwrap(), "what was deleted meanwhile waits for the next merge");
    merge_all(&mut index);
    assert!(!index.has_deleted().unwrap() && !index.merge(4).unwrap());
    assert_eq!(found(&index, "words").len(), 1_000);
}

/// However many messages are posted between the steps of a merge, it comes to its end.
#[test]
fn merging_goes_on_while_messages_are_posted() {
    for posted in 1..6 {
        let (dir, mut index) = new();
        let rare = |seq| match seq {
            1 => "quagmire".to_owned(),
            2_000 => "xylophone".to_owned(),
            _ => format!("w{seq}x"),
        };
        let posts: Vec<_> = (0..4_000).map(|seq| post(seq, &format!("some words and {}", rare(seq)))).collect();
        index.apply("lobby", &posts, 1).unwrap();
        let gone = |seq| Document { text: None, ..post(seq, "") };
        index.apply("lobby", &[gone(1)], 2).unwrap();
        merge_all(&mut index);
        assert!(contains(&dir, "xylophone") && !contains(&dir, "quagmire"));
        index.apply("lobby", &[gone(2_000)], 3).unwrap();
        let mut seq = 10_000;
        while index.merge(3).unwrap() {
            for _ in 0..posted {
                index.apply("lobby", &[post(seq, "other words")], seq).unwrap();
                seq += 1;
            }
            assert!(seq < 20_000);
        }
        assert!(!contains(&dir, "xylophone"), "{posted}");
    }
}

#[test]
fn the_file_is_opened_again() {
    let (dir, mut index) = new();
    let path = dir.path().join("search.db");
    index.apply("lobby", &[post(1, "foo")], 7).unwrap();
    drop(index);
    let index = Index::open(&path).unwrap();
    assert_eq!((index.cursor("lobby").unwrap(), found(&index, "foo")), (7, vec![1]));
    drop(index);
    Index::remove(&path).unwrap();
    let index = Index::open(&path).unwrap();
    assert_eq!((index.cursor("lobby").unwrap(), found(&index, "foo")), (0, vec![]));
}

#[test]
fn a_file_that_cannot_be_used_is_made_anew() {
    let garbage = |bytes: &mut Vec<u8>| bytes.fill(b'x');
    let truncated = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let short = |bytes: &mut Vec<u8>| bytes.truncate(50);
    let half_garbage = |bytes: &mut Vec<u8>| bytes[4_096..].fill(0xA5);
    let damages: [fn(&mut Vec<u8>); 4] = [garbage, truncated, short, half_garbage];
    for damage in damages {
        let (dir, mut index) = new();
        let posts: Vec<_> = (1..2_000).map(|seq| post(seq, &format!("foo w{seq}"))).collect();
        index.apply("lobby", &posts, 7).unwrap();
        drop(index);
        let path = dir.path().join("search.db");
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let mut index = Index::open(&path).unwrap();
        assert_eq!(index.cursor("lobby").unwrap(), 0);
        index.apply("lobby", &posts, 7).unwrap();
        assert_eq!(found(&index, "foo").len(), 1_000);
    }
}

#[test]
fn a_file_of_another_version_is_made_anew() {
    let (dir, mut index) = new();
    index.apply("lobby", &[post(1, "foo")], 7).unwrap();
    index.connection.pragma_update(None, "user_version", 0).unwrap();
    drop(index);
    let path = dir.path().join("search.db");
    assert!(matches!(Reader::open(&path), Err(crate::search::Error::Unusable)));
    assert_eq!(Index::open(&path).unwrap().cursor("lobby").unwrap(), 0);
}

#[test]
fn rooms_share_a_transaction() {
    let (_dir, mut index) = new();
    let (a, b) = ([post(1, "foo"), post(4, "foo")], [post(2, "foo"), post(3, "foo")]);
    let changes = [("a", &a, 4), ("b", &b, 9), ("c", &b, 2)];
    let changes = changes.map(|(room_id, changes, rev)| RoomChanges { room_id, changes, rev });
    assert_eq!(index.apply_all(&changes).unwrap(), 6);
    assert_eq!(found(&index, "foo"), [4, 3, 3, 2, 2, 1]);
    assert_eq!(index.cursors().unwrap(), [("a".to_owned(), 4), ("b".to_owned(), 9), ("c".to_owned(), 2)]);
}

#[test]
fn a_few_messages_of_the_same_time_are_in_order() {
    let (_dir, mut index) = new();
    let posts: Vec<_> = (1..=16).map(|seq| Document { sent_ms: 1_000, ..post(seq, "foo") }).collect();
    index.apply("a", &posts, 16).unwrap();
    assert_eq!(found(&index, "foo"), (1..=16).rev().collect::<Vec<_>>());
}

#[test]
fn messages_of_the_same_time_have_places() {
    let (_dir, mut index) = new();
    let at = |seq: u64, text: &str| Document { sent_ms: 5, ..post(seq, text) };
    let posts: Vec<_> = (0..500).map(|seq| at(seq, "foo")).collect();
    for room in ["a", "b"] {
        index.apply(room, &posts, 1).unwrap();
        assert_eq!(index.apply(room, &posts, 1).unwrap(), 0);
    }
    assert_eq!(found(&index, "foo").len(), 1_000);
    assert_eq!(found(&index, "foo").into_iter().collect::<HashSet<_>>().len(), 500);
    // the first 16 are passed by all
    let gone: Vec<_> = (0..250).map(|seq| Document { text: None, ..at(seq, "") }).collect();
    assert_eq!(index.apply("a", &gone, 2).unwrap(), 250);
    let edited: Vec<_> = (250..500).map(|seq| Document { text_rev: 1_000, ..at(seq, "bar") }).collect();
    assert_eq!(index.apply("a", &edited, 3).unwrap(), 250);
    assert_eq!((found(&index, "foo").len(), found(&index, "bar").len()), (500, 250));
    let again: Vec<_> = (0..500).map(|seq| Document { text_rev: 1_001, ..at(seq, "baz") }).collect();
    assert_eq!(index.apply("a", &again, 4).unwrap(), 500);
    assert_eq!((found(&index, "bar").len(), found(&index, "baz").len(), found(&index, "foo").len()), (0, 500, 500));
    let newest = index.patient_reader();
    let query = Query::parse("");
    let found = newest.search(&Request { since_ms: Some(60_000), ..request(&query, Rooms::All) }).unwrap();
    assert!(found.hits.is_empty(), "all are within a minute");
}

#[test]
fn a_reader_sees_whole_changes_while_they_are_written() {
    let (_dir, mut index) = new();
    let batch =
        |text: &str, rev: u64| (0..50).map(|seq| Document { text_rev: rev, ..post(seq, text) }).collect::<Vec<_>>();
    index.apply("lobby", &batch("foo even", 0), 0).unwrap();
    let reader = index.patient_reader();
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            for rev in 1..100 {
                index.apply("lobby", &batch(if rev % 2 == 0 { "foo even" } else { "foo odd" }, rev), rev).unwrap();
                if rev % 10 == 0 {
                    index.merge(8).unwrap();
                }
            }
        });
        while !writer.is_finished() {
            for typed in ["foo", "f", ""] {
                let query = Query::parse(typed);
                assert_eq!(pairs(reader.search(&request(&query, Rooms::All)).unwrap()).len(), 50);
            }
            let [odd, even] = ["odd", "even"].map(|typed| {
                let query = Query::parse(typed);
                pairs(reader.search(&request(&query, Rooms::All)).unwrap()).len()
            });
            assert!([0, 50].contains(&odd) && [0, 50].contains(&even));
        }
    });
}

#[test]
fn a_search_without_time_finds_less() {
    let (_dir, mut index) = new();
    let posts: Vec<_> = (0..3_000).map(|seq| post(seq, "foo bar")).collect();
    index.apply("lobby", &posts, 1).unwrap();
    let mut reader = index.patient_reader();
    reader.set_time_limit(Duration::ZERO);
    let query = Query::parse("foo bar");
    let found = reader.search(&request(&query, Rooms::All)).unwrap();
    assert!(!found.is_complete && found.hits.len() < 1_000);
    assert!(!reader.best(&request(&query, Rooms::All), 0).unwrap().is_complete);
    reader.set_time_limit(Duration::from_secs(9));
    assert_eq!(pairs(reader.search(&request(&query, Rooms::All)).unwrap()).len(), 1_000);
}

#[test]
fn the_best_are_those_that_say_it_shortly_and_often() {
    let (_dir, mut index) = new();
    let long = format!("foo {}", "other words ".repeat(20));
    let posts = [post(1, "foo foo foo bar"), post(2, &long), post(3, "foo bar"), post(4, "x fooBar y"), post(5, "bar")];
    index.apply("lobby", &posts, 5).unwrap();
    index.apply("secret", &[post(6, "foo foo")], 6).unwrap();
    let reader = index.patient_reader();
    let query = Query::parse("\"foo\"");
    let rooms = HashSet::from(["lobby".to_owned()]);
    let best = |offset, limit| {
        let request = Request { limit, ..request(&query, Rooms::Only(&rooms)) };
        pairs(reader.best(&request, offset).unwrap()).into_iter().map(|(_, seq)| seq).collect::<Vec<_>>()
    };
    let all = best(0, 100);
    assert_eq!((all[0], all.last()), (1, Some(&2)));
    assert_eq!(all.iter().copied().collect::<HashSet<_>>(), HashSet::from([1, 2, 3, 4]));
    assert_eq!([best(0, 2), best(2, 2), best(4, 2)].concat(), all);
}

#[test]
fn a_prefix_of_many_words_is_found() {
    let (_dir, mut index) = new();
    let posts: Vec<_> = (0..4_000).map(|seq| post(seq, &format!("foo prefix{} pre-fix", seq % 400))).collect();
    index.apply("lobby", &posts, 1).unwrap();
    for (typed, count) in [("pref", 1_000), ("prefix1", 1_000), ("prefix12", 110), ("foo-prefix39", 110), ("p", 1_000)]
    {
        assert_eq!(found(&index, typed).len(), count, "{typed}");
    }
}

#[test]
fn many_small_lists_become_one_and_the_file_smaller() {
    let (dir, mut index) = new();
    assert!(!index.is_merge_due().unwrap() && !index.merge(4).unwrap());
    for start in (0..8_000).step_by(200) {
        let text = |seq| (0..12).map(|n| format!("w{seq}x{n} ")).collect::<String>() + "few";
        let posts: Vec<_> = (start..start + 200).map(|seq| post(seq, &text(seq))).collect();
        index.apply("lobby", &posts, start).unwrap();
        let edited = Document { text_rev: 10_000 + start, ..post(start / 2, "another text") };
        index.apply("lobby", &[edited], start).unwrap();
    }
    let pages = |index: &Index, pragma: &str| -> i64 {
        index.connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
    };
    let before = pages(&index, "page_count");
    assert!(index.is_merge_due().unwrap());
    merge_all(&mut index);
    assert!(!index.is_merge_due().unwrap());
    assert_eq!(Segments::read(&index.connection).unwrap().others, 0);
    let after = pages(&index, "page_count");
    assert!(after < before && pages(&index, "freelist_count") == 0, "{before} → {after}");
    assert!(dir.path().join("search.db-wal").metadata().unwrap().len() < 100_000);
    assert_eq!(found(&index, "w4321x7"), [4321]);
    assert_eq!(found(&index, "w100x7"), [0; 0]);
    assert_eq!(found(&index, "another").len(), 40);
}
