//! The logs of the rooms at the end of a run.

use std::collections::BTreeMap;

use crate::{frame::Numbers, history::Millis};

/// What the servers say at the end, when nothing is under way any more.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Without those that were deleted.
    pub rooms: BTreeMap<String, RoomLog>,
    /// By userID, without those whose accounts were deleted.
    pub users: BTreeMap<String, UserState>,
}

/// A user's own view of the rooms.
#[derive(Debug, Clone, Default)]
pub struct UserState {
    pub tag: String,
    /// By room.
    pub rooms: BTreeMap<String, Numbers>,
}

/// A room's log, from its first message on.
#[derive(Debug, Clone, Default)]
pub struct RoomLog {
    /// Whether the room was open at first.
    pub was_open: bool,
    /// Whether every account was a member at first.
    pub had_everyone: bool,
    /// The first members, by userID.
    pub first_members: Vec<String>,
    /// In order of `seq`.
    pub messages: Vec<Message>,
    /// The `rev` under which the message of each `seq` was posted, where it was acknowledged.
    pub post_revs: BTreeMap<u64, u64>,
    /// When a client first asked to delete the message of each `seq`.
    pub deletions: BTreeMap<u64, Millis>,
}

/// A message in its latest state.
#[derive(Debug, Clone)]
pub struct Message {
    pub seq: u64,
    pub rev: u64,
    pub text_rev: u64,
    /// The userID.
    pub author: String,
    pub sent: Millis,
    pub content: Content,
    pub is_edited: bool,
    /// The userIDs that the text mentions, and `room` or `here`.
    pub mentions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// `None` if it is deleted.
    Text(Option<String>),
    /// The kind as the API names it, and the userID of the one it is about.
    Notice { kind: String, subject: Option<String> },
}

/// The numbers of a room at a `rev`, for one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    pub seq: u64,
    pub texts: u64,
    pub own: u64,
    pub unread: i64,
}

/// What a user is to a room from a `rev` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub rev: u64,
    /// A lower bound of the time of the change.
    pub since: Millis,
    pub is_member: bool,
    /// Members may, and everybody if the room is open.
    pub may_read: bool,
}

impl Counts {
    pub fn is_between(&self, least: &Self, most: &Self) -> bool {
        (least.seq..=most.seq).contains(&self.seq)
            && (least.texts..=most.texts).contains(&self.texts)
            && (least.own..=most.own).contains(&self.own)
            && (least.unread..=most.unread).contains(&self.unread)
    }
}

impl Message {
    pub fn is_text(&self) -> bool {
        matches!(self.content, Content::Text(_))
    }

    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => text.as_deref(),
            Content::Notice { .. } => None,
        }
    }

    /// The `rev` of the deletion.
    pub fn deleted_rev(&self) -> Option<u64> {
        (self.content == Content::Text(None)).then_some(self.text_rev)
    }
}

impl RoomLog {
    pub fn head(&self) -> u64 {
        self.messages.iter().map(|message| message.rev).max().unwrap_or_default()
    }

    pub fn message(&self, seq: u64) -> Option<&Message> {
        self.messages.get((seq as usize).checked_sub(1)?)
    }

    /// Where the user's own posts have moved a mark that was at `from`: at most to `to`. Pages do not learn of it.
    pub fn after_own_posts(&self, user: &str, from: u64, to: u64) -> u64 {
        let is_own = |seq: &u64| self.message(*seq).is_some_and(|message| message.is_text() && message.author == user);
        (from + 1..=to).take_while(is_own).last().unwrap_or(from)
    }

    /// The `rev` of a message's post. `None` if its text was changed later and nobody knows it.
    pub fn post_rev(&self, message: &Message) -> Option<u64> {
        let is_first = !message.is_text() || message.text().is_some() && !message.is_edited;
        self.post_revs.get(&message.seq).copied().or(is_first.then_some(message.text_rev))
    }

    /// The numbers of a user at `rev`, who has read up to `read_seq`. `None` if they are uncertain, because it is not known
    /// whether a message was posted by then.
    pub fn counts(&self, user: &str, rev: u64, read_seq: u64) -> Option<Counts> {
        self.counts_without(user, rev, read_seq, |_| false)
    }

    /// As [`RoomLog::counts`] for somebody who received them at `at`: the least that they can be. Who reads a log does not
    /// see what was deleted meanwhile, although the deletion has a later `rev`.
    pub fn least_counts(&self, user: &str, rev: u64, read_seq: u64, at: Millis) -> Option<Counts> {
        self.counts_without(user, rev, read_seq, |message| {
            message.deleted_rev().is_some() && self.deletions.get(&message.seq).is_some_and(|asked| *asked <= at)
        })
    }

    fn counts_without(
        &self,
        user: &str,
        rev: u64,
        read_seq: u64,
        is_left_out: impl Fn(&Message) -> bool,
    ) -> Option<Counts> {
        let mut counts = Counts { seq: 0, texts: 0, own: 0, unread: 0 };
        for (index, message) in self.messages.iter().enumerate() {
            let is_posted = match self.post_rev(message) {
                Some(posted) => posted <= rev,
                None if message.rev <= rev => true,
                None => {
                    let next = self.messages[index + 1..].iter().find_map(|next| self.post_rev(next));
                    match next.is_some_and(|next| next <= rev) {
                        true => true,
                        false if self.messages[..index].iter().filter_map(|m| self.post_rev(m)).any(|p| p >= rev) => {
                            false
                        }
                        false => return None,
                    }
                }
            };
            if !is_posted {
                break; // posts are in order of their revs
            }
            if !message.is_text() {
                counts.seq = message.seq;
                continue;
            }
            let is_own = message.author == user;
            let is_deleted = message.deleted_rev().is_some_and(|deleted| deleted <= rev);
            if !is_deleted && is_left_out(message) {
                continue;
            }
            counts.seq = message.seq;
            counts.texts += 1;
            counts.own += u64::from(is_own);
            counts.unread += i64::from(!is_own && !is_deleted && message.seq > read_seq);
        }
        Some(counts)
    }

    /// How many texts mention the user at the end, who has read up to `read_seq`.
    pub fn mentions(&self, user: &str, read_seq: u64) -> u64 {
        let concerns = |mention: &String| mention == user || mention == "room" || mention == "here";
        let is_counted = |message: &&Message| {
            message.text().is_some()
                && message.seq > read_seq
                && message.author != user
                && message.mentions.iter().any(concerns)
        };
        self.messages.iter().filter(is_counted).count() as u64
    }

    /// What the user was to the room from the beginning, in order of `rev`.
    pub fn standings(&self, user: &str) -> Vec<Standing> {
        let (mut is_open, mut everyone, mut is_deleted) = (self.was_open, self.had_everyone, false);
        let mut is_member = everyone || self.first_members.iter().any(|first| first == user);
        let may_read = is_member || is_open;
        let mut standings = vec![Standing { rev: 0, since: 0, is_member, may_read }];
        for message in &self.messages {
            match &message.content {
                // a post makes its author a member
                Content::Text(_) if message.author == user => is_member = true,
                Content::Text(_) => {}
                Content::Notice { kind, subject } => match kind.as_str() {
                    "added" if subject.as_deref() == Some(user) => is_member = true,
                    "removed" if subject.as_deref() == Some(user) => is_member = false,
                    "left" if message.author == user => is_member = false,
                    "opened" => is_open = true,
                    "closed" => is_open = false,
                    "everyone" => (everyone, is_member) = (true, true),
                    "noteveryone" => everyone = false,
                    "deleted" => is_deleted = true,
                    _ => {}
                },
            }
            let last = standings[standings.len() - 1];
            let now = Standing {
                // an author whose post's number is unknown was a member before its next change
                rev: self.post_rev(message).unwrap_or(last.rev.max(message.seq)),
                since: message.sent,
                is_member: (is_member || everyone) && !is_deleted,
                may_read: (is_member || everyone || is_open) && !is_deleted,
            };
            if (now.is_member, now.may_read) != (last.is_member, last.may_read) {
                standings.push(now);
            }
        }
        standings
    }
}

/// Whether a user may have received, at `at`, something that was sent when the log had reached `rev` or more, to those who
/// had this right.
pub fn may_have_received(standings: &[Standing], rev: u64, at: Millis, right: fn(&Standing) -> bool) -> bool {
    let later = standings.partition_point(|standing| standing.rev <= rev);
    let is_allowed = standings[..later].last().is_some_and(right);
    is_allowed || standings[later..].iter().any(|standing| right(standing) && standing.since <= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{notice, room, text};

    #[test]
    fn counts_are_those_of_the_log_at_a_rev() {
        // ann 1, ben 2, ann 3 (deleted by 5), ben 4
        let mut log = room(vec![text(1, "ann", "a"), text(2, "ben", "b"), text(3, "ann", "c"), text(4, "ben", "d")]);
        log.messages[2].content = Content::Text(None);
        (log.messages[2].rev, log.messages[2].text_rev) = (5, 5);
        let counts = |seq, texts, own, unread| Some(Counts { seq, texts, own, unread });
        assert_eq!(log.counts("ben", 5, 0), counts(4, 4, 2, 1));
        assert_eq!(log.counts("ben", 4, 0), counts(4, 4, 2, 2), "not deleted yet");
        assert_eq!(log.counts("ben", 4, 1), counts(4, 4, 2, 1));
        assert_eq!(log.counts("ann", 2, 0), counts(2, 2, 1, 1));
        assert_eq!(log.counts("ann", 3, 0), None, "whether the third was posted by then is unknown");
        log.post_revs.insert(3, 3);
        assert_eq!(log.counts("ann", 3, 0), counts(3, 3, 2, 1));
        log.deletions.insert(3, 40);
        assert_eq!(log.least_counts("ben", 3, 0, 39), counts(3, 3, 1, 2));
        assert_eq!(
            log.least_counts("ben", 3, 0, 40),
            counts(2, 2, 1, 1),
            "a reader does not see what was deleted meanwhile"
        );
        assert_eq!(log.least_counts("ben", 5, 0, 60), counts(4, 4, 2, 1), "the deletion is known here");
    }

    #[test]
    fn rights_come_and_go_with_notices() {
        let mut log = room(vec![
            notice(1, "ann", "added", Some("ben")),
            notice(2, "ann", "removed", Some("ben")),
            notice(3, "ann", "opened", None),
            text(4, "ben", "b"),
            notice(5, "ann", "closed", None),
            notice(6, "ben", "left", None),
        ]);
        log.first_members = vec!["ann".into()];
        let of = |user| log.standings(user).iter().map(|s| (s.rev, s.is_member, s.may_read)).collect::<Vec<_>>();
        assert_eq!(of("ann"), [(0, true, true)]);
        let of_ben = [(0, false, false), (1, true, true), (2, false, false), (3, false, true), (4, true, true)];
        assert_eq!(of("ben"), [&of_ben[..], &[(6, false, false)]].concat());
        assert_eq!(of("eve"), [(0, false, false), (3, false, true), (5, false, false)]);
    }

    #[test]
    fn a_right_that_came_later_allows_what_was_received_after_it() {
        let standing = |rev, since, may_read| Standing { rev, since, is_member: may_read, may_read };
        let standings = [standing(0, 0, true), standing(5, 50, false), standing(9, 90, true)];
        for (rev, at, allowed) in [(4, 60, true), (5, 60, false), (8, 60, false), (8, 90, true), (9, 90, true)] {
            assert_eq!(may_have_received(&standings, rev, at, |standing| standing.may_read), allowed, "{rev} at {at}");
        }
    }
}
