//! What a result shows of a long text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Where a text was cut off.
const ELLIPSIS: &str = "…";
/// Longest piece of a word that is left out so that a snippet begins and ends between words, in grapheme clusters.
const MAX_TRIMMED: usize = 16;

/// A part of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Whether it was searched for.
    pub is_hit: bool,
}

/// At most `width` grapheme clusters of `text` (but at least one) around the first of `hits`, or its beginning if there
/// are none. `hits` are bytes of `text`, as [`hits`](super::hits()) returns them. `…` stands for what was cut off, a
/// space for a line break. Hits and other pieces take turns.
pub fn snippet(text: &str, hits: &[Range<usize>], width: usize) -> Vec<Piece> {
    let clusters: Vec<_> =
        text.grapheme_indices(true).map(|(start, cluster)| Cluster::new(start, cluster, hits)).collect();
    let shown = window(&clusters, width.max(1));
    let mut pieces = Vec::new();
    if shown.start > 0 {
        push(&mut pieces, ELLIPSIS, false);
    }
    for cluster in clusters.get(shown.clone()).unwrap_or_default() {
        push(&mut pieces, cluster.text, cluster.is_hit);
    }
    if shown.end < clusters.len() {
        push(&mut pieces, ELLIPSIS, false);
    }
    pieces
}

/// A grapheme cluster as it is shown.
struct Cluster<'a> {
    text: &'a str,
    is_space: bool,
    is_hit: bool,
}

impl<'a> Cluster<'a> {
    /// The cluster at byte `start`. `hits` are sorted.
    fn new(start: usize, cluster: &'a str, hits: &[Range<usize>]) -> Self {
        let next = hits.partition_point(|hit| hit.end <= start);
        let is_hit = hits.get(next).is_some_and(|hit| hit.start < start + cluster.len());
        let is_space = cluster.chars().all(char::is_whitespace);
        let is_break = cluster.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        Self { text: if is_space && is_break { " " } else { cluster }, is_space, is_hit }
    }
}

/// Which clusters are shown. A third of what the first hit leaves free is before it.
fn window(clusters: &[Cluster<'_>], width: usize) -> Range<usize> {
    let len = clusters.len();
    if len <= width {
        return 0..len;
    }
    let hit = clusters.iter().position(|cluster| cluster.is_hit).unwrap_or(0);
    let hit_len = clusters.iter().skip(hit).take(width).take_while(|cluster| cluster.is_hit).count();
    let start = hit.saturating_sub((width - hit_len) / 3).min(len - width);
    let end = start + width;
    let is_space = |at: usize| clusters.get(at).is_some_and(|cluster| cluster.is_space);
    // both ends move to the next space, but not into the hit
    let start = match start {
        0 => 0,
        _ => (start - 1..hit.min(start + MAX_TRIMMED)).find(|at| is_space(*at)).map_or(start, |space| space + 1),
    };
    let least = (hit + hit_len).max(end.saturating_sub(MAX_TRIMMED)).max(start + 1);
    let end = if end == len { end } else { (least..=end).rev().find(|at| is_space(*at)).unwrap_or(end) };
    start..end
}

/// Appends `text` to the pieces.
fn push(pieces: &mut Vec<Piece>, text: &str, is_hit: bool) {
    match pieces.last_mut() {
        Some(last) if last.is_hit == is_hit => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), is_hit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Query, hits};

    /// The snippet, its hits in brackets.
    fn shown(text: &str, query: &str, width: usize) -> String {
        let pieces = snippet(text, &hits(text, &Query::parse(query)), width);
        pieces.into_iter().map(|Piece { text, is_hit }| if is_hit { format!("[{text}]") } else { text }).collect()
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(shown("a foo\r\nand\tfoo\n", "foo", 80), "a [foo] and [foo] ");
        assert_eq!(shown("", "foo", 80), "");
        assert_eq!(shown("foo", "bar", 3), "foo");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let text = "The quick brown fox jumps over the lazy dog, and nobody knows why.";
        assert_eq!(shown(text, "jumps", 24), "…fox [jumps] over the…");
        assert_eq!(shown(text, "the", 24), "[The] quick brown fox…");
        assert_eq!(shown(text, "why", 24), "…and nobody knows [why].");
        assert_eq!(shown(text, "cat", 24), "The quick brown fox…");
        assert_eq!(shown(text, "\"quick brown fox jumps over\"", 11), "…[quick brown]…");
        assert_eq!(shown(text, "fox", 0), "…[f]…");
        assert_eq!(shown(" abcdefgh", "", 4), " abc…");
    }

    #[test]
    fn text_without_spaces_is_cut_between_clusters() {
        assert_eq!(shown("東京都庁はとても高いビルです", "高い", 8), "…ても[高い]ビルです");
        let text = "e\u{301}".repeat(40) + "x" + &"👍🏽".repeat(40);
        assert_eq!(shown(&text, "cat", 2), "e\u{301}e\u{301}…");
        assert_eq!(shown(&text, "\"👍🏽\"", 4), format!("…[{}]…", "👍🏽".repeat(4)));
    }

    #[test]
    fn wrong_ranges_do_no_harm() {
        let all =
            |hits: &[Range<usize>]| snippet("äöü", hits, 2).into_iter().map(|piece| piece.text).collect::<String>();
        assert_eq!(all(&[1..1, 3..99]), "äö…");
        assert_eq!(all(&[9..12, 20..20]), "äö…");
    }
}
