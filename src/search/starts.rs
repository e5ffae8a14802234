//! The beginnings of a document's words, kept with it.
//!
//! FTS5 finds a prefix by merging the lists of all words that begin with it, before the first hit: of 1,000,000
//! messages `t` takes half a second. But whether one message has a word with such a short beginning can be read from
//! its starts, and many of the newest have one.
//!
//! Starts are bytes: the differences of the sorted numbers of those in ASCII, each of one to three bytes, then 0, then
//! the others between spaces. Most take two bytes.

use std::collections::BTreeSet;

use super::{
    script::{Class, Script},
    tokens::Tokens,
};

/// The characters of a start.
const CHARS: usize = 3;
/// The characters that a start in ASCII can have, and one for none.
const DIGITS: u32 = 38;
/// The value of a byte that another follows.
const MORE: u8 = 0x80;

/// The starts of all words and parts, each once. Of a script without spaces they are one character: a word of it has
/// only two.
pub(super) fn starts(tokens: &Tokens) -> Vec<u8> {
    let starts = tokens.words.iter().chain(&tokens.parts).filter_map(|token| start(&token.text));
    let (mut numbers, mut others) = (BTreeSet::new(), BTreeSet::new());
    for start in starts {
        match number(start) {
            Some(number) => numbers.insert(number),
            None => others.insert(start),
        };
    }
    let mut bytes = Vec::new();
    let mut last = 0;
    for number in numbers {
        write(&mut bytes, number - last);
        last = number;
    }
    if !others.is_empty() {
        bytes.push(0);
        bytes.extend(others.into_iter().collect::<Vec<_>>().join(" ").bytes());
    }
    bytes
}

/// The beginning of a word that is kept.
fn start(word: &str) -> Option<&str> {
    let chars = if is_spaced(word.chars().next()?) { CHARS } else { 1 };
    let end = word.char_indices().nth(chars).map_or(word.len(), |(end, _)| end);
    word.get(..end)
}

fn is_spaced(first: char) -> bool {
    matches!(Class::of(first), Class::Letter(Script::Spaced))
}

/// The number of a start in ASCII, above 0. Starts with the same beginning are neighbours.
fn number(start: &str) -> Option<u32> {
    let digit = |byte: u8| match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 1),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 27),
        b'_' => Some(37),
        _ => None,
    };
    let digits = start.bytes().map(digit).chain(std::iter::repeat(Some(0)));
    digits.take(CHARS.max(start.len())).try_fold(0, |number, digit| Some(number * DIGITS + digit?))
}

/// Appends a number, 7 bits a byte, the lowest first.
fn write(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= u32::from(MORE) {
        bytes.push(number as u8 | MORE);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number from the front of `bytes`.
fn read(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in [0, 7, 14] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & !MORE) << shift;
        if byte & MORE == 0 {
            break;
        }
    }
    Some(number)
}

/// The beginning of a word that starts can tell.
pub(super) struct Start {
    prefix: String,
    /// The first number of a start that begins so, and the first of those that follow. None if it is not in ASCII.
    numbers: std::ops::Range<u32>,
}

impl Start {
    /// `None` if `prefix` is longer than a start.
    pub fn new(prefix: &str) -> Option<Self> {
        if start(prefix)? != prefix {
            return None;
        }
        let numbers = number(prefix).map_or(0..0, |first| first..first + DIGITS.pow((CHARS - prefix.len()) as u32));
        Some(Self { prefix: prefix.to_owned(), numbers })
    }

    /// Whether a word of the document with these starts begins so.
    pub fn is_in(&self, mut starts: &[u8]) -> bool {
        let mut last = 0;
        while let Some(difference) = read(&mut starts) {
            if difference == 0 {
                break;
            }
            last += difference;
            if self.numbers.contains(&last) {
                return true;
            }
        }
        let others = std::str::from_utf8(starts).unwrap_or_default();
        others.split(' ').any(|start| start.starts_with(&self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::tokens;

    #[test]
    fn starts_tell_short_beginnings() {
        let text = starts(&tokens("The theatre: a fooBar, zzz 0 東京 жук 12 aж 👍🏽 x ที่"));
        for prefix in "t th the a f fo foo b ba bar z zz zzz 0 1 12 東 京 ж жу жук aж 👍 x".split(' ') {
            assert!(Start::new(prefix).unwrap().is_in(&text), "{prefix}");
        }
        for prefix in "h he ax oo 都 xx q 00 2 у ук жж thf _ ท่".split(' ').filter_map(Start::new) {
            assert!(!prefix.is_in(&text), "{}", prefix.prefix);
        }
        for long in ["theo", "東京", "", "👍🏽", "жуки"] {
            assert!(Start::new(long).is_none(), "{long}");
        }
        assert!(!Start::new("a").unwrap().is_in(&starts(&tokens(""))));
        assert_eq!(starts(&tokens("the then and")).len(), 5);
    }
}
