//! The tokens of a text: what the index holds, and what a query asks for.

use std::{mem, ops::Range};

use unicode_segmentation::UnicodeSegmentation;

use super::{
    fold::fold_into,
    script::{Case, Class, Script, is_emoji},
};

/// Longest token, in characters. Of a longer one only the beginning counts.
const MAX_CHARS: usize = 64;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word, or a part of an identifier.
    Word,
    /// Two neighbours in a run of a script without spaces.
    Pair,
    /// The last character of such a run.
    Last,
    Emoji,
}

/// A folded piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// 1–64 characters. None is white space, and of ASCII only `a-z`, `0-9` and `_` occur.
    pub text: String,
    /// The bytes of the original text that it was made of: whole grapheme clusters.
    pub range: Range<usize>,
    pub kind: Kind,
}

/// The tokens of a text, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The words, at consecutive positions. `東京都` is `東京 京都 都`: a part of it is a phrase or the beginning of one.
    /// An apostrophe ends a word, like all punctuation but an inner `_`.
    pub words: Vec<Token>,
    /// The parts of those words that have several: `http` and `server` of `HTTPServer` and `http_server`.
    pub parts: Vec<Token>,
}

/// The tokens of `text`.
pub fn tokens(text: &str) -> Tokens {
    let mut cutter = Cutter { script: Script::Spaced, run: Vec::new(), tokens: Tokens::default() };
    let mut folded = String::new();
    for (start, cluster) in clusters(text) {
        let range = start..start + cluster.len();
        if is_emoji(cluster) {
            cutter.end_run();
            cutter.tokens.words.push(Token { text: emoji(cluster), range, kind: Kind::Emoji });
            continue;
        }
        folded.clear();
        fold_into(cluster, &mut folded);
        let case = Case::of(cluster);
        for c in folded.chars() {
            cutter.take(Char { c, case, range: range.clone() });
        }
    }
    cutter.end_run();
    cutter.tokens
}

/// The grapheme clusters of `text` and where they begin, but `\r\n` in two. To find them costs more than all else, so
/// not where it is plain: between characters of ASCII.
fn clusters(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..)?;
        let is_plain = rest.bytes().take(2).all(|byte| byte.is_ascii());
        let cluster = if is_plain { rest.get(..1)? } else { rest.graphemes(true).next()? };
        let found = (start, cluster);
        start += cluster.len();
        Some(found)
    })
}

/// The token of an emoji: without ASCII punctuation, and without the selectors between its forms as text and picture.
fn emoji(cluster: &str) -> String {
    let shown = cluster.chars().filter(|c| !matches!(c, '\u{FE0E}' | '\u{FE0F}'));
    let letters = shown.map(|c| match c {
        '#' => '＃',
        '*' => '＊',
        _ => c,
    });
    letters.take(MAX_CHARS).collect()
}

/// A folded character.
struct Char {
    c: char,
    /// The case of its cluster.
    case: Case,
    /// The bytes of its cluster.
    range: Range<usize>,
}

/// Collects runs of characters of one script and cuts them into tokens.
struct Cutter {
    /// The script of the run.
    script: Script,
    /// It begins with a letter. A mark follows no `_`.
    run: Vec<Char>,
    tokens: Tokens,
}

impl Cutter {
    fn take(&mut self, char: Char) {
        let is_kana = matches!(self.script, Script::Hiragana | Script::Katakana);
        let script = match Class::of(char.c) {
            Class::Letter(script) => script,
            Class::LongVowel if is_kana && !self.run.is_empty() => self.script,
            Class::LongVowel => Script::Katakana,
            Class::Mark if self.run.last().is_some_and(|last| last.c != '_') => self.script,
            Class::Joint if self.script == Script::Spaced && !self.run.is_empty() => self.script,
            Class::Mark | Class::Joint | Class::Other => return self.end_run(),
        };
        if script != self.script {
            self.end_run();
            self.script = script;
        }
        self.run.push(char);
    }

    fn end_run(&mut self) {
        let run = mem::take(&mut self.run);
        if self.script != Script::Spaced {
            self.tokens.words.extend(pairs(&run));
            return;
        }
        let inner = run.iter().rposition(|char| char.c != '_').map_or(0, |last| last + 1);
        let word = run.get(..inner).unwrap_or_default();
        self.tokens.words.extend(token(word, Kind::Word));
        let parts: Vec<_> = parts(word).collect();
        if parts.len() > 1 {
            self.tokens.parts.extend(parts.into_iter().filter_map(|part| token(part, Kind::Word)));
        }
    }
}

/// The token of neighbouring characters. `None` for none.
fn token(chars: &[Char], kind: Kind) -> Option<Token> {
    let (first, last) = (chars.first()?, chars.last()?);
    let text = chars.iter().take(MAX_CHARS).map(|char| char.c).collect();
    Some(Token { text, range: first.range.start..last.range.end, kind })
}

/// The pairs of a run of a script without spaces, and its last character. A character keeps its marks.
fn pairs(run: &[Char]) -> impl Iterator<Item = Token> {
    let is_start = |at: usize| run.get(at).is_some_and(|char| Class::of(char.c) != Class::Mark);
    let starts: Vec<usize> = (0..run.len()).filter(|at| is_start(*at)).collect();
    (0..starts.len()).filter_map(move |n| {
        let (end, kind) = match starts.get(n + 2) {
            Some(end) => (*end, Kind::Pair),
            None => (run.len(), if n + 2 == starts.len() { Kind::Pair } else { Kind::Last }),
        };
        token(run.get(*starts.get(n)?..end)?, kind)
    })
}

/// The parts of an identifier: between its `_`, where its case changes, and between letters and digits.
fn parts(word: &[Char]) -> impl Iterator<Item = &[Char]> {
    word.split(|char| char.c == '_').flat_map(|joined| {
        let mut rest = joined;
        std::iter::from_fn(move || {
            let end = (1..rest.len()).find(|at| is_boundary(rest, *at)).unwrap_or(rest.len());
            let (part, after) = rest.split_at_checked(end)?;
            rest = after;
            (!part.is_empty()).then_some(part)
        })
    })
}

/// Whether a part begins at `at`.
fn is_boundary(chars: &[Char], at: usize) -> bool {
    let (Some(before), Some(here)) = (at.checked_sub(1).and_then(|before| chars.get(before)), chars.get(at)) else {
        return false;
    };
    if before.range == here.range {
        return false;
    }
    match (before.case, here.case) {
        (Case::Digit, Case::Digit) => false,
        (Case::Digit, _) | (_, Case::Digit) | (Case::Lower, Case::Upper) => true,
        (Case::Upper, Case::Upper) => chars.get(at + 1).is_some_and(|next| next.case == Case::Lower),
        _ => false,
    }
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
