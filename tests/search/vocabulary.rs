//! What is said: texts of known words, each with what it is found by.
//!
//! Nothing here asks natter how a text is cut or folded: the tables say it.

use natter_check::team::Random;

/// A piece of a text as search sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A word or an emoji, without case and accents, and the parts of an identifier.
    Word { folded: String, parts: Vec<String> },
    /// Letters of one script without spaces. A letter has its marks.
    Run(Vec<&'static str>),
}

/// A text, or a piece of one.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub written: String,
    pub segments: Vec<Segment>,
    pub has_link: bool,
    pub has_code: bool,
}

/// Single words: their spellings, and what all of them are.
const WORDS: &[(&str, &str)] = &[
    // Latin
    ("Ärger|ärger|ARGER|A\u{308}rger", "arger"),
    ("Straße|STRASSE|strasse", "strasse"),
    ("naïve|NAIVE", "naive"),
    ("Łódź|lodz", "lodz"),
    ("ﬁne|fine|Fine", "fine"),
    ("office|Office|ＯＦＦＩＣＥ", "office"),
    ("off|OFF", "off"),
    ("plan|Plan", "plan"),
    ("planet|PLANET", "planet"),
    ("co\u{AD}operate|cooperate", "cooperate"),
    ("http|HTTP", "http"),
    ("2026", "2026"),
    // Cyrillic
    ("Ёлка|елка|ЁЛКА", "елка"),
    ("ещё|ЕЩЕ", "еще"),
    ("Мой|мои", "мои"),
    ("проект|Проект|ПРОЕКТ", "проект"),
    ("проекты", "проекты"),
    // Greek
    ("λόγος|ΛΌΓΟΣ|λογος", "λογοσ"),
    ("ΟΔΟΣ|οδός", "οδοσ"),
    ("Ελλάδα|ελλαδα", "ελλαδα"),
    // Arabic and Hebrew
    ("السَّلامُ|السلام", "السلام"),
    ("مُحَمَّد|محمد|محـــمد", "محمد"),
    ("كتاب", "كتاب"),
    ("שָׁלוֹם|שלום", "שלום"),
    // Devanagari
    ("हिन्दी", "हिन्दी"),
];

/// Emoji, and what they are found by.
const EMOJI: &[(&str, &str)] =
    &[("👍", "👍"), ("👍🏽", "👍🏽"), ("❤\u{FE0F}|❤", "❤"), ("🎉", "🎉"), ("🇩🇪", "🇩🇪"), ("👩\u{200D}💻", "👩\u{200D}💻")];

/// Identifiers, quotes and other pieces of several words: what is written, and the words with the parts that they have.
const PHRASES: &[(&str, &str)] = &[
    ("foo_bar", "foo_bar=foo+bar"),
    ("fooBar", "foobar=foo+bar"),
    ("HTTPServer", "httpserver=http+server"),
    ("parseHTTPRequest2", "parsehttprequest2=parse+http+request+2"),
    ("utf8", "utf8=utf+8"),
    ("ЖукИван", "жукиван=жук+иван"),
    ("__init__", "init"),
    ("src/main.rs", "src main rs"),
    ("C++", "c"),
    ("1,000.5", "1 000 5"),
    ("don't", "don t"),
    ("l’homme", "l homme"),
    ("\"hello there\"", "hello there"),
    ("“Hello, world”", "hello world"),
    ("בית־ספר", "בית ספר"),
    ("צה\"ל", "צה ל"),
    ("Rust東京2026", "rust ~東京 2026"),
    ("東京タワー", "~東京 ~タワー"),
    ("ｶﾞｷﾞ", "~ガギ"),
    ("食べる。", "~食 ~べる"),
    ("東🗼京", "~東 🗼 ~京"),
];

const LINKS: &[(&str, &str)] = &[
    ("https://example.org/a/b", "https example org a b"),
    ("https://Example.org/Ärger?q=1#x", "https example org arger q 1 x"),
    ("[the docs](http://docs.example.org)", "the docs http docs example org"),
    ("www.example.org", "www example org"),
    ("ada@example.org", "ada example org"),
];

const CODE: &[(&str, &str)] =
    &[("`foo_bar`", "foo_bar=foo+bar"), ("`let x = fooBar;`", "let x foobar=foo+bar"), ("``東京()``", "~東京")];

/// The letters that runs are made of, few of each script so that parts of runs recur. No letter begins another.
const RUNS: &[&[&str]] = &[
    &["東", "京", "都", "大", "阪"],
    &["か", "が", "き", "ら"],
    &["タ", "ワ", "ガ", "ー"],
    &["한", "국", "어", "말"],
    &["กิ", "น", "ข้", "า", "ที่"],
];

/// How pieces of a text are parted.
const BETWEEN: &[&str] = &[" ", " ", " ", ", ", "\n", " — "];

/// A text of one to eight pieces, now and then of many more.
pub fn random_text(random: &mut Random) -> Text {
    let count = if random.below(20) == 0 { 80 } else { 1 + random.below(8) };
    let mut text = Text::default();
    let mut before = Touch::Nothing;
    for n in 0..count {
        let (piece, touch) = random_piece(random);
        // a run and a word need no space between them
        let may_touch = matches!((before, touch), (Touch::Run, Touch::Word) | (Touch::Word, Touch::Run));
        if n > 0 && !(may_touch && random.below(2) == 0) {
            text.written.push_str(random.pick(BETWEEN).unwrap());
        }
        text.append(piece);
        before = touch;
    }
    text
}

/// The name of a file.
pub fn random_name(random: &mut Random) -> Text {
    let mut name = random_word(random);
    name.written.push_str(" - ");
    name.append(random_run(random));
    name.written.push_str(".txt");
    name.segments.push(word("txt"));
    name
}

/// What can be beside a piece of a text without a space: a word beside a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touch {
    Word,
    Run,
    Nothing,
}

fn random_piece(random: &mut Random) -> (Text, Touch) {
    match random.below(20) {
        0..8 => (random_word(random), Touch::Word),
        8..13 => (random_run(random), Touch::Run),
        13..16 => (Text::of(*random.pick(PHRASES).unwrap()), Touch::Nothing),
        16 | 17 => (random_spelling(random, EMOJI), Touch::Nothing),
        18 => (Text { has_link: true, ..Text::of(*random.pick(LINKS).unwrap()) }, Touch::Nothing),
        _ => (Text { has_code: true, ..Text::of(*random.pick(CODE).unwrap()) }, Touch::Nothing),
    }
}

fn random_word(random: &mut Random) -> Text {
    random_spelling(random, WORDS)
}

fn random_spelling(random: &mut Random, of: &[(&'static str, &'static str)]) -> Text {
    let (spellings, segments) = *random.pick(of).unwrap();
    let spellings: Vec<_> = spellings.split('|').collect();
    Text::of((random.pick(&spellings).unwrap(), segments))
}

fn random_run(random: &mut Random) -> Text {
    let letters = *random.pick(RUNS).unwrap();
    // not `ー`, which belongs to what is before it
    let first = letters[random.below(letters.len() - 1)];
    let others = (0..random.below(5)).map(|_| *random.pick(letters).unwrap());
    let run: Vec<_> = std::iter::once(first).chain(others).collect();
    Text { written: run.concat(), segments: vec![Segment::Run(run)], ..Text::default() }
}

impl Text {
    /// What a table has.
    fn of((written, segments): (&str, &'static str)) -> Self {
        let segments = segments.split(' ').map(segment).collect();
        Self { written: written.to_owned(), segments, ..Self::default() }
    }

    fn append(&mut self, other: Self) {
        self.written.push_str(&other.written);
        self.segments.extend(other.segments);
        self.has_link |= other.has_link;
        self.has_code |= other.has_code;
    }
}

/// The segment that a table means: `word`, `word=part+part`, or `~run`.
fn segment(described: &'static str) -> Segment {
    if let Some(run) = described.strip_prefix('~') {
        return Segment::Run(run.split("").filter(|letter| !letter.is_empty()).collect());
    }
    let (folded, parts) = described.split_once('=').unwrap_or((described, ""));
    let parts = parts.split('+').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    Segment::Word { folded: folded.to_owned(), parts }
}

/// An identifier, an address or the like without spaces, as it can be copied into a query.
pub fn random_whole(random: &mut Random) -> Text {
    let all: Vec<_> = PHRASES.iter().chain(LINKS).chain(CODE).collect();
    let wholes: Vec<_> = all.into_iter().filter(|(written, _)| !written.contains([' ', '"'])).collect();
    Text::of(**random.pick(&wholes).unwrap())
}

/// A word without parts.
pub fn word(folded: &str) -> Segment {
    Segment::Word { folded: folded.to_owned(), parts: Vec::new() }
}

/// A way to type a word: any spelling of it, or the plain one in capitals.
pub fn spelling(random: &mut Random, folded: &str) -> String {
    let known = WORDS.iter().chain(EMOJI).find(|(_, word)| *word == folded);
    match (random.below(3), known) {
        (0, _) => folded.to_uppercase(),
        (1, Some((spellings, _))) => {
            let spellings: Vec<_> = spellings.split('|').collect();
            (*random.pick(&spellings).unwrap()).to_owned()
        }
        _ => folded.to_owned(),
    }
}
