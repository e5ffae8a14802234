//! The log of each room: its numbers, references, and what is derived.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{findings::Findings, people::Known};
use crate::{
    domain::{Content, Message, MessageId, Reaction, RoomId, UserKey, rules::MAX_PINS},
    store::{MessageRow, WayOut},
};

const NUMBERS: &str = "Numbers of a log";
const REFERENCES: &str = "References of messages to what does not exist";
const DERIVED: &str = "Counts that differ from the log";
const STATE: &str = "Messages in a state that no change makes";
const FILES: &str = "Files of messages";

/// The log of one room, as far as it was read.
#[derive(Default)]
pub struct RoomCheck {
    room: Option<RoomId>,
    seq: u64,
    post_rev: u64,
    rev: u64,
    texts: u64,
    author_texts: HashMap<UserKey, u64>,
    /// The replies: their root.
    roots: HashMap<u64, u64>,
    /// The notices, which nobody replies to.
    notices: HashSet<u64>,
    /// The replies of each thread that are not deleted.
    replies: HashMap<u64, u64>,
    /// The number of replies that messages say they have, of those that say so.
    said: HashMap<u64, u64>,
    pins: u64,
}

impl RoomCheck {
    /// Checks the next message, in order of room and `seq`.
    pub fn check(&mut self, row: &MessageRow, known: &mut Known, findings: &mut Findings) {
        let message = &row.message;
        if self.room.as_ref() != Some(&message.id.room) {
            self.finish(known, findings);
            self.room = Some(message.id.room.clone());
            if !known.rooms.contains_key(&message.id.room) {
                let what = format!("there are messages of room {}, which does not exist", message.id.room.as_str());
                findings.add(REFERENCES, WayOut::EarlierBackup, what);
            }
        }
        self.numbers(row, findings);
        self.references(message, known, findings);
        state(message, findings);
        self.files(message, known, findings);
        self.texts(message, findings);
        if message.replies > 0 {
            self.said.insert(message.id.seq, message.replies);
        }
        self.pins += u64::from(message.pinned_at.is_some());
    }

    /// Ends a room.
    pub fn finish(&mut self, known: &mut Known, findings: &mut Findings) {
        let room = std::mem::take(self);
        let Some(id) = room.room else { return };
        if let Some(facts) = known.rooms.get_mut(&id) {
            (facts.seq, facts.rev) = (room.seq, room.rev);
        }
        if room.pins > MAX_PINS {
            let what = format!("room {} has {} pinned messages, more than {MAX_PINS}", id.as_str(), room.pins);
            findings.add(STATE, WayOut::EarlierBackup, what);
        }
        let roots: BTreeSet<u64> = room.said.keys().chain(room.replies.keys()).copied().collect();
        for seq in roots {
            let of = |numbers: &HashMap<u64, u64>| numbers.get(&seq).copied().unwrap_or_default();
            let (counted, said) = (of(&room.replies), of(&room.said));
            if counted != said {
                let id = MessageId { room: id.clone(), seq };
                let what = format!("{} says that it has {said} replies, and has {counted}", named(&id));
                findings.add(DERIVED, WayOut::Repair, what);
                findings.correction(&id).replies = Some(counted);
            }
        }
    }

    fn numbers(&mut self, row: &MessageRow, findings: &mut Findings) {
        let message = &row.message;
        let (seq, post_rev) = (message.id.seq, row.post_rev);
        let mut wrong = |what: String| findings.add(NUMBERS, WayOut::EarlierBackup, what);
        if seq != self.seq + 1 {
            let room = message.id.room.as_str();
            wrong(format!("room {room} has no messages between {} and {seq}", self.seq));
        }
        if post_rev <= self.post_rev {
            let before = self.post_rev;
            wrong(format!("{} has the number {post_rev}, and the message before it {before}", name(message)));
        }
        if !(post_rev <= message.text_rev && message.text_rev <= message.rev) {
            let (rev, text_rev) = (message.rev, message.text_rev);
            wrong(format!("{} was posted as {post_rev}, edited as {text_rev} and changed as {rev}", name(message)));
        }
        (self.seq, self.post_rev, self.rev) = (seq, post_rev, self.rev.max(message.rev));
    }

    fn references(&mut self, message: &Message, known: &Known, findings: &mut Findings) {
        let seq = message.id.seq;
        let mut wrong = |what: String| findings.add(REFERENCES, WayOut::EarlierBackup, what);
        match (message.reply_to, message.root) {
            (None, None) => {}
            (Some(parent), root) if (1..seq).contains(&parent) && !self.notices.contains(&parent) => {
                let expected = self.roots.get(&parent).copied().unwrap_or(parent);
                if root != Some(expected) {
                    wrong(format!("{} replies to {parent} and is in the thread of {root:?}", name(message)));
                }
            }
            (parent, _) => wrong(format!("{} replies to {parent:?}, which is no message before it", name(message))),
        }
        if let Some(root) = message.root {
            self.roots.insert(seq, root);
            *self.replies.entry(root).or_default() += u64::from(!message.is_deleted());
        }
        if matches!(message.content, Content::Notice(_)) {
            self.notices.insert(seq);
        }
        let reacted = message.reactions.iter().flat_map(|reaction| &reaction.users);
        let users = reacted.chain(message.mentions.users.iter().map(|mentioned| &mentioned.key));
        for user in users.filter(|user| !known.has_user(**user)) {
            wrong(format!("{} has a reaction or a mention of {}, which is no account", name(message), user.0));
        }
    }

    /// Checks the running numbers of texts.
    fn texts(&mut self, message: &Message, findings: &mut Findings) {
        let is_text = matches!(message.content, Content::Text(_));
        self.texts += u64::from(is_text);
        let own = self.author_texts.entry(message.author_key).or_default();
        *own += u64::from(is_text);
        // nobody reads the author's number of a notice
        let own = if is_text { *own } else { message.author_texts };
        if message.room_texts != self.texts || message.author_texts != own {
            let what = format!(
                "{} is text {} of its room and {} of its author, and should be {} and {own}",
                name(message),
                message.room_texts,
                message.author_texts,
                self.texts
            );
            findings.add(DERIVED, WayOut::Repair, what);
            findings.correction(&message.id).texts = Some((self.texts, own));
        }
    }

    fn files(&self, message: &Message, known: &mut Known, findings: &mut Findings) {
        for file in &message.files {
            if known.files.insert(file.id, file.size).is_some() {
                let what =
                    format!("the file \"{}\" of {} is also of another message", file.name.as_str(), name(message));
                findings.add(FILES, WayOut::EarlierBackup, what);
            }
        }
    }
}

/// What a deleted message and a notice cannot have, and what a message has too much of.
fn state(message: &Message, findings: &mut Findings) {
    let mut wrong = |what: &str| findings.add(STATE, WayOut::EarlierBackup, format!("{} {what}", name(message)));
    let has_more = message.pinned_at.is_some()
        || message.edited_at.is_some()
        || !message.reactions.is_empty()
        || !message.files.is_empty()
        || !message.mentions.is_empty();
    match message.content {
        Content::Text(None) if has_more => wrong("is deleted, and is pinned, edited, or has reactions or files"),
        Content::Notice(_) if has_more || message.replies > 0 => wrong("is a notice with what only a text can have"),
        _ => {}
    }
    let mut seen = HashSet::new();
    let is_given_once = |users: &[UserKey]| users.iter().collect::<HashSet<_>>().len() == users.len();
    let is_wrong = |given: &Reaction| given.users.is_empty() || !is_given_once(&given.users);
    if message.reactions.iter().any(|given| is_wrong(given) || !seen.insert(given.emoji.as_str().to_owned())) {
        wrong("has a reaction twice, or one that nobody gave");
    }
}

/// How a message is named.
fn name(message: &Message) -> String {
    named(&message.id)
}

fn named(id: &MessageId) -> String {
    format!("message {} in room {}", id.seq, id.room.as_str())
}
