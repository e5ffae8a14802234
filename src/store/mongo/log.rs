//! Reading the log. `writer` appends to it.

use std::collections::HashMap;

use async_trait::async_trait;
use mongodb::bson::{Document, doc};

use super::{
    bson_values::{any_of, bson_int, bson_uuid},
    causal::{CausalSession, collect},
    database::Mongo,
    driver::with_timeout,
    heads::MAX_ROOMS,
    log_documents::{ChangeDoc, MessageDoc},
    log_queries::{pinned, revs_between, shown},
};
use crate::{
    domain::{Command, Message, RoomId, UserKey},
    store::{
        Access, Changed, Chunk, Log, LogReader, LoggedReaction, Page, Result,
        answer_budget::{AnswerBudget, share_budget},
    },
};

#[async_trait]
impl Log for Mongo {
    async fn change(&self, access: &Access, command: Command) -> Result<Changed> {
        self.writer.change(access, command).await
    }

    async fn message(&self, access: &Access, seq: u64) -> Result<Option<Message>> {
        let mut session = self.db.reads().await?;
        self.db.settled_head(access.room(), &mut session).await?;
        let found = self.db.message_doc(access.room(), seq, &mut session).await?;
        Ok(self.db.with_authors(found.into_iter().collect()).await?.pop())
    }

    async fn before(&self, access: &Access, seq: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page> {
        let of_author = author.map_or(doc! {}, |author| doc! { "author": bson_uuid(author) });
        self.page_before(access.room(), seq, limit, of_author).await
    }

    async fn from(&self, access: &Access, seq: u64, limit: u32) -> Result<Page> {
        let mut session = self.db.reads().await?;
        let room = access.room();
        let head = self.db.settled_head(room, &mut session).await?.rev;
        let (found, has_newer) = self.read_from(room, seq, AnswerBudget::new(limit), &mut session).await?;
        let older = shown(room, doc! { "$gte": 0_i64, "$lt": bson_int(seq) });
        let has_older = self.has_message(older, &mut session).await?;
        Ok(Page { messages: self.db.with_authors(found).await?, has_older, has_newer, head })
    }

    async fn around(&self, access: &Access, seq: u64, limit: u32) -> Result<Page> {
        let mut session = self.db.reads().await?;
        let room = access.room();
        let head = self.db.settled_head(room, &mut session).await?.rev;
        let older = shown(room, doc! { "$gte": 0_i64, "$lt": bson_int(seq) });
        let (mut found, has_older) =
            self.db.read_fitting(older, doc! { "seq": -1 }, AnswerBudget::half(limit / 2), &mut session).await?;
        found.reverse();
        let rest = AnswerBudget::half(limit - limit / 2);
        let (newer, has_newer) = self.read_from(room, seq, rest, &mut session).await?;
        found.extend(newer);
        Ok(Page { messages: self.db.with_authors(found).await?, has_older, has_newer, head })
    }

    async fn after(&self, access: &Access, rev: u64, limit: u32) -> Result<Chunk> {
        self.changes(access.room(), rev, limit).await
    }

    async fn thread(&self, access: &Access, root: u64, seq: Option<u64>, limit: u32) -> Result<Page> {
        self.page_before(access.room(), seq, limit, doc! { "root": bson_int(root) }).await
    }

    async fn pinned(&self, access: &Access) -> Result<Page> {
        let mut session = self.db.reads().await?;
        let room = access.room();
        let head = self.db.settled_head(room, &mut session).await?.rev;
        let last_first = doc! { "pinnedTime": -1, "seq": -1 };
        let (found, has_older) =
            self.db.read_fitting(pinned(room), last_first, AnswerBudget::all(), &mut session).await?;
        Ok(Page { messages: self.db.with_authors(found).await?, has_older, has_newer: false, head })
    }

    async fn latest(&self, access: &Access, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>> {
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        let mut session = self.db.reads().await?;
        let room = access.room();
        self.db.settled_head(room, &mut session).await?;
        let mut latest = self.db.latest_sizes(room, authors, limit, &mut session).await?;
        let sizes: Vec<Vec<usize>> = authors
            .iter()
            .map(|author| latest.get(author).map_or(Vec::new(), |all| all.iter().map(|m| m.bytes as usize).collect()))
            .collect();
        let counts = share_budget(&sizes, limit);
        let wanted = authors.iter().zip(&counts).flat_map(|(author, count)| {
            latest.remove(author).unwrap_or_default().into_iter().take(*count).map(|message| message.seq)
        });
        let filter = shown(room, any_of(wanted));
        // the sizes above already limit these messages to the budget
        let count = counts.iter().sum::<usize>() as u32;
        let found: Vec<MessageDoc> = self.db.find_log(filter, doc! { "seq": 1 }, count, &mut session).await?;
        let mut messages: HashMap<UserKey, Vec<Message>> = HashMap::new();
        for message in self.db.with_authors(found).await? {
            messages.entry(message.author_key).or_default().push(message);
        }
        let chunk = |((author, count), sizes): ((&UserKey, usize), &Vec<usize>)| Chunk {
            messages: messages.remove(author).unwrap_or_default(),
            has_more: sizes.len() > count,
        };
        Ok(authors.iter().zip(counts).zip(&sizes).map(chunk).collect())
    }
}

#[async_trait]
impl LogReader for Mongo {
    /// Merges two ordered reads: the messages that are as they were posted, and the changed ones.
    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk> {
        let mut session = self.db.reads().await?;
        let head = self.db.settled_head(room, &mut session).await?.rev;
        if head <= after {
            return Ok(Chunk::default());
        }
        let with_next = limit.saturating_add(1);
        // what changes during the two reads has a number after the head, and comes with a later call
        let posted = doc! {
            "_id": revs_between(room, after, head), "seq": { "$exists": true }, "changed": { "$exists": false },
        };
        let posted =
            self.db.read_fitting(posted, doc! { "_id": 1 }, AnswerBudget::new(with_next), &mut session).await?;
        let changed = doc! { "_id.room": room.as_str(), "changed": { "$gt": bson_int(after), "$lte": bson_int(head) } };
        let changed = self.db.read_changes(changed, doc! { "changed": 1 }, with_next, &mut session).await?;
        let (merged, has_more) = merge(posted, changed, limit);
        Ok(Chunk { messages: self.db.with_authors(merged).await?, has_more })
    }

    async fn reactions(&self, room: &RoomId, after: u64, up_to: u64) -> Result<Option<Vec<LoggedReaction>>> {
        let mut session = self.db.reads().await?;
        let given = doc! { "_id": revs_between(room, after, up_to), "op": { "$in": ["react", "unreact"] } };
        let changes = self.db.log.clone_with_type::<ChangeDoc>();
        let found = changes.find(given).sort(doc! { "_id": 1 });
        let found = with_timeout(async { collect(found.session(&mut *session).await?, &mut session).await }).await?;
        // after the read: nothing that was found was trimmed before
        let is_complete = self.db.floor(room, &mut session).await? <= after;
        let logged = |change: &ChangeDoc| {
            let (rev, seq) = (change.key.rev as u64, change.seq as u64);
            Some(LoggedReaction { rev, seq, change: change.reaction()? })
        };
        Ok(is_complete.then(|| found.iter().filter_map(logged).collect()))
    }

    async fn heads(&self, rooms: &[RoomId]) -> Result<Vec<Option<u64>>> {
        let mut session = self.db.reads().await?;
        let mut heads = Vec::with_capacity(rooms.len());
        for rooms in rooms.chunks(MAX_ROOMS) {
            let found = self.db.heads(rooms, &mut session).await?;
            heads.extend(rooms.iter().map(|room| found.get(room).copied()));
        }
        Ok(heads)
    }

    /// With fewer queries than [`LogReader::heads`], and settled.
    async fn head(&self, room: &RoomId) -> Result<u64> {
        let mut session = self.db.reads().await?;
        Ok(self.db.settled_head(room, &mut session).await?.rev)
    }
}

impl Mongo {
    /// The last `limit` messages that match `only` and have a `seq` below `seq`, or the last of all.
    async fn page_before(&self, room: &RoomId, seq: Option<u64>, limit: u32, only: Document) -> Result<Page> {
        let mut session = self.db.reads().await?;
        // the head first: a change committed in between is then in the page and also in the reader's catch-up
        let head = self.db.settled_head(room, &mut session).await?.rev;
        let page = |bounds: Document| {
            let mut filter = shown(room, bounds);
            filter.extend(only.clone());
            filter
        };
        let older = page(doc! { "$gte": 0_i64, "$lt": seq.map_or(i64::MAX, bson_int) });
        let (mut found, has_older) =
            self.db.read_fitting(older, doc! { "seq": -1 }, AnswerBudget::new(limit), &mut session).await?;
        let has_newer = match seq {
            Some(seq) => self.has_message(page(doc! { "$gte": bson_int(seq) }), &mut session).await?,
            None => false,
        };
        found.reverse();
        Ok(Page { messages: self.db.with_authors(found).await?, has_older, has_newer, head })
    }

    /// The messages from `seq` on, and whether there are more.
    async fn read_from(
        &self,
        room: &RoomId,
        seq: u64,
        budget: AnswerBudget,
        session: &mut CausalSession,
    ) -> Result<(Vec<MessageDoc>, bool)> {
        let newer = shown(room, doc! { "$gte": bson_int(seq) });
        self.db.read_fitting(newer, doc! { "seq": 1 }, budget, session).await
    }

    async fn has_message(&self, filter: Document, session: &mut CausalSession) -> Result<bool> {
        let found: Vec<Document> = self.db.find_log(filter, doc! {}, 1, session).await?;
        Ok(!found.is_empty())
    }
}

/// The messages of both in order of `rev`, up to `limit` and to the answer's size, and whether there are more. Messages
/// with the same number stay together.
fn merge(posted: (Vec<MessageDoc>, bool), changed: (Vec<MessageDoc>, bool), limit: u32) -> (Vec<MessageDoc>, bool) {
    // what comes after the end of a read that was cut short is not known
    let end = |(read, is_cut): &(Vec<MessageDoc>, bool)| match read.last() {
        Some(last) if *is_cut => last.rev(),
        _ => u64::MAX,
    };
    let known = end(&posted).min(end(&changed));
    let has_unknown = known < u64::MAX;
    let mut all: Vec<MessageDoc> = posted.0.into_iter().chain(changed.0).collect();
    all.sort_by_key(|message| (message.rev(), message.seq));
    let mut budget = AnswerBudget::new(limit);
    let (mut merged, mut last) = (Vec::new(), 0);
    for message in all {
        let fits = budget.take_text(message.text.as_deref());
        if message.rev() > known && last != message.rev() || !fits && last != message.rev() {
            return (merged, true);
        }
        last = message.rev();
        merged.push(message);
    }
    (merged, has_unknown)
}
