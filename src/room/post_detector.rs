//! Distinguishes posts from other changes of a message.

use crate::domain::Message;

/// A change is a post if it takes the room's next `seq`.
pub(super) struct PostDetector {
    /// The latest `seq` seen in the room.
    latest: u64,
}

impl PostDetector {
    pub(super) fn new(latest: u64) -> Self {
        Self { latest }
    }

    /// Returns whether the change is a post. Changes come in the order of `rev`.
    pub(super) fn observe(&mut self, message: &Message) -> bool {
        // a deleted message may have a later `seq` than the last message on the page from which `latest` comes
        let is_post = message.seq > self.latest && message.text.is_some();
        self.latest = self.latest.max(message.seq);
        is_post
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Timestamp, UserKey};

    #[test]
    fn only_the_first_change_of_a_message_is_a_post() {
        let message = |seq, rev, text: Option<&str>| Message {
            seq,
            rev,
            author_key: UserKey::generate(),
            author: None,
            sent_at: Timestamp(0),
            text: text.map(str::to_owned),
        };
        let mut posts = PostDetector::new(6);
        assert!(!posts.observe(&message(5, 9, Some("edited"))));
        assert!(!posts.observe(&message(7, 10, None)), "a delete of a message that was not on the first page");
        assert!(posts.observe(&message(8, 11, Some("posted"))));
        assert!(!posts.observe(&message(8, 12, Some("edited"))));
        assert!(posts.observe(&message(9, 13, Some("posted"))));
    }
}
