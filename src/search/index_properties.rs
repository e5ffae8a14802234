//! The index finds what going through all messages finds.

use std::collections::{BTreeMap, HashSet};

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const ROOMS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const WORDS: &str = "foo|bar|baz|fooBar|foo_bar|the|then|th|thé|東京都|東京|京|都|👍|👍🏽|ลาว|ที่|не|нет|1|12|a|b-a|ba";

fn text() -> impl Strategy<Value = String> {
    vec(select(WORDS.split('|').collect::<Vec<_>>()), 0..6).prop_map(|words| words.join(" "))
}

fn author(n: u8) -> [u8; 16] {
    [n; 16]
}

/// What happens.
#[derive(Debug, Clone)]
enum Command {
    /// A message of this time is posted, or the one that has this `seq` is edited.
    Post {
        room: usize,
        seq: u64,
        author: u8,
        text: String,
    },
    Delete {
        room: usize,
        seq: u64,
    },
    Flag {
        room: usize,
        seq: u64,
        flag: u8,
    },
    Remove {
        room: usize,
    },
    Reset {
        room: usize,
    },
    Merge,
    Reopen,
}

fn command() -> impl Strategy<Value = Command> {
    let (room, seq) = (0..ROOMS.len(), 0..12_u64);
    prop_oneof![
        12 => (room.clone(), seq.clone(), 0..3_u8, text())
            .prop_map(|(room, seq, author, text)| Command::Post { room, seq, author, text }),
        2 => (room.clone(), seq.clone()).prop_map(|(room, seq)| Command::Delete { room, seq }),
        3 => (room.clone(), seq, 0..6_u8).prop_map(|(room, seq, flag)| Command::Flag { room, seq, flag }),
        1 => room.clone().prop_map(|room| Command::Remove { room }),
        1 => room.prop_map(|room| Command::Reset { room }),
        2 => Just(Command::Merge),
        1 => Just(Command::Reopen),
    ]
}

/// A search: what is typed, its rooms, authors, times and page length.
type Search = (String, Option<Vec<bool>>, Option<u8>, Option<u64>, Option<u64>, usize);

fn search() -> impl Strategy<Value = Search> {
    const FILTERS: &str = "|||| is:pinned| has:file| is:reply has:code";
    let quoted =
        (text(), any::<bool>()).prop_map(|(text, is_quoted)| if is_quoted { format!("\"{text}\"") } else { text });
    let part = text().prop_map(|text| text.chars().take(2).collect::<String>());
    let typed = (select(FILTERS.split('|').collect::<Vec<_>>()), prop_oneof![quoted, part, Just(String::new())])
        .prop_map(|(filters, text)| format!("{text}{filters}"));
    let time = || proptest::option::weighted(0.3, 0..12_u64);
    let rooms = proptest::option::weighted(0.8, vec(any::<bool>(), ROOMS.len()));
    (typed, rooms, proptest::option::weighted(0.3, 0..4_u8), time(), time(), 1..9_usize)
}

/// All messages, by room and `seq`. Messages of the same `seq` have nearly the same time.
#[derive(Default)]
struct Model(BTreeMap<(usize, u64), Document>);

fn sent_ms(room: usize, seq: u64) -> i64 {
    1_000_000 + seq as i64 * 1_000 + room as i64 / 2
}

const FLAGS: [Flags; 6] = [Flags::FILE, Flags::IMAGE, Flags::LINK, Flags::CODE, Flags::PINNED, Flags::REPLY];

/// The flags that a query asks for.
fn asked(query: &Query) -> impl Iterator<Item = Flags> {
    let is = query.filters.is.iter().filter_map(|is| match is {
        Is::Pinned => Some(Flags::PINNED),
        Is::Reply => Some(Flags::REPLY),
        Is::Mine => None,
    });
    query.filters.has.iter().copied().map(Flags::of).chain(is)
}

impl Model {
    fn find(&self, request: &Request<'_>) -> HashSet<(String, u64)> {
        let found = self.0.iter().filter(|((room, _), document)| {
            let may_read = match request.rooms {
                Rooms::All => true,
                Rooms::Only(rooms) => rooms.contains(ROOMS[*room]),
            };
            may_read
                && document.text.as_ref().is_some_and(|text| request.query.matches_text(text))
                && request.authors.is_none_or(|authors| authors.contains(&document.author))
                && request.before_ms.is_none_or(|ms| document.sent_ms < ms)
                && request.since_ms.is_none_or(|ms| document.sent_ms >= ms)
                && asked(request.query).all(|flag| document.flags.contains(flag))
        });
        found.map(|((room, seq), _)| (ROOMS[*room].to_owned(), *seq)).collect()
    }
}

/// The index and what it should find.
struct World {
    dir: tempfile::TempDir,
    index: Index,
    model: Model,
    rev: u64,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(&dir.path().join("search.db")).unwrap();
        Self { dir, index, model: Model::default(), rev: 0 }
    }

    fn change(&mut self, room: usize, seq: u64, change: impl FnOnce(&mut Document)) {
        if let Some(document) = self.model.0.get_mut(&(room, seq)) {
            change(document);
            self.index.apply(ROOMS[room], std::slice::from_ref(document), self.rev).unwrap();
        }
    }

    fn run(&mut self, command: Command) {
        self.rev += 1;
        let rev = self.rev;
        match command {
            Command::Post { room, seq, author: by, text } => {
                let new = || Document {
                    seq,
                    text_rev: rev,
                    sent_ms: sent_ms(room, seq),
                    author: author(by),
                    text: None,
                    flags: Flags::default(),
                };
                self.model.0.entry((room, seq)).or_insert_with(new);
                self.change(room, seq, |document| {
                    document.text = Some(text);
                    document.text_rev = rev;
                });
            }
            Command::Delete { room, seq } => self.change(room, seq, |document| document.text = None),
            Command::Flag { room, seq, flag } => {
                self.change(room, seq, |document| document.flags = document.flags.with(FLAGS[usize::from(flag)]));
            }
            Command::Remove { room } => {
                self.model.0.retain(|(of, _), _| *of != room);
                self.index.remove_room(ROOMS[room]).unwrap();
            }
            Command::Reset { room } => {
                self.index.remove_room(ROOMS[room]).unwrap();
                let all: Vec<_> = self.model.0.range((room, 0)..(room + 1, 0)).map(|(_, doc)| doc.clone()).collect();
                self.index.apply(ROOMS[room], &all, rev).unwrap();
                assert_eq!(self.index.cursor(ROOMS[room]).unwrap(), rev);
            }
            Command::Merge => {
                self.index.merge(1).unwrap();
            }
            Command::Reopen => self.index = Index::open(&self.dir.path().join("search.db")).unwrap(),
        }
    }

    /// The lines of a comparison of the index with the model.
    fn differences(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut found = |line| lines.push(line);
        let mut comparison = Comparison::open(&self.dir.path().join("search.db")).unwrap().unwrap();
        for ((room, _), document) in &self.model.0 {
            let rev = self.index.cursor(ROOMS[*room]).unwrap();
            comparison.compare(ROOMS[*room], rev, document, &mut found);
        }
        comparison.finish(&mut found);
        lines
    }

    fn check(&self, (typed, rooms, by, since, before, limit): Search) -> std::result::Result<(), TestCaseError> {
        let query = Query::parse(&typed);
        let rooms: Option<HashSet<_>> = rooms.map(|may_read| {
            ROOMS.iter().zip(may_read).filter(|(_, may_read)| *may_read).map(|(room, _)| (*room).to_owned()).collect()
        });
        let authors = by.map(|by| [author(by), author(9)]);
        let request = Request {
            query: &query,
            rooms: rooms.as_ref().map_or(Rooms::All, Rooms::Only),
            authors: authors.as_ref().map(|authors| &authors[..]),
            before_ms: before.map(|seq| sent_ms(0, seq)),
            since_ms: since.map(|seq| sent_ms(0, seq)),
            below: None,
            limit: usize::MAX,
        };
        let reader = self.index.patient_reader();
        let all = reader.search(&request).unwrap();
        prop_assert!(all.is_complete);
        let found: Vec<_> = all.hits.iter().map(|hit| (hit.room_id.clone(), hit.seq)).collect();
        prop_assert_eq!(&found.iter().cloned().collect::<HashSet<_>>(), &self.model.find(&request), "{}", typed);
        let times = all.hits.iter().map(|hit| hit.seq); // those of a higher one are newer
        prop_assert!(times.rev().is_sorted() && all.hits.is_sorted_by(|a, b| a.id > b.id), "{:?}", all.hits);
        let mut pages = Vec::new();
        loop {
            let below = pages.last().map(|hit: &Hit| hit.id);
            let page = reader.search(&Request { below, limit, ..request.clone() }).unwrap().hits;
            let is_last = page.len() < limit;
            pages.extend(page);
            if is_last {
                break;
            }
        }
        prop_assert_eq!(&pages, &all.hits);
        let mut best = Vec::new();
        for offset in (0..all.hits.len()).step_by(limit) {
            best.extend(reader.best(&Request { limit, ..request.clone() }, offset).unwrap().hits);
        }
        best.sort_by_key(|hit| std::cmp::Reverse(hit.id));
        prop_assert_eq!(&best, &all.hits);
        prop_assert_eq!(self.differences(), [""; 0]);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_is_there(steps in vec((command(), proptest::option::weighted(0.3, search())), 1..80)) {
        let mut world = World::new();
        for (command, search) in steps {
            world.run(command);
            if let Some(search) = search {
                world.check(search)?;
            }
        }
        while world.index.merge(2).unwrap() {}
        world.check((String::new(), None, None, None, None, 5))?;
        world.check(("\"foo\"".to_owned(), None, None, None, None, 5))?;
    }
}
