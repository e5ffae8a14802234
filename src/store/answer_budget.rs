//! Limits the bytes of text in one answer of the log.
//!
//! A message has up to 16 KB of text, so a limit on the number of messages does not bound the memory. An answer stays
//! in memory for as long as its client takes to read it.

/// The maximum bytes of text in one answer of the log, escaped for HTML or for JSON, whichever is longer. An answer
/// holds at least one message, whatever its size.
pub const TEXT_BYTES: usize = 256 * 1024;

/// An upper bound of the bytes of `text` escaped for HTML or for JSON. In HTML `'` takes five bytes.
fn escaped_len(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'<' | b'>' | b'&' | b'\'' | b'"')).count();
    let doubled = text.bytes().filter(|byte| matches!(byte, b'\\' | b'\n' | b'\t')).count();
    text.len() + 4 * escaped + doubled
}

/// Counts the messages and bytes of one answer.
pub(super) struct AnswerBudget {
    messages: u32,
    bytes: usize,
    is_empty: bool,
}

impl AnswerBudget {
    /// The budget of an answer with at most `limit` messages.
    pub fn new(limit: u32) -> Self {
        Self { messages: limit, bytes: TEXT_BYTES, is_empty: true }
    }

    /// The budget of a list whose length the rules limit: all of it.
    pub fn all() -> Self {
        Self { messages: u32::MAX, bytes: usize::MAX, is_empty: true }
    }

    /// The budget of one of the two parts of an answer.
    pub fn half(limit: u32) -> Self {
        Self { bytes: TEXT_BYTES / 2, ..Self::new(limit) }
    }

    /// The most messages that fit.
    pub fn limit(&self) -> u32 {
        self.messages
    }

    /// As [`AnswerBudget::take`], for a message with this text. A deleted message has none.
    pub fn take_text(&mut self, text: Option<&str>) -> bool {
        self.take(text.map_or(0, escaped_len))
    }

    /// Takes a message with `bytes` of text into the answer; `false` if it does not fit. The caller stops at the first
    /// message that does not fit, because a later one would leave a gap.
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

/// The number of messages of each author in an answer that they share. `sizes` holds the stored bytes of each author's
/// messages, the latest first (this answer is JSON, which at most doubles them). The latest message of every author is
/// taken before the second latest of any, so large messages of one author do not push out small ones of another.
pub(super) fn share_budget(sizes: &[Vec<usize>], limit: u32) -> Vec<usize> {
    let mut budget = AnswerBudget::new(u32::MAX);
    let mut counts = vec![0; sizes.len()];
    let mut unfinished: Vec<usize> = (0..sizes.len()).collect();
    for round in 0..limit as usize {
        unfinished.retain(|author| {
            let fits = sizes[*author].get(round).is_some_and(|bytes| budget.take(*bytes));
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
    fn one_message_of_any_size_fits_but_no_second_one() {
        let mut budget = AnswerBudget::new(10);
        assert!(budget.take(2 * TEXT_BYTES));
        assert!(!budget.take(1));
        let mut budget = AnswerBudget::new(2);
        assert!(budget.take(TEXT_BYTES) && budget.take(0), "a deleted message has no text");
        assert!(!budget.take(0), "the limit of messages applies too");
        assert!(!AnswerBudget::new(0).take(1));
    }

    #[test]
    fn authors_share_an_answer_round_by_round() {
        let large = vec![TEXT_BYTES / 4; 9];
        assert_eq!(share_budget(&[large.clone(), vec![], vec![1, 1], large], 5), [2, 0, 2, 1]);
        assert_eq!(share_budget(&[vec![1; 9], vec![1; 3]], 5), [5, 3]);
        assert_eq!(share_budget(&[vec![TEXT_BYTES + 1], vec![1]], 5), [1, 0]);
        assert!(share_budget(&[], 5).is_empty());
    }
}
