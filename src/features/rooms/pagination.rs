//! Lists in pages.

/// The first `limit` of `found`, which was read with one more; and a copy of the last of these if there are more.
pub(super) fn take_page<T: Clone>(mut found: Vec<T>, limit: u32) -> (Vec<T>, Option<T>) {
    let limit = limit as usize;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more).cloned();
    (found, last)
}
