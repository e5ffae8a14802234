//! What happened in a room between two revs, as the sidebars of its members show it: how many texts there are, by whom,
//! and which were deleted. A page computes from it how much is unread. The same bytes for all members.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::losses::Loss;
use crate::{
    domain::{Content, Message, Notice, RoomId, UserKey, mention::EVERYONE_TAG, rules::Head},
    net::Frame,
};

/// Most deleted messages, and most messages that mention somebody, in one part. With more, the pages read the room's
/// numbers again.
const MAX_LISTED: usize = 200;

/// A room's latest numbers, as of the latest change that this process has read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    seq: u64,
    /// The texts posted in the room, deleted ones included.
    texts: u64,
    /// When the latest message was posted, in milliseconds.
    at: i64,
}

/// What the next part says, besides the numbers.
#[derive(Debug)]
pub(super) struct News {
    /// The `rev` that the part begins after.
    pub from: u64,
    /// The texts posted in the room before.
    texts_before: u64,
    /// The texts ever posted, by the users who have posted since.
    authors: BTreeMap<UserKey, u64>,
    /// Of each deletion: its `rev`, the `seq` of the message, and its author.
    deleted: Vec<(u64, u64, UserKey)>,
    /// Of each new message that mentions somebody, by `seq`: the `rev` of its post, its author, and whom it mentions.
    mentions: BTreeMap<u64, (u64, UserKey, Vec<String>)>,
    /// Whom edited messages mention now; `None` if none was edited. Whom they mentioned before is not known here: pages
    /// that count mentions read the room's numbers again.
    edited: Option<BTreeSet<String>>,
    /// Changed fields of the room.
    changed: Map<String, Value>,
    lost: Lost,
}

/// Whom a part must not be sent to before their membership was read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    Users(Vec<UserKey>),
    Everybody,
}

/// What happened in a room, for all listeners.
#[derive(Debug)]
pub(super) struct Part {
    pub frame: Frame,
    lost: Lost,
}

impl Numbers {
    /// The numbers of a summary of the room.
    pub(super) fn new(head: Head, at: i64) -> Self {
        Self { seq: head.seq, texts: head.texts, at }
    }

    /// The numbers after the change `rev`, if it is the post of this message.
    fn of_post(message: &Message, rev: u64) -> Option<Self> {
        let is_post =
            is_text(message) && !message.is_deleted() && message.text_rev == rev && message.edited_at.is_none();
        is_post.then(|| Self { seq: message.seq(), texts: message.room_texts, at: message.sent_at.0 })
    }

    /// The numbers after the change `rev` of these messages. Without those from before, only a post has them.
    pub(super) fn after(before: Option<Self>, messages: &[Message], rev: u64) -> Option<Self> {
        let Some(mut numbers) = before else {
            return messages.iter().find_map(|message| Self::of_post(message, rev));
        };
        for message in messages {
            numbers.seq = numbers.seq.max(message.seq());
            numbers.at = numbers.at.max(message.sent_at.0);
            if is_text(message) {
                numbers.texts = numbers.texts.max(message.room_texts);
            }
        }
        Some(numbers)
    }
}

impl News {
    /// `numbers`: those at `from`. If they are unknown, the listeners have to read the room's numbers again.
    pub(super) fn new(from: u64, numbers: Option<Numbers>) -> Self {
        Self {
            from,
            texts_before: numbers.map_or(0, |numbers| numbers.texts),
            authors: BTreeMap::new(),
            deleted: Vec::new(),
            mentions: BTreeMap::new(),
            edited: None,
            changed: Map::new(),
            lost: numbers.map_or(Lost::Everybody, |_| Lost::Users(Vec::new())),
        }
    }

    /// Adds a change: its messages in their latest state, which can be later than the change.
    pub(super) fn add(&mut self, messages: &[Message]) {
        for message in messages {
            // else it was posted before, and its author may have posted since
            if is_text(message) && message.room_texts > self.texts_before {
                let texts = self.authors.entry(message.author_key).or_default();
                *texts = message.author_texts.max(*texts);
            }
            let deletion = (message.text_rev, message.seq(), message.author_key);
            if message.is_deleted() && message.text_rev > self.from && !self.deleted.contains(&deletion) {
                self.deleted.push(deletion);
            }
            self.add_mentions(message);
            self.add_notice(message);
        }
        if self.deleted.len() > MAX_LISTED || self.mentions.len() > MAX_LISTED {
            self.lose(Loss::Everybody);
        }
    }

    fn add_mentions(&mut self, message: &Message) {
        self.mentions.remove(&message.seq()); // perhaps edited or deleted meanwhile
        if message.text().is_none() {
            return;
        }
        let is_new = message.room_texts > self.texts_before;
        let is_text_new = message.text_rev > self.from;
        if is_new && is_text_new && message.edited_at.is_none() {
            let tags = mentioned(message);
            if !tags.is_empty() {
                // a page may have read numbers of after the post: it must not count it again after a reaction
                self.mentions.insert(message.seq(), (message.text_rev, message.author_key, tags));
            }
        } else if is_new || is_text_new {
            self.edited.get_or_insert_default().extend(mentioned(message));
        }
    }

    fn add_notice(&mut self, message: &Message) {
        let Content::Notice(notice) = &message.content else { return };
        let (field, value) = match notice {
            Notice::Renamed { name } => ("name", name.as_str().into()),
            Notice::Topic { topic } => ("topic", topic.as_str().into()),
            Notice::Opened => ("kind", "open".into()),
            Notice::Closed => ("kind", "closed".into()),
            Notice::Archived => ("archived", true.into()),
            Notice::Unarchived => ("archived", false.into()),
            _ => return,
        };
        self.changed.insert(field.to_owned(), value);
    }

    /// Notes who may no longer be a member.
    pub(super) fn lose(&mut self, loss: Loss) {
        match (loss, &mut self.lost) {
            (Loss::Everybody, lost) => *lost = Lost::Everybody,
            (Loss::User(user), Lost::Users(users)) => users.push(user),
            (Loss::User(_), Lost::Everybody) => {}
        }
    }

    /// The part up to the `rev` `to`.
    pub(super) fn into_part(self, room: &RoomId, to: u64, numbers: Numbers) -> Part {
        let authors: Map<String, Value> =
            self.authors.into_iter().map(|(user, texts)| (user.tag(), texts.into())).collect();
        let deleted: Vec<Value> =
            self.deleted.into_iter().map(|(rev, seq, author)| json!([rev, seq, author.tag()])).collect();
        let mut news = json!({
            "room": room.as_str(), "from": self.from, "to": to, "seq": numbers.seq, "texts": numbers.texts,
            "authors": authors, "deleted": deleted, "at": numbers.at,
        });
        if !self.mentions.is_empty() {
            let mention =
                |(seq, (rev, author, tags)): (u64, (u64, UserKey, Vec<String>))| json!([rev, seq, author.tag(), tags]);
            news["mentions"] = self.mentions.into_iter().map(mention).collect();
        }
        if let Some(edited) = self.edited {
            news["edited"] = edited.into_iter().collect();
        }
        if !self.changed.is_empty() {
            news["changed"] = self.changed.into();
        }
        let frame = json!({ "news": news }).to_string();
        Part { frame: Frame::text(std::iter::once(frame.as_str())), lost: self.lost }
    }
}

impl Part {
    /// Why the user must not be sent it.
    pub(super) fn loss_of(&self, user: UserKey) -> Option<Loss> {
        match &self.lost {
            Lost::Users(users) => users.contains(&user).then_some(Loss::User(user)),
            Lost::Everybody => Some(Loss::Everybody),
        }
    }
}

/// The tags of those whom the message mentions, or what stands for all members.
fn mentioned(message: &Message) -> Vec<String> {
    match message.mentions.everyone {
        Some(_) => vec![EVERYONE_TAG.to_owned()],
        None => message.mentions.users.iter().map(|user| user.key.tag()).collect(),
    }
}

fn is_text(message: &Message) -> bool {
    matches!(message.content, Content::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MentionedUser, Mentions, MessageId, Timestamp, mention::Everyone};

    fn post(rev: u64, author: UserKey, [room_texts, author_texts]: [u64; 2]) -> Message {
        Message {
            id: MessageId { room: RoomId::lobby(), seq: rev },
            rev,
            text_rev: rev,
            author_key: author,
            author: None,
            subject: None,
            sent_at: Timestamp(1000 + rev as i64),
            content: Content::Text(Some("hello".into())),
            room_texts,
            author_texts,
            reply_to: None,
            root: None,
            replies: 0,
            edited_at: None,
            pinned_at: None,
            reactions: Vec::new(),
            files: Vec::new(),
            mentions: Mentions::default(),
            joins: false,
        }
    }

    fn part(news: News, to: u64, numbers: Option<Numbers>) -> Value {
        let part = news.into_part(&RoomId::lobby(), to, numbers.unwrap());
        serde_json::from_str::<Value>(part.frame.payload()).unwrap()["news"].take()
    }

    #[test]
    fn a_part_has_the_running_numbers_and_what_was_deleted() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let before = Numbers::new(Head { seq: 4, rev: 6, texts: 3 }, 1004);
        let (mut news, mut numbers) = (News::new(6, Some(before)), Some(before));
        let gone = |message: Message, rev| Message { content: Content::Text(None), rev, text_rev: rev, ..message };
        let renamed =
            Message { content: Content::Notice(Notice::Renamed { name: "new".into() }), ..post(10, ada, [4, 0]) };
        let changes = [
            post(7, ada, [4, 2]),
            Message { rev: 8, ..post(2, bob, [2, 1]) }, // a reaction
            gone(post(3, bob, [3, 2]), 9),
            Message { rev: 11, ..gone(post(3, bob, [3, 2]), 9) }, // a reply to it was deleted
            Message { rev: 12, ..gone(post(1, bob, [1, 1]), 5) }, // as well, of one that was deleted before
            renamed,
        ];
        for message in &changes {
            numbers = Numbers::after(numbers, std::slice::from_ref(message), message.rev);
            news.add(std::slice::from_ref(message));
        }
        let expected = json!({
            "room": "lobby", "from": 6, "to": 12, "seq": 10, "texts": 4, "at": 1010,
            "authors": { ada.tag(): 2 }, "deleted": [[9, 3, bob.tag()]], "changed": { "name": "new" },
        });
        assert_eq!(part(news, 12, numbers), expected);
    }

    #[test]
    fn a_part_has_the_new_messages_that_mention_somebody() {
        let (ada, bob) = (UserKey::generate(), UserKey::generate());
        let user = |key| MentionedUser { key, user_id: "ada".into() };
        let naming = |users: &[UserKey], message: Message| Message {
            mentions: Mentions { users: users.iter().copied().map(user).collect(), everyone: None },
            ..message
        };
        let edited = |message: Message, rev| Message { rev, text_rev: rev, edited_at: Some(Timestamp(0)), ..message };
        let to_all = Message {
            mentions: Mentions { users: vec![user(ada)], everyone: Some(Everyone::Here) },
            ..post(7, bob, [4, 1])
        };
        let before = Numbers::new(Head { seq: 4, rev: 6, texts: 3 }, 1004);
        let part_of = |changes: &[Message]| {
            let mut news = News::new(6, Some(before));
            changes.iter().for_each(|message| news.add(std::slice::from_ref(message)));
            let part = part(news, 9, Some(before));
            (part["mentions"].clone(), part["edited"].clone())
        };
        let named = naming(&[ada], post(8, bob, [5, 2]));
        assert_eq!(
            part_of(&[to_all, named.clone()]),
            (json!([[7, 7, bob.tag(), ["*"]], [8, 8, bob.tag(), [ada.tag()]]]), Value::Null)
        );
        let gone = Message { content: Content::Text(None), mentions: Mentions::default(), ..edited(named.clone(), 9) };
        assert_eq!(part_of(&[named.clone(), gone]), (Value::Null, Value::Null), "it was deleted meanwhile");
        let changed = Message { rev: 9, ..named.clone() }; // a reaction
        assert_eq!(
            part_of(&[named.clone(), changed]),
            (json!([[8, 8, bob.tag(), [ada.tag()]]]), Value::Null),
            "a page that has read the post's numbers must not count it again"
        );
        let other = naming(&[], edited(named.clone(), 9));
        assert_eq!(
            part_of(&[named.clone(), other]),
            (Value::Null, json!([])),
            "a page may have read numbers that count the text before"
        );
        let late = Message { rev: 9, text_rev: 6, ..named };
        assert_eq!(part_of(&[late]), (Value::Null, json!([ada.tag()])), "the numbers of a page may count it");
        let older = edited(naming(&[ada], post(2, bob, [2, 1])), 9);
        assert_eq!(part_of(&[older]), (Value::Null, json!([ada.tag()])));
    }

    #[test]
    fn without_numbers_only_a_post_has_them() {
        let ada = UserKey::generate();
        let post = post(7, ada, [4, 2]);
        let after = |message: &Message, rev| Numbers::after(None, std::slice::from_ref(message), rev).is_some();
        assert!(after(&post, 7) && !after(&post, 8), "a reaction to it may have come after other posts");
        let part = News::new(6, None).into_part(&RoomId::lobby(), 7, Numbers::of_post(&post, 7).unwrap());
        assert_eq!(part.loss_of(ada), Some(Loss::Everybody));
    }
}
