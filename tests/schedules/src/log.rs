//! The store: logs in memory, whose reads take time, return few changes and may fail.

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use shuttle::rand::{Rng, thread_rng};
use tokio::sync::mpsc;

use crate::{
    domain::{
        Author, Content, Emoji, Level, MemberRole, Mentions, Message, MessageId, Notice, Reaction, ReactionChange,
        ReadMark, Room, RoomId, Timestamp, UserKey, rules::Head,
    },
    room::Wanted,
    runtime::task::yield_now,
    store::{
        Access, Chunk, Database, Error, Event, LogReader, LoggedReaction, OfProcess, OwnMembership, Result, RoomSummary,
    },
};

/// The author of all messages.
pub static AUTHOR: LazyLock<UserKey> = LazyLock::new(UserKey::generate);
/// The user of all clients.
pub static READER: LazyLock<UserKey> = LazyLock::new(UserKey::generate);

/// A message's latest `rev` and text, by its `seq`.
pub type Rows = BTreeMap<u64, (u64, String)>;
/// Whether the reader has given a reaction to a message, as of a `rev`, by its `seq`. Of messages with reactions.
pub type Own = BTreeMap<u64, (u64, bool)>;

pub struct Logs {
    state: std::sync::Mutex<State>,
    /// One for each process.
    senders: std::sync::Mutex<Vec<mpsc::Sender<Vec<Event>>>>,
    /// Reads that will fail.
    failures: AtomicU32,
}

struct State {
    rooms: BTreeMap<RoomId, Log>,
    /// The author's present name.
    name: String,
}

#[derive(Default)]
struct Log {
    head: u64,
    messages: BTreeMap<u64, Message>,
    reactions: Vec<LoggedReaction>,
    /// The changes that removed the reader from the room, and the ones that added them again, in turn.
    removals: Vec<u64>,
    texts: u64,
    /// What a sidebar shows as of each `rev`: the last `seq`, the texts, and those that are unread.
    counts: BTreeMap<u64, (u64, u64, i64)>,
}

impl Log {
    /// Notes what a sidebar shows as of the head.
    fn count(&mut self) {
        let unread = self.messages.values().filter(|message| message.text().is_some()).count();
        self.counts.insert(self.head, (self.messages.len() as u64, self.texts, unread as i64));
    }

    /// Whether the reader may read the room.
    fn is_readable(&self) -> bool {
        self.removals.len().is_multiple_of(2)
    }

    /// Whether the reader may have the change `rev`: whether the room was readable at it or later.
    fn may_have(&self, rev: u64) -> bool {
        self.is_readable() || self.removals.last().is_some_and(|removed| *removed > rev)
    }
}

/// A change to commit.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    Post,
    /// A post that also changes the message with this `seq`.
    Reply(u64),
    Edit(u64),
    Delete(u64),
    /// Gives or takes back a reaction, as the reader or as somebody else.
    React(u64),
    /// Removes the reader from the room, or adds them again.
    Membership,
}

impl Logs {
    pub fn new(rooms: &[RoomId], failures: u32) -> Self {
        let rooms = rooms.iter().map(|room| (room.clone(), Log::default())).collect();
        let state = State { rooms, name: "name-0".into() };
        Self { state: state.into(), senders: Vec::new().into(), failures: AtomicU32::new(failures) }
    }

    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().expect("no schedule goes on after a panic"))
    }

    /// Commits a change, and returns its event.
    pub fn commit(&self, room: &RoomId, change: Change) -> Event {
        self.locked(|State { rooms, name }| {
            let log = rooms.get_mut(room).expect("a room of the schedule");
            log.head += 1;
            let rev = log.head;
            let (seq, root) = match change {
                Change::Post | Change::Membership => (log.messages.len() as u64 + 1, None),
                Change::Reply(root) => (log.messages.len() as u64 + 1, Some(root)),
                Change::Edit(seq) | Change::Delete(seq) | Change::React(seq) => (seq, None),
            };
            let id = MessageId { room: room.clone(), seq };
            let mut reaction = None;
            let is_text = !matches!(change, Change::Membership);
            log.texts += u64::from(is_text && !log.messages.contains_key(&seq));
            let texts = log.texts;
            let message = log.messages.entry(seq).or_insert_with(|| new_message(id, rev, texts));
            message.rev = rev;
            if matches!(change, Change::Membership) {
                let (user, heir) = (*READER, None);
                let is_removed = log.removals.len() % 2 == 0;
                let notice = if is_removed { Notice::Removed { user, heir } } else { Notice::Added { user } };
                message.content = Content::Notice(notice);
                log.removals.push(rev);
            } else if matches!(change, Change::React(_)) {
                let change = react(message, if thread_rng().gen_bool(0.5) { *READER } else { *AUTHOR });
                log.reactions.push(LoggedReaction { rev, seq, change: change.clone() });
                reaction = Some(change);
            } else {
                message.text_rev = rev;
                message.content = Content::Text((!matches!(change, Change::Delete(_))).then(|| format!("text-{rev}")));
                if matches!(change, Change::Delete(_)) {
                    message.reactions.clear();
                }
            }
            let message = message.clone();
            let root = root.and_then(|root| log.messages.get_mut(&root)).map(|root| {
                root.rev = rev;
                root.replies += 1;
                Box::new(named(root, name))
            });
            log.count();
            Event::Changed { message: Box::new(named(&message, name)), root, reaction }
        })
    }

    /// The reader's right to the room, which is read from the store.
    pub async fn access(&self, room: &RoomId) -> Result<Access> {
        self.query().await?;
        let access = Access { room: room.clone(), user: *READER };
        let is_readable = self.is_readable(room);
        yield_now().await; // the answer is on its way
        if is_readable { Ok(access) } else { Err(Error::NoSuchRoom) }
    }

    pub fn is_readable(&self, room: &RoomId) -> bool {
        self.locked(|state| state.rooms[room].is_readable())
    }

    pub fn may_have(&self, room: &RoomId, rev: u64) -> bool {
        self.locked(|state| state.rooms[room].may_have(rev))
    }

    /// Whether the message can change: not a notice, and not a deleted one.
    pub fn is_text(&self, room: &RoomId, seq: u64) -> bool {
        self.locked(|state| state.rooms[room].messages[&seq].text().is_some())
    }

    pub fn rename(&self, name: &str) {
        self.locked(|state| name.clone_into(&mut state.name));
    }

    pub fn name(&self) -> String {
        self.locked(|state| state.name.clone())
    }

    /// Sends the events to all processes.
    pub fn send(&self, events: Vec<Event>) {
        for process in 0..self.processes() {
            self.send_to(process, events.clone());
        }
    }

    pub fn send_to(&self, process: usize, events: Vec<Event>) {
        let senders = self.senders.lock().expect("no schedule goes on after a panic");
        senders[process].try_send(events).expect("a short schedule");
    }

    pub fn processes(&self) -> usize {
        self.senders.lock().expect("no schedule goes on after a panic").len()
    }

    /// The store as a process has it that starts, for the first time or again.
    pub fn open(self: &std::sync::Arc<Self>, process: usize) -> std::sync::Arc<dyn Database> {
        let (sender, events) = mpsc::channel(4096);
        let mut senders = self.senders.lock().expect("no schedule goes on after a panic");
        match senders.get_mut(process) {
            Some(before) => *before = sender,
            None => senders.push(sender),
        }
        std::sync::Arc::new(OfProcess { logs: std::sync::Arc::clone(self), events: Some(events).into() })
    }

    /// From now on reads succeed.
    pub fn recover(&self) {
        self.failures.store(0, Relaxed);
    }

    /// The messages and the head of a room.
    pub fn page(&self, room: &RoomId) -> (Rows, u64) {
        self.locked(|state| {
            let log = &state.rooms[room];
            let row =
                |message: &Message| (message.seq(), (message.rev, message.text().unwrap_or("deleted").to_owned()));
            (log.messages.values().map(row).collect(), log.head)
        })
    }

    /// The reader's own reactions in a room.
    pub fn own(&self, room: &RoomId) -> Own {
        let own = |message: &Message| {
            let reactions = message.reactions.first()?;
            Some((message.seq(), (message.rev, reactions.users.contains(&READER))))
        };
        self.locked(|state| state.rooms[room].messages.values().filter_map(own).collect())
    }

    /// The rooms of the reader, as a sidebar shows them.
    pub async fn summaries(&self, wanted: &Wanted) -> Result<Vec<RoomSummary>> {
        self.query().await?;
        let summary = |(id, log): (&RoomId, &Log)| {
            let is_wanted = match wanted {
                Wanted::All => true,
                Wanted::Rooms(rooms) => rooms.contains(id),
            };
            let (seq, texts, unread) = log.counts.get(&log.head).copied().unwrap_or_default();
            let own = OwnMembership {
                role: MemberRole::Member,
                level: Level::Mentions,
                starred: false,
                mark: ReadMark::default(),
            };
            (is_wanted && log.is_readable()).then(|| RoomSummary {
                room: std::sync::Arc::new(Room { id: id.clone(), ..Room::lobby() }),
                head: Head { seq, rev: log.head, texts },
                latest_at: Timestamp(0),
                others: Vec::new(),
                is_with_oneself: false,
                own: Some(own),
                own_texts: 0,
                unread: unread as u64,
                mentions: 0,
            })
        };
        let found = self.locked(|state| state.rooms.iter().filter_map(summary).collect());
        yield_now().await; // the answer is on its way
        Ok(found)
    }

    /// What a sidebar shows of the room as of a `rev`; and the head.
    pub fn counts(&self, room: &RoomId, rev: u64) -> ((u64, u64, i64), u64) {
        self.locked(|state| {
            let log = &state.rooms[room];
            (log.counts.get(&rev).copied().unwrap_or_default(), log.head)
        })
    }

    /// Takes the time of a query, which may fail.
    async fn query(&self) -> Result<()> {
        for _ in 0..thread_rng().gen_range(0..3) {
            yield_now().await;
        }
        let left = self.failures.load(Relaxed);
        if left > 0 && thread_rng().gen_bool(0.3) {
            self.failures.store(left - 1, Relaxed);
            return Err(Error::Busy);
        }
        Ok(())
    }
}

/// Gives the user's reaction to a message, or takes it back.
fn react(message: &mut Message, user: UserKey) -> ReactionChange {
    let emoji = Emoji::parse("👍").expect("an emoji");
    let mut users = message.reactions.pop().map(|reaction| reaction.users).unwrap_or_default();
    let is_given = !users.contains(&user);
    users.retain(|other| *other != user);
    users.extend(is_given.then_some(user));
    if !users.is_empty() {
        message.reactions.push(Reaction { emoji: emoji.clone(), users });
    }
    ReactionChange { user, emoji, is_given }
}

fn new_message(id: MessageId, rev: u64, texts: u64) -> Message {
    Message {
        id,
        rev,
        text_rev: rev,
        author_key: *AUTHOR,
        author: None,
        subject: None,
        sent_at: Timestamp(0),
        content: Content::Text(None),
        room_texts: texts,
        author_texts: texts,
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

/// The message with its author's present name.
fn named(message: &Message, name: &str) -> Message {
    Message {
        author: Some(Author { user_id: "author".into(), name: name.to_owned(), avatar: None }),
        ..message.clone()
    }
}

#[async_trait]
impl LogReader for Logs {
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk> {
        self.query().await?;
        let limit = thread_rng().gen_range(1..=limit as usize);
        let chunk = self.locked(|State { rooms, name }| {
            let log = &rooms[room];
            let mut messages: Vec<Message> =
                log.messages.values().filter(|message| message.rev > after).map(|row| named(row, name)).collect();
            messages.sort_by_key(|message| (message.rev, message.seq()));
            // a change is not split
            let end = messages.get(limit - 1).map_or(u64::MAX, |last| last.rev);
            let has_more = messages.iter().any(|message| message.rev > end);
            messages.retain(|message| message.rev <= end);
            Chunk { messages, has_more }
        });
        yield_now().await; // the answer is on its way
        Ok(chunk)
    }

    async fn reactions(&self, room: &RoomId, after: u64, up_to: u64) -> Result<Option<Vec<LoggedReaction>>> {
        self.query().await?;
        // one of the two databases keeps them one by one
        let is_known = thread_rng().gen_bool(0.5);
        let in_range = |logged: &&LoggedReaction| logged.rev > after && logged.rev <= up_to;
        let found = self.locked(|state| state.rooms[room].reactions.iter().filter(in_range).cloned().collect());
        yield_now().await;
        Ok(is_known.then_some(found))
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Option<u64>>> {
        self.query().await?;
        let heads = self.locked(|state| rooms.iter().map(|room| state.rooms.get(room).map(|log| log.head)).collect());
        yield_now().await;
        Ok(heads)
    }
}
