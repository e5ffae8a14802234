//! How much of the log one answer holds.
//!
//! A message has up to 16 KB of text, so a number of messages is no bound of memory: an answer is held for as long
//! as its client takes to read it.

/// Most bytes of text in one answer of the log, as they are escaped on a page or in JSON, whichever is longer. An answer
/// holds one message at least.
pub const TEXT_BYTES: usize = 256 * 1024;

/// The bytes that `text` takes where it is escaped: `'` has five in HTML. An upper bound for both forms.
fn escaped_len(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'<' | b'>' | b'&' | b'\'' | b'"')).count();
    let doubled = text.bytes().filter(|byte| matches!(byte, b'\\' | b'\n' | b'\t')).count();
    text.len() + 4 * escaped + doubled
}

/// Counts the messages that go into an answer.
pub(super) struct Budget {
    messages: u32,
    bytes: usize,
    is_empty: bool,
}

impl Budget {
    /// For at most `limit` messages.
    pub fn new(limit: u32) -> Self {
        Self { messages: limit, bytes: TEXT_BYTES, is_empty: true }
    }

    /// As [`Budget::take`], for a message with this text; a deleted one has none.
    pub fn take_text(&mut self, text: Option<&str>) -> bool {
        self.take(text.map_or(0, escaped_len))
    }

    /// Whether a message with `bytes` of text goes in as well. After the first that does not, none may follow:
    /// it would leave a gap.
    pub fn take(&mut self, bytes: usize) -> bool {
        let fits = self.messages > 0 && (bytes <= self.bytes || self.is_empty);
        if fits {
            self.messages -= 1;
            self.bytes = self.bytes.saturating_sub(bytes);
            self.is_empty = false;
        }
        fits
    }
}

/// How many messages of each author go into an answer that they share. `sizes` has the bytes of each author's
/// messages as they are stored (they go into JSON, which at most doubles them), the latest first. The latest of everybody goes in before anybody's second latest, so who posts large
/// messages takes nothing from who posts small ones.
pub(super) fn share(sizes: &[Vec<usize>], limit: u32) -> Vec<usize> {
    let mut budget = Budget::new(u32::MAX);
    let mut counts = vec![0; sizes.len()];
    let mut open: Vec<usize> = (0..sizes.len()).collect();
    for turn in 0..limit as usize {
        open.retain(|author| {
            let fits = sizes[*author].get(turn).is_some_and(|bytes| budget.take(*bytes));
            counts[*author] += usize::from(fits);
            fits
        });
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_a_message_of_any_size_and_no_second_one() {
        let mut budget = Budget::new(10);
        assert!(budget.take(2 * TEXT_BYTES));
        assert!(!budget.take(1));
        let mut budget = Budget::new(2);
        assert!(budget.take(TEXT_BYTES) && budget.take(0), "a deleted message has no text");
        assert!(!budget.take(0), "the limit holds too");
        assert!(!Budget::new(0).take(1));
    }

    #[test]
    fn authors_share_an_answer_in_turns() {
        let large = vec![TEXT_BYTES / 4; 9];
        assert_eq!(share(&[large.clone(), vec![], vec![1, 1], large], 5), [2, 0, 2, 1]);
        assert_eq!(share(&[vec![1; 9], vec![1; 3]], 5), [5, 3]);
        assert_eq!(share(&[vec![TEXT_BYTES + 1], vec![1]], 5), [1, 0]);
        assert!(share(&[], 5).is_empty());
    }
}
