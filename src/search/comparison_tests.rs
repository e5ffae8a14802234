use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::*;
use crate::search::{Error, Flags, Index};

/// The log of two rooms, and the file of its index.
struct World {
    _dir: TempDir,
    path: PathBuf,
    /// The messages by room and `seq`, each with its `rev`.
    log: BTreeMap<(&'static str, u64), (u64, Document)>,
    rev: u64,
}

const TEXTS: [&str; 6] =
    ["fooBar and foo_bar", "東京都 in Łódź", "the HTTPServer 👍", "", "hi https://example.org/a", "नमस्ते ที่"];

impl World {
    /// Of each room, messages 1 to 40; 10 at a time have the same.
    fn new() -> (Self, Index) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("search.db");
        let mut world = Self { _dir: dir, path: path.clone(), log: BTreeMap::new(), rev: 0 };
        let mut index = Index::open(&path).unwrap();
        for (n, seq) in (1..=40_u64).enumerate() {
            for room in ["a", "b"] {
                world.rev += 1;
                let rev = world.rev;
                let document = Document {
                    seq,
                    text_rev: rev,
                    sent_ms: 1_800_000_000_000 + seq as i64 / 10 * 1_000,
                    author: [(n % 3) as u8; 16],
                    text: Some(format!("{} w{n}", TEXTS[n % TEXTS.len()])),
                    flags: if n % 4 == 0 { Flags::LINK } else { Flags::default() },
                };
                world.log.insert((room, seq), (rev, document));
            }
        }
        world.index(&mut index);
        (world, index)
    }

    /// Changes a message in the log.
    fn change(&mut self, room: &'static str, seq: u64, change: impl FnOnce(&mut Document, u64)) {
        self.rev += 1;
        let (rev, document) = self.log.get_mut(&(room, seq)).unwrap();
        *rev = self.rev;
        change(document, self.rev);
    }

    fn edit(&mut self, room: &'static str, seq: u64, text: Option<&str>) {
        self.change(room, seq, |document, rev| {
            document.text = text.map(str::to_owned);
            document.text_rev = rev;
        });
    }

    /// Indexes what has changed.
    fn index(&self, index: &mut Index) {
        for room in ["a", "b"] {
            let cursor = index.cursor(room).unwrap();
            let log = self.log.iter().filter(|((of, _), (rev, _))| *of == room && *rev > cursor);
            let changes: Vec<_> = log.map(|(_, (_, document))| document.clone()).collect();
            if !changes.is_empty() {
                index.apply(room, &changes, self.head(room)).unwrap();
            }
        }
    }

    fn head(&self, room: &str) -> u64 {
        self.log.iter().filter(|((of, _), _)| *of == room).map(|(_, (rev, _))| *rev).max().unwrap_or_default()
    }

    /// The differences, and how many percent are indexed.
    fn compare(&self) -> (Vec<String>, u8) {
        let mut comparison = Comparison::open(&self.path).unwrap().unwrap();
        let mut lines = Vec::new();
        let mut found = |line| lines.push(line);
        for ((room, _), (rev, document)) in &self.log {
            comparison.compare(room, *rev, document, &mut found);
        }
        let percent = comparison.finish(&mut found);
        (lines, percent)
    }

    #[track_caller]
    fn is_clean(&self) {
        assert_eq!(self.compare(), (Vec::new(), 100));
    }

    fn execute(&self, sql: &str) {
        Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }

    fn id(&self, room: i64, seq: i64) -> i64 {
        let connection = Connection::open(&self.path).unwrap();
        let select = "SELECT id FROM docs WHERE (room, seq) = (?, ?)";
        connection.query_row(select, [room, seq], |row| row.get(0)).unwrap()
    }
}

#[test]
fn an_index_that_was_fed_is_clean() {
    let (mut world, mut index) = World::new();
    world.is_clean();
    for seq in [3, 4, 17] {
        world.edit("a", seq, Some("another fooBar"));
        world.edit("b", seq, None);
    }
    world.change("a", 5, |document, _| document.flags = document.flags.with(Flags::PINNED));
    let (lines, percent) = world.compare();
    assert_eq!((lines, percent), (vec![], 91), "what is behind does not differ");
    world.index(&mut index);
    world.is_clean();
    for _ in 0..20 {
        while index.merge(2).unwrap() {
            world.is_clean();
            if world.rev < 120 {
                world.edit("a", 4 + world.rev % 30, Some(&format!("edited {}", world.rev)));
                world.edit("b", 5 + world.rev % 30, None);
                world.index(&mut index);
            }
        }
        world.is_clean();
    }
    assert!(world.rev >= 120 && !index.has_deleted().unwrap());
}

#[test]
fn a_room_that_is_gone_does_not_differ() {
    let (mut world, mut index) = World::new();
    world.log.retain(|(room, _), _| *room == "a");
    world.is_clean();
    index.remove_room("b").unwrap();
    world.is_clean();
    index.merge(1).unwrap();
    world.is_clean();
    // it is indexed again, as another
    index.remove_room("a").unwrap();
    assert_eq!(world.compare(), (Vec::new(), 0));
    world.index(&mut index);
    world.is_clean();
    while index.merge(1).unwrap() {
        world.is_clean();
    }
}

#[test]
fn each_damage_is_found() {
    let row = "message 17 in room a";
    let fts = "INSERT INTO fts (rowid, words, parts) VALUES (ID,";
    for (damage, expected) in [
        ("DELETE FROM fts WHERE rowid = ID; DELETE FROM docs WHERE id = ID", format!("{row} is not found")),
        ("DELETE FROM docs WHERE id = ID", "words without a message are in the index as".into()),
        ("UPDATE docs SET flags = flags + 16 WHERE id = ID", format!("{row} is found by has: and is:")),
        (
            "UPDATE docs SET text_rev_offset = text_rev_offset - 1 WHERE id = ID",
            format!("{row} is found by an older text"),
        ),
        ("UPDATE docs SET starts = x'01' WHERE id = ID", format!("{row} is found by other words")),
        ("UPDATE docs SET seq = 99 WHERE id = ID", "message 99 in room a is in the index, and does not exist".into()),
        ("UPDATE docs SET room = 77 WHERE id = ID", "message 17 of no room is in the index".into()),
        ("UPDATE docs SET room = 0 WHERE id = ID", "the words of a deleted message are in the index as".into()),
        ("UPDATE docs SET id = id + 100 WHERE id = ID", format!("{row} is in the index, and is at a wrong place")),
        ("UPDATE docs SET flags = 0 WHERE flags = 256", format!("{row} would be lost")),
        ("DELETE FROM fts WHERE rowid = ID", format!("{row} is found by other words")),
        (&format!("DELETE FROM fts WHERE rowid = ID; {fts} '_r1 _u1 other words', '')"), format!("{row} is found by")),
        (&format!("{fts} 'more', '')"), format!("{row} is found by other words")),
        ("UPDATE authors SET number = number + 10", format!("{row} is found by other words")),
        (
            "UPDATE rooms SET rev = 99 WHERE id = 'a'",
            "room a is indexed up to change 99, and its log ends at 79".into(),
        ),
    ] {
        let (world, _) = World::new();
        world.execute(&damage.replace("ID", &world.id(1, 17).to_string()));
        let (found, _) = world.compare();
        assert!(found.iter().any(|line| line.starts_with(&expected)), "{damage}: {found:?}");
    }
}

#[test]
fn a_deleted_message_that_is_still_indexed_is_found() {
    let (mut world, _index) = World::new();
    world.edit("b", 7, None);
    world.execute(&format!("UPDATE rooms SET rev = {} WHERE id = 'b'", world.rev));
    let (found, percent) = world.compare();
    assert_eq!((found, percent), (vec!["message 7 in room b is still in the index, and has no text".into()], 100));
}

#[test]
fn a_file_that_is_no_index() {
    let (world, index) = World::new();
    drop(index);
    let open = |path: &Path| Comparison::open(path).map(|comparison| comparison.is_some());
    assert!(open(&world.path).unwrap());
    world.execute("PRAGMA user_version = 0");
    assert!(!open(&world.path).unwrap(), "natter makes it anew at its start");
    fs::write(&world.path, "x".repeat(9_000)).unwrap();
    assert!(matches!(open(&world.path), Err(Error::Unusable)));
    fs::write(&world.path, "").unwrap();
    assert!(!open(&world.path).unwrap(), "one that is being made");
    Index::remove(&world.path).unwrap();
    assert!(!open(&world.path).unwrap());
}
