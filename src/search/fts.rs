//! A query in the language of SQLite's FTS5.
//!
//! A message has tags besides: words that begin with `_`, as no word of a text does, before those of the text.
//!
//! The table is `fts5(words, parts, content='', contentless_delete=1, tokenize="ascii tokenchars '_'")`. This
//! tokenizer takes a token for what is between ASCII punctuation and spaces, so that it finds the tokens of
//! [`index_text`] again.

use rusqlite::{Connection, OptionalExtension};

use super::{error::Result, query::Term, tokens::Token};

/// A tag that nothing has.
const NO_TAG: &str = "_";
/// Up to so many pages are merged in a millisecond or two.
const FEW_PAGES: i64 = 8;
/// The most words that a prefix is expanded to.
const MAX_WORDS: usize = 128;

/// The text of a column: the tokens between spaces.
pub fn index_text(tokens: &[Token]) -> String {
    tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// All of the conditions. `None` for none.
pub(super) fn join(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

/// That a term occurs.
pub(super) fn term(term: &Term) -> String {
    let prefix = if term.prefix { " *" } else { "" };
    format!("{} : {}{prefix}", columns(term), string(&term.tokens.join(" ")))
}

fn columns(term: &Term) -> &'static str {
    if term.tokens.len() == 1 { "{words parts}" } else { "words" }
}

/// That a term occurs, the words that a prefix stands for each by itself: FTS5 merges the lists of all of a prefix's
/// words before it finds the first row, but can go through those of some words as far as needed. If the lists are
/// short, or the words are many, it is left to FTS5.
pub(super) fn expand(connection: &Connection, of: &Term) -> Result<String> {
    let Some((prefix, before)) = of.tokens.split_last().filter(|_| of.prefix) else {
        return Ok(term(of));
    };
    if pages(connection, prefix)? <= FEW_PAGES {
        return Ok(term(of));
    }
    let Some(words) = words(connection, prefix)? else {
        return Ok(term(of));
    };
    if words.is_empty() {
        return Ok(term(of));
    }
    let phrase = |word: &String| {
        let tokens: Vec<_> = before.iter().chain([word]).map(String::as_str).collect();
        string(&tokens.join(" "))
    };
    let phrases: Vec<_> = words.iter().map(phrase).collect();
    Ok(format!("{} : ({})", columns(of), phrases.join(" OR ")))
}

/// About how many pages of 4 KB the lists of the tokens with a prefix have.
fn pages(connection: &Connection, prefix: &str) -> Result<i64> {
    // FTS5's own index of each segment: its pages, by their first term, which follows a zero digit. The lowest bit of
    // `pgno` is a flag
    let select = "WITH RECURSIVE segments (id) AS (
            SELECT min(segid) FROM fts_idx
            UNION ALL SELECT (SELECT min(segid) FROM fts_idx WHERE segid > id) FROM segments WHERE id IS NOT NULL
        ), ends (first, last) AS (SELECT
            (SELECT pgno FROM fts_idx WHERE segid = id AND term <= ?1 ORDER BY term DESC LIMIT 1),
            (SELECT pgno FROM fts_idx WHERE segid = id AND term < ?2 ORDER BY term DESC LIMIT 1)
            FROM segments WHERE id IS NOT NULL)
        SELECT coalesce(sum(last / 2 - coalesce(first, 0) / 2), 0) FROM ends";
    let first = format!("0{prefix}").into_bytes();
    let end = [&first[..], &[u8::MAX]].concat();
    Ok(connection.prepare_cached(select)?.query_row((first, end), |row| row.get(0))?)
}

/// The tokens of the index that begin with `prefix`. `None` if there are more than [`MAX_WORDS`].
fn words(connection: &Connection, prefix: &str) -> Result<Option<Vec<String>>> {
    // a token has thousands of instances: each is the first that follows the one before it
    let mut select = connection.prepare_cached("SELECT term FROM terms WHERE term >= ? LIMIT 1")?;
    let mut words: Vec<String> = Vec::new();
    let mut next = prefix.to_owned();
    loop {
        let word: Option<String> = select.query_row([&next], |row| row.get(0)).optional()?;
        let Some(word) = word.filter(|word| word.starts_with(prefix)) else {
            return Ok(Some(words));
        };
        if words.len() == MAX_WORDS {
            return Ok(None);
        }
        next = format!("{word}\u{1}");
        words.push(word);
    }
}

/// That it has at least one of the tags, which are `_[a-z0-9_]+`. Nothing has a tag of other characters.
pub(super) fn any_tag(tags: &[String]) -> String {
    let known: Vec<_> = tags.iter().filter(|tag| is_tag(tag)).map(|tag| string(tag)).collect();
    if known.is_empty() { format!("words : {}", string(NO_TAG)) } else { format!("words : ({})", known.join(" OR ")) }
}

/// FTS5 ignores a condition without tokens, so there must be one.
fn is_tag(tag: &str) -> bool {
    tag.len() > 1
        && tag.starts_with('_')
        && tag.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A string of FTS5.
fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
pub(super) mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::search::{Query, tokens};

    impl Query {
        /// The expression for the rows whose text it finds. `None` without terms: every row.
        pub fn fts5(&self) -> Option<String> {
            self.fts5_with_tags(&[])
        }

        /// The expression for the rows whose text it finds and that have, of each of `required`, at least one tag.
        pub fn fts5_with_tags(&self, required: &[Vec<String>]) -> Option<String> {
            let terms = self.terms.iter().map(term);
            join(&terms.chain(required.iter().map(|tags| any_tag(tags))).collect::<Vec<_>>())
        }
    }

    /// An index of texts, each with its tags. Their row ids count from 0.
    pub fn index(rows: &[(&str, &str)]) -> Connection {
        let index = Connection::open_in_memory().unwrap();
        let options = "content='', contentless_delete=1, tokenize=\"ascii tokenchars '_'\"";
        index.execute_batch(&format!("CREATE VIRTUAL TABLE i USING fts5(words, parts, {options})")).unwrap();
        for (n, (text, tags)) in rows.iter().enumerate() {
            let found = tokens(text);
            let (words, parts) = (format!("{tags} {}", index_text(&found.words)), index_text(&found.parts));
            let insert = "INSERT INTO i (rowid, words, parts) VALUES (?, ?, ?)";
            index.execute(insert, (n as i64, words, parts)).unwrap();
        }
        index
    }

    /// The rows that an expression finds.
    pub fn rows(index: &Connection, expression: &str) -> Vec<usize> {
        let mut select = index.prepare_cached("SELECT rowid FROM i WHERE i MATCH ? ORDER BY rowid").unwrap();
        let ids = select.query_map([expression], |row| row.get::<_, i64>(0)).unwrap();
        ids.map(|id| id.unwrap() as usize).collect()
    }

    #[test]
    fn an_expression_quotes_its_tokens() {
        let fts5 = |typed| Query::parse(typed).fts5();
        assert_eq!(
            fts5("foo-Bar AND (baz").as_deref(),
            Some("words : \"foo bar\" AND {words parts} : \"and\" AND {words parts} : \"baz\" *")
        );
        assert_eq!(fts5("東京都 \"都\"").as_deref(), Some("words : \"東京 京都\" AND {words parts} : \"都\" *"));
        assert_eq!(fts5("from:ada !"), None);
        assert_eq!(string("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn the_index_finds_what_the_query_matches() {
        let texts = [
            "Der Ärger im Büro: parseHTTPRequest(foo_bar)",
            "東京都庁 👍🏽 don't",
            "กินข้าวที่บ้าน #\u{20E3}",
            "안녕하세요 שָׁלוֹם",
            "NEAR AND OR NOT \"quoted\" * ^ col:x",
        ];
        let index = index(&texts.map(|text| (text, "")));
        for (typed, expected) in [
            ("arger", vec![0]),
            ("http", vec![0]),
            ("bar", vec![0]),
            ("foo_b", vec![0]),
            ("都", vec![1]),
            ("京都庁", vec![1]),
            ("👍", vec![1]),
            ("\"👍\"", vec![]),
            ("don't", vec![1]),
            ("ข้าว", vec![2]),
            ("#\u{FE0F}\u{20E3}", vec![2]),
            ("*\u{FE0F}\u{20E3}", vec![]),
            ("하세", vec![3]),
            ("שלום.", vec![3]),
            ("NEAR OR", vec![4]),
            ("col:x", vec![4]),
        ] {
            let query = Query::parse(typed);
            assert_eq!(rows(&index, &query.fts5().unwrap()), expected, "{typed}");
            let matched: Vec<_> = (0..texts.len()).filter(|n| query.matches_text(texts[*n])).collect();
            assert_eq!(matched, expected, "{typed}");
        }
    }

    #[test]
    fn tags_restrict_what_is_found() {
        let index = index(&[("foo", "_room1 _ada _file"), ("foo", "_room2 _ada"), ("bar", "_room1"), ("_room1", "")]);
        let found = |typed: &str, required: &[&[&str]]| {
            let required: Vec<_> =
                required.iter().map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect()).collect();
            rows(&index, &Query::parse(typed).fts5_with_tags(&required).unwrap())
        };
        assert_eq!(found("foo", &[&["_room1"]]), [0]);
        assert_eq!(found("foo", &[&["_room1", "_room2"], &["_ada"]]), [0, 1]);
        assert_eq!(found("", &[&["_room1"]]), [0, 2]);
        assert_eq!(found("foo bar", &[&["_room1"]]), [0; 0]);
        for none in [&[][..], &["", "-"], &["\") OR (\""], &["_room"], &["room1"], &["_"]] {
            assert_eq!(found("foo", &[none]), [0; 0], "{none:?}");
        }
        let many: Vec<_> = (0..5_000).map(|n| format!("_room{n}")).collect();
        let expression = Query::parse("foo").fts5_with_tags(&[many]).unwrap();
        assert_eq!(rows(&index, &expression), [0, 1]);
        assert_eq!(Query::default().fts5_with_tags(&[]), None);
    }
}
