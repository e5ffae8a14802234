//! The naive scan: which texts a query finds, looked up piece by piece.

use crate::vocabulary::Segment;

/// A word or phrase of a query: pieces that follow each other in a text.
#[derive(Debug, Clone)]
pub struct Term {
    pub segments: Vec<Segment>,
    /// Whether the last word is the beginning of one.
    pub is_open: bool,
}

impl Term {
    /// Whether it occurs in a text. One word is also looked for among the parts of identifiers.
    pub fn occurs_in(&self, text: &[Segment]) -> bool {
        let is_part = |segment: &Segment| match (&self.segments[..], segment) {
            ([Segment::Word { folded, .. }], Segment::Word { parts, .. }) => {
                parts.iter().any(|part| self.is_word(folded, part, true))
            }
            _ => false,
        };
        text.iter().any(is_part) || text.windows(self.segments.len()).any(|found| self.is_at(found))
    }

    fn is_at(&self, found: &[Segment]) -> bool {
        let last = self.segments.len() - 1;
        self.segments.iter().zip(found).enumerate().all(|(n, (wanted, found))| match (wanted, found) {
            (Segment::Word { folded: wanted, .. }, Segment::Word { folded: found, .. }) => {
                // a short beginning of letters after another word is a whole word
                let is_whole = last > 0 && wanted.chars().count() < 3 && wanted.chars().all(char::is_alphanumeric);
                self.is_word(wanted, found, n == last && !is_whole)
            }
            (Segment::Run(wanted), Segment::Run(found)) => is_in_run(wanted, found, n == 0, n == last),
            _ => false,
        })
    }

    fn is_word(&self, wanted: &str, found: &str, is_last: bool) -> bool {
        if is_last && self.is_open { found.starts_with(wanted) } else { found == wanted }
    }
}

/// Whether letters are in a run: anywhere, but at its end if a piece follows, and at its beginning if one is before.
fn is_in_run(wanted: &[&str], found: &[&str], is_first: bool, is_last: bool) -> bool {
    match (is_first, is_last) {
        (true, true) => found.windows(wanted.len()).any(|letters| letters == wanted),
        (true, false) => found.ends_with(wanted),
        (false, true) => found.starts_with(wanted),
        (false, false) => found == wanted,
    }
}
