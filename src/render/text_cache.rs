//! The rendered texts of messages: each is rendered once, for the sockets and for every page.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::markdown::{self, Rendered};
use crate::domain::{Content, Message, Notice, RoomId};

/// Most memory of the cache, in bytes.
const BYTES: usize = 8 * 1024 * 1024;
/// What an entry takes beside its HTML: its place in the map and its reference count.
const ENTRY_BYTES: usize = size_of::<(u64, Entry)>() + size_of::<Rendered>() + 32;

/// Shared by the live part and the handlers; cloning is one reference count.
///
/// A text that was edited or deleted does not live on in it: who learns of it calls [`TextCache::note`], or, if it is not
/// known which texts are concerned, [`TextCache::forget_room`] or [`TextCache::clear`].
#[derive(Debug, Clone, Default)]
pub struct TextCache(Arc<Mutex<Generations>>);

/// Entries that were used lately, and those from before. When the young ones take half of the memory, they become the old
/// ones, and the former old ones are dropped.
#[derive(Debug, Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    rooms: HashMap<RoomId, HashMap<u64, Entry>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    version: Version,
    /// `None`: the text is newer than any that was rendered here. No older one may come back.
    rendered: Option<Arc<Rendered>>,
}

/// What the HTML of a text depends on, beside the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    text_rev: u64,
    /// The number of users mentioned. The removal of an account reduces it, without a change of the text.
    mentioned: usize,
}

impl Version {
    fn of(message: &Message) -> Self {
        Self { text_rev: message.text_rev, mentioned: message.mentions.users.len() }
    }
}

impl TextCache {
    /// The text of a message, rendered. `None` of a deleted message and of a notice.
    pub fn text(&self, message: &Message) -> Option<Arc<Rendered>> {
        let text = message.text()?;
        if let Some(rendered) = markdown::render_plain(text) {
            return Some(Arc::new(rendered)); // faster than to look for it
        }
        let (id, version) = (&message.id, Version::of(message));
        if let Some(found) = self.0.lock().find(&id.room, id.seq, version) {
            return Some(found);
        }
        let rendered = Arc::new(markdown::render(text, &message.mentions));
        self.0.lock().insert(&id.room, id.seq, Entry { version, rendered: Some(Arc::clone(&rendered)) });
        Some(rendered)
    }

    /// Drops the message's earlier text, if its latest change is an edit or the deletion; all texts of a room that was
    /// deleted.
    pub fn note(&self, message: &Message) {
        if message.content == Content::Notice(Notice::Deleted) {
            self.forget_room(&message.id.room);
        } else if message.text_rev == message.rev && (message.edited_at.is_some() || message.is_deleted()) {
            let entry = Entry { version: Version::of(message), rendered: None };
            self.0.lock().insert(&message.id.room, message.id.seq, entry);
        }
    }

    /// Drops all texts of a room, any of which may have changed.
    pub fn forget_room(&self, room: &RoomId) {
        let mut generations = self.0.lock();
        for generation in generations.all() {
            generation.remove_room(room);
        }
    }

    /// Drops everything.
    pub fn clear(&self) {
        *self.0.lock() = Generations::default();
    }
}

impl Generations {
    fn all(&mut self) -> [&mut Generation; 2] {
        [&mut self.young, &mut self.old]
    }

    fn find(&mut self, room: &RoomId, seq: u64, version: Version) -> Option<Arc<Rendered>> {
        let is_right = |entry: &&Entry| entry.version == version;
        if let Some(entry) = self.young.get(room, seq).filter(is_right) {
            return entry.rendered.clone();
        }
        self.old.get(room, seq).filter(is_right)?;
        let entry = self.old.remove(room, seq)?;
        let rendered = entry.rendered.clone();
        self.insert(room, seq, entry);
        rendered
    }

    /// Puts in an entry instead of an earlier one; not if the known one is of a later text.
    fn insert(&mut self, room: &RoomId, seq: u64, entry: Entry) {
        let text_rev = entry.version.text_rev;
        let is_newer = |known: &Entry| known.version.text_rev > text_rev;
        if self.all().into_iter().any(|generation| generation.get(room, seq).is_some_and(is_newer)) {
            return;
        }
        for generation in self.all() {
            generation.remove(room, seq);
        }
        if self.young.bytes + entry.bytes() > BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(room, seq, entry);
    }
}

impl Generation {
    fn get(&self, room: &RoomId, seq: u64) -> Option<&Entry> {
        self.rooms.get(room)?.get(&seq)
    }

    fn insert(&mut self, room: &RoomId, seq: u64, entry: Entry) {
        self.bytes += entry.bytes();
        match self.rooms.get_mut(room) {
            Some(texts) => texts.insert(seq, entry),
            None => self.rooms.entry(room.clone()).or_default().insert(seq, entry),
        };
    }

    fn remove(&mut self, room: &RoomId, seq: u64) -> Option<Entry> {
        let texts = self.rooms.get_mut(room)?;
        let entry = texts.remove(&seq)?;
        if texts.is_empty() {
            self.rooms.remove(room);
        }
        self.bytes -= entry.bytes();
        Some(entry)
    }

    fn remove_room(&mut self, room: &RoomId) {
        let removed = self.rooms.remove(room).map_or(0, |texts| texts.values().map(Entry::bytes).sum());
        self.bytes -= removed;
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY_BYTES + self.rendered.as_ref().map_or(0, |rendered| rendered.html.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Author, MentionedUser, Mentions, MessageId, Timestamp, UserKey};

    fn message(room: &str, seq: u64, text_rev: u64, text: &str) -> Message {
        Message {
            id: MessageId { room: RoomId::named(room), seq },
            rev: text_rev,
            text_rev,
            author_key: UserKey(uuid::Uuid::nil()),
            author: Some(Author { user_id: "ada".into(), name: "Ada".into(), avatar: None }),
            subject: None,
            sent_at: Timestamp(0),
            content: Content::Text(Some(text.into())),
            room_texts: seq,
            author_texts: seq,
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

    fn edited(room: &str, seq: u64, text_rev: u64, text: &str) -> Message {
        Message { edited_at: Some(Timestamp(1)), ..message(room, seq, text_rev, text) }
    }

    /// Whether the word is in the cache's memory.
    fn holds(cache: &TextCache, word: &str) -> bool {
        format!("{:?}", cache.0.lock()).contains(word)
    }

    #[test]
    fn a_text_is_rendered_once() {
        let (cache, hello) = (TextCache::default(), message("a", 1, 1, "*hello*"));
        let first = cache.text(&hello).unwrap();
        assert_eq!(first.html, "<em>hello</em>");
        assert!(Arc::ptr_eq(&first, &cache.clone().text(&hello).unwrap()));
        let reacted = Message { rev: 7, ..hello.clone() };
        assert!(Arc::ptr_eq(&first, &cache.text(&reacted).unwrap()), "the same text");
        assert!(!Arc::ptr_eq(&first, &cache.text(&message("b", 1, 1, "*hello*")).unwrap()), "another room");
        assert!(cache.text(&Message { content: Content::Text(None), ..hello }).is_none());
    }

    #[test]
    fn plain_texts_are_not_kept() {
        let cache = TextCache::default();
        assert_eq!(cache.text(&message("a", 1, 1, "hello")).unwrap().html, "hello");
        assert!(!holds(&cache, "hello"));
    }

    #[test]
    fn an_edited_or_deleted_text_is_dropped_and_cannot_come_back() {
        let cache = TextCache::default();
        let (secret, other) = (message("a", 1, 1, "*secret*"), message("a", 2, 2, "*other*"));
        cache.text(&secret);
        cache.text(&other);
        cache.note(&Message { rev: 3, ..secret.clone() });
        assert!(holds(&cache, "secret"), "a reaction does not change the text");
        cache.note(&edited("a", 1, 4, "new"));
        assert!(!holds(&cache, "secret") && holds(&cache, "other"));
        assert_eq!(cache.text(&secret).unwrap().html, "<em>secret</em>", "for who has read it before the edit");
        assert!(!holds(&cache, "secret"));
        cache.text(&edited("a", 1, 4, "*new*"));
        assert!(holds(&cache, "new"));
        cache.text(&secret);
        assert!(holds(&cache, "new") && !holds(&cache, "secret"));
        cache.note(&Message { content: Content::Text(None), ..message("a", 1, 5, "") });
        assert!(!holds(&cache, "new"));
    }

    #[test]
    fn a_room_is_forgotten_alone_and_everything_at_once() {
        let cache = TextCache::default();
        for room in ["a", "b", "c"] {
            cache.text(&message(room, 1, 1, &format!("*in-{room}*")));
        }
        cache.forget_room(&RoomId::named("a"));
        assert!(!holds(&cache, "in-a") && holds(&cache, "in-b"));
        let deleted = Message { content: Content::Notice(Notice::Deleted), ..message("b", 2, 2, "") };
        cache.note(&deleted);
        assert!(!holds(&cache, "in-b") && holds(&cache, "in-c"));
        cache.clear();
        assert!(!holds(&cache, "in-c"));
    }

    #[test]
    fn a_mention_that_is_gone_is_not_shown() {
        let cache = TextCache::default();
        let user = MentionedUser { key: UserKey(uuid::Uuid::nil()), user_id: "bob".into() };
        let mentions = Mentions { users: vec![user], everyone: None };
        let hello = Message { mentions, ..message("a", 1, 1, "@bob") };
        assert!(cache.text(&hello).unwrap().html.contains("class=\"mention\""));
        let removed = Message { mentions: Mentions::default(), ..hello };
        assert_eq!(cache.text(&removed).unwrap().html, "@bob");
    }

    #[test]
    fn the_memory_is_bounded_and_what_is_used_stays() {
        let (cache, used) = (TextCache::default(), message("a", 0, 1, "*used*"));
        let first = cache.text(&used).unwrap();
        let long = format!("*{}*", "x".repeat(10_000));
        for seq in 1..2_000 {
            cache.text(&message("a", seq, seq, &long));
            assert!(Arc::ptr_eq(&first, &cache.text(&used).unwrap()), "{seq}");
            let generations = cache.0.lock();
            assert!(generations.young.bytes + generations.old.bytes <= BYTES);
        }
        assert!(cache.0.lock().old.get(&used.id.room, 1).is_none());
        cache.forget_room(&used.id.room);
        let generations = cache.0.lock();
        assert_eq!(generations.young.bytes + generations.old.bytes, 0);
    }
}
