//! What the searcher looks for.

use super::{
    corpus::{CODE, Corpus, LINK, Mix, Random},
    filling::{self, AUTHORS, Filled, FilledRoom},
};

/// Common words: of these ranks. The first is in half of the messages.
const COMMON: std::ops::Range<usize> = 0..50;
/// Rare words: each is in a dozen of 1,000,000 messages.
const RARE: std::ops::Range<usize> = 4000..20_000;

/// A kind of query.
pub struct Kind {
    pub name: &'static str,
    pub query: fn(&mut Searcher) -> String,
    pub sort: Sort,
    /// Whether most of its queries find something.
    pub finds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Newest,
    Best,
}

const fn newest(name: &'static str, query: fn(&mut Searcher) -> String) -> Kind {
    Kind { name, query, sort: Sort::Newest, finds: true }
}

/// All kinds. The last word of a query is the beginning of one, unless it is in quotes: so most people type.
pub static KINDS: [Kind; 22] = [
    newest("common word", |s| s.ranked(COMMON)),
    newest("common word, whole", |s| format!("\"{}\"", s.ranked(COMMON))),
    newest("rare word", |s| s.ranked(RARE)),
    newest("rare word, whole", |s| format!("\"{}\"", s.ranked(RARE))),
    newest("phrase", |s| format!("\"{}\"", s.written_words())),
    newest("prefix of 1", |s| s.beginning(1)),
    newest("prefix of 2", |s| s.beginning(2)),
    newest("prefix of 3", |s| s.beginning(3)),
    newest("prefix of 4", |s| s.beginning(4)),
    newest("prefix of 5", |s| s.beginning(5)),
    newest("two words", |s| format!("{} {}", s.ranked(0..200), s.ranked(50..1000))),
    newest("CJK pair", |s| s.written_characters(2)),
    newest("CJK character", |s| s.corpus.character(&mut s.random).into()),
    // with a word, and without
    newest("from:", |s| s.filtered(|s| format!("from:user{}", s.random.below(AUTHORS)))),
    newest("in:", |s| s.filtered(|s| format!("in:{}", s.room().id))),
    newest("has:link", |s| s.filtered(|_| "has:link".into())),
    newest("is:pinned", |_| "is:pinned".into()),
    newest("before:", |s| s.filtered(|s| format!("before:{}", filling::day(1 + s.random.below(729) as i64)))),
    newest("address, half typed", |s| s.half_typed(LINK, "https://")),
    newest("code, half typed", |s| s.half_typed(CODE, "`")),
    Kind {
        name: "nothing",
        query: |s| format!("{}qx{}", s.ranked(0..20_000), s.random.below(1000)),
        sort: Sort::Newest,
        finds: false,
    },
    Kind { name: "best, common word", query: |s| s.ranked(COMMON), sort: Sort::Best, finds: true },
];

/// Makes queries that are different each time.
pub struct Searcher<'a> {
    filled: &'a Filled,
    /// Those that the searcher may read.
    rooms: Vec<&'a FilledRoom>,
    corpus: &'a Corpus,
    random: Random,
}

impl<'a> Searcher<'a> {
    pub fn new(filled: &'a Filled, corpus: &'a Corpus) -> Self {
        Self { filled, rooms: filled.readable().collect(), corpus, random: Random::new(4711) }
    }

    /// One of the rooms that the searcher may read.
    pub fn room(&mut self) -> &'a FilledRoom {
        self.rooms[self.random.below(self.rooms.len())]
    }

    fn ranked(&mut self, ranks: std::ops::Range<usize>) -> String {
        self.corpus.words[ranks.start + self.random.below(ranks.len())].clone()
    }

    /// The beginning of a word.
    fn beginning(&mut self, letters: usize) -> String {
        let word = loop {
            let word = self.corpus.word(&mut self.random);
            if word.len() >= letters {
                break word;
            }
        };
        word[..letters].to_owned()
    }

    /// A filter: in each second query with a word before it.
    fn filtered(&mut self, filter: fn(&mut Self) -> String) -> String {
        let filter = filter(self);
        if self.random.below(2) == 0 { filter } else { format!("{} {filter}", self.ranked(0..1000)) }
    }

    /// The text of a message that the searcher may read.
    fn written(&mut self) -> String {
        let room = self.room();
        let seq = 1 + self.random.below(room.messages as usize) as u64;
        self.corpus.text(self.filled.size.mix, room.number, seq)
    }

    /// An address or a piece of code of a message, without its last characters.
    fn half_typed(&mut self, place: u64, beginning: &str) -> String {
        loop {
            let room = self.room();
            let hundreds = 1 + (room.messages.saturating_sub(place) / 100) as usize;
            let seq = place + 100 * self.random.below(hundreds) as u64;
            let text = self.corpus.text(self.filled.size.mix, room.number, seq);
            if let Some(start) = text.find(beginning).filter(|_| seq <= room.messages) {
                let end = text.len() - 1 - self.random.below(8);
                return text[start..end].trim_start_matches('`').to_owned();
            }
        }
    }

    /// Two or three words that are beside each other in a message.
    fn written_words(&mut self) -> String {
        let count = 2 + self.random.below(2);
        loop {
            let text = self.written();
            let words: Vec<&str> =
                text.split(' ').filter(|word| word.bytes().all(|b| b.is_ascii_lowercase())).collect();
            if words.len() >= count {
                let first = self.random.below(words.len() - count + 1);
                let phrase = words[first..first + count].join(" ");
                if text.contains(&phrase) {
                    return phrase;
                }
            }
        }
    }

    /// Characters that are beside each other in a message.
    fn written_characters(&mut self, count: usize) -> String {
        assert!(self.filled.size.mix != Mix::English, "there are such messages");
        loop {
            let text: Vec<char> = self.written().chars().collect();
            let runs: Vec<&[char]> =
                text.windows(count).filter(|run| run.iter().all(|c| *c >= '\u{4e00}' && *c <= '\u{9fff}')).collect();
            if !runs.is_empty() {
                return runs[self.random.below(runs.len())].iter().collect();
            }
        }
    }
}

/// The path of a search in the API.
pub fn path(query: &str, sort: Sort) -> String {
    let sort = if sort == Sort::Best { "&sort=best" } else { "" };
    format!("/api/search?q={}&limit=20{sort}", encoded(query))
}

pub fn encoded(query: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    query.bytes().map(encode).collect()
}
