//! Which users lose the right to read a room, and by which change.
//!
//! Nothing that was committed after the loss may be sent to them. So a loss is noted in the room together with the change
//! itself, and whoever sends something compares the latest loss with the `rev` up to which the reader's right is known.

use std::collections::BTreeMap;

use crate::domain::{Content, Message, Notice, UserKey};

/// Users that a room keeps. Above that, everybody's right is verified again.
const MAX_USERS: usize = 128;

/// Who may lose the right to read a room by a change. They may still have it: a member who leaves an open room has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    User(UserKey),
    /// All, or all who are no members.
    Everybody,
}

impl Loss {
    pub(super) fn of(message: &Message) -> Option<Self> {
        match &message.content {
            Content::Notice(Notice::Removed { user, .. }) => Some(Self::User(*user)),
            Content::Notice(Notice::Left { .. }) => Some(Self::User(message.author_key)),
            Content::Notice(Notice::Closed | Notice::NotEveryone | Notice::Deleted) => Some(Self::Everybody),
            _ => None,
        }
    }
}

/// The latest losses in a room.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// The `rev` of the latest loss.
    latest: u64,
    /// The `rev` of the latest loss that concerns everybody. What was lost before is not kept.
    everybody: u64,
    /// The `rev` of each user's latest loss after that.
    users: BTreeMap<UserKey, u64>,
}

impl Losses {
    pub(super) fn note(&mut self, rev: u64, loss: Loss) {
        self.latest = self.latest.max(rev);
        match loss {
            Loss::User(user) => {
                let noted = self.users.entry(user).or_default();
                *noted = rev.max(*noted);
                if self.users.len() <= MAX_USERS {
                    return;
                }
            }
            Loss::Everybody => {}
        }
        self.everybody = self.latest;
        self.users.clear();
    }

    pub(super) fn latest(&self) -> u64 {
        self.latest
    }

    /// Whether the user may have lost the right after the `rev` up to which it is verified.
    pub(super) fn concern(&self, user: UserKey, verified: u64) -> bool {
        self.everybody > verified || self.users.get(&user).is_some_and(|rev| *rev > verified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_concerns_its_user_until_the_right_is_verified_again() {
        let (ada, bob, mut losses) = (UserKey::generate(), UserKey::generate(), Losses::default());
        losses.note(5, Loss::User(ada));
        losses.note(3, Loss::User(ada));
        assert_eq!([4, 5].map(|verified| losses.concern(ada, verified)), [true, false]);
        assert!(!losses.concern(bob, 0));
        losses.note(7, Loss::Everybody);
        assert_eq!([6, 7].map(|verified| losses.concern(bob, verified)), [true, false]);
        assert_eq!(losses.latest(), 7);
    }

    #[test]
    fn many_losses_concern_everybody() {
        let (ada, mut losses) = (UserKey::generate(), Losses::default());
        (1..=200).for_each(|rev| losses.note(rev, Loss::User(UserKey::generate())));
        assert!(losses.concern(ada, 0) && !losses.concern(ada, 200));
    }
}
