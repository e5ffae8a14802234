//! Reading a room's log.

use rusqlite::{
    Connection, OptionalExtension, Statement, ToSql, named_params, params,
    types::{Null, ToSqlOutput},
};

use super::{
    connection::sql_integer,
    head::head,
    position::{last_position, position},
    room_rows, rows,
    rows::SELECT,
};
use crate::{
    domain::{Message, RoomId, UserKey, rules::Head},
    store::{
        Chunk, Page, Result,
        answer_budget::{AnswerBudget, share_budget},
    },
};

/// Which messages of a room are read, without deleted ones.
#[derive(Clone, Copy)]
pub enum Of {
    All,
    Author(UserKey),
    /// The replies of the thread with this root.
    Thread(u64),
}

impl Of {
    /// The condition of SQL. It is a different one for each, so that each query can use its own index. `:of IS NULL` is
    /// always true, and is there only because all queries must have the parameter.
    fn condition(self) -> &'static str {
        match self {
            Self::All => ":of IS NULL",
            Self::Author(_) => "m.author = :of",
            Self::Thread(_) => "m.root = :of",
        }
    }
}

impl ToSql for Of {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::All => Null.to_sql(),
            Self::Author(key) => Ok(ToSqlOutput::from(key.0.as_bytes().as_slice())),
            Self::Thread(root) => Ok(ToSqlOutput::from(sql_integer(*root))),
        }
    }
}

/// A room's log in one snapshot of the database.
pub struct RoomLog<'a> {
    c: &'a Connection,
    room: &'a RoomId,
    number: i64,
}

impl<'a> RoomLog<'a> {
    /// # Errors
    /// [`Error::NoSuchRoom`](crate::store::Error::NoSuchRoom) if the room does not exist, or is deleted.
    pub fn open(c: &'a Connection, room: &'a RoomId) -> Result<Self> {
        Ok(Self { c, room, number: room_rows::present_number(c, room)? })
    }

    /// The log of the room with this number.
    pub fn of(c: &'a Connection, room: &'a RoomId, number: i64) -> Self {
        Self { c, room, number }
    }

    pub fn head(&self) -> Result<Head> {
        Ok(head(self.c, self.number)?)
    }

    pub fn message(&self, seq: u64) -> Result<Option<Message>> {
        let mut statement = self.c.prepare_cached(&format!("{SELECT} WHERE m.id = ?1"))?;
        Ok(statement.query_row([position(self.number, seq)], |row| rows::message(self.room, row)).optional()?)
    }

    pub fn before(&self, seq: Option<u64>, limit: u32, of: Of) -> Result<Page> {
        let end = seq.map_or(last_position(self.number), |seq| position(self.number, seq));
        let (messages, has_older) = self.backwards(end, AnswerBudget::new(limit), of)?;
        let has_newer = self.any(end, last_position(self.number), of)?;
        Ok(Page { messages, has_older, has_newer, head: self.head()?.rev })
    }

    pub fn from(&self, seq: u64, limit: u32) -> Result<Page> {
        let start = position(self.number, seq);
        let (messages, has_newer) = self.forwards(start, AnswerBudget::new(limit))?;
        let has_older = self.any(position(self.number, 0), start, Of::All)?;
        Ok(Page { messages, has_older, has_newer, head: self.head()?.rev })
    }

    pub fn around(&self, seq: u64, limit: u32) -> Result<Page> {
        let start = position(self.number, seq);
        let (mut messages, has_older) = self.backwards(start, AnswerBudget::half(limit / 2), Of::All)?;
        let (newer, has_newer) = self.forwards(start, AnswerBudget::half(limit - limit / 2))?;
        messages.extend(newer);
        Ok(Page { messages, has_older, has_newer, head: self.head()?.rev })
    }

    pub fn latest(&self, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>> {
        let latest = "WHERE m.author = ?1 AND m.deleted = 0 AND m.id >= ?2 AND m.id < ?3 ORDER BY m.id DESC LIMIT ?4";
        let (start, end) = (position(self.number, 0), last_position(self.number));
        // the sizes first, because they decide how many texts of each author fit into the answer
        let sql = format!("SELECT coalesce(octet_length(m.text), 0) FROM messages m {latest}");
        let mut sizes = self.c.prepare_cached(&sql)?;
        let size = |author: &UserKey| {
            let values = params![author.0.as_bytes(), start, end, limit.saturating_add(1)];
            sizes.query_map(values, |row| Ok(row.get::<_, u32>(0)? as usize))?.collect()
        };
        let sizes = authors.iter().map(size).collect::<rusqlite::Result<Vec<Vec<usize>>>>()?;
        let mut texts = self.c.prepare_cached(&format!("{SELECT} {latest}"))?;
        let read = |((author, count), sizes): ((&UserKey, usize), &Vec<usize>)| -> Result<Chunk> {
            let values = params![author.0.as_bytes(), start, end, count as u32];
            let found = texts.query_map(values, |row| rows::message(self.room, row))?;
            let mut messages = found.collect::<rusqlite::Result<Vec<_>>>()?;
            messages.reverse();
            Ok(Chunk { messages, has_more: sizes.len() > count })
        };
        authors.iter().zip(share_budget(&sizes, limit)).zip(&sizes).map(read).collect()
    }

    /// All pinned messages, those first that were pinned last.
    pub fn pinned(&self) -> Result<Page> {
        let mut statement = self.c.prepare_cached(&format!(
            "{SELECT} WHERE m.id IN (SELECT id FROM messages INDEXED BY messages_pinned
                WHERE pinned_at IS NOT NULL AND id > ?1 AND id <= ?2) ORDER BY m.pinned_at DESC, m.id DESC"
        ))?;
        let found = statement.query_map(self.range(), |row| rows::message(self.room, row))?;
        let (messages, has_older) = fitting(found, AnswerBudget::all())?;
        Ok(Page { messages, has_older, has_newer: false, head: self.head()?.rev })
    }

    /// The latest messages with files before a `seq`, the latest first.
    pub fn with_files(&self, before: Option<u64>, limit: u32) -> Result<Vec<Message>> {
        let mut statement = self.c.prepare_cached(&format!(
            "{SELECT} WHERE m.id IN (SELECT id FROM messages INDEXED BY messages_files
                WHERE files IS NOT NULL AND id > ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3) ORDER BY m.id DESC"
        ))?;
        let end = before.map_or(last_position(self.number), |seq| position(self.number, seq));
        let values = params![position(self.number, 0), end, limit];
        Ok(statement.query_map(values, |row| rows::message(self.room, row))?.collect::<rusqlite::Result<_>>()?)
    }

    /// The number of pinned messages.
    pub fn pins(&self) -> Result<u64> {
        let count = "SELECT count(*) FROM messages INDEXED BY messages_pinned
            WHERE pinned_at IS NOT NULL AND id > ?1 AND id <= ?2";
        let pins: i64 = self.c.prepare_cached(count)?.query_row(self.range(), |row| row.get(0))?;
        Ok(pins as u64)
    }

    /// The positions before the first and of the last message.
    fn range(&self) -> [i64; 2] {
        [position(self.number, 0), last_position(self.number)]
    }

    /// The messages before the position `end`, the last ones that fit, and whether there are more before them.
    fn backwards(&self, end: i64, budget: AnswerBudget, of: Of) -> Result<(Vec<Message>, bool)> {
        let mut statement = self.undeleted(SELECT, of, "ORDER BY m.id DESC")?;
        let (mut messages, has_more) = self.between(&mut statement, position(self.number, 0), end, budget, of)?;
        messages.reverse();
        Ok((messages, has_more))
    }

    /// The messages from the position `start` on, the first ones that fit, and whether there are more after them.
    fn forwards(&self, start: i64, budget: AnswerBudget) -> Result<(Vec<Message>, bool)> {
        let mut statement = self.undeleted(SELECT, Of::All, "ORDER BY m.id")?;
        self.between(&mut statement, start, last_position(self.number), budget, Of::All)
    }

    /// Whether there is a message from the position `start` on and before `end`.
    fn any(&self, start: i64, end: i64, of: Of) -> Result<bool> {
        let mut statement = self.undeleted("SELECT 1 FROM messages m", of, "LIMIT 1")?;
        Ok(statement.query(named_params! { ":of": of, ":start": start, ":end": end })?.next()?.is_some())
    }

    /// A query of the messages in a range of positions that are not deleted.
    fn undeleted(&self, select: &str, of: Of, order: &str) -> Result<rusqlite::CachedStatement<'a>> {
        let range = "m.deleted = 0 AND m.id >= :start AND m.id < :end";
        Ok(self.c.prepare_cached(&format!("{select} WHERE {} AND {range} {order}", of.condition()))?)
    }

    /// Runs a query of [`RoomLog::undeleted`].
    fn between(
        &self,
        statement: &mut Statement<'_>,
        start: i64,
        end: i64,
        budget: AnswerBudget,
        of: Of,
    ) -> Result<(Vec<Message>, bool)> {
        let values = named_params! { ":of": of, ":start": start, ":end": end };
        fitting(statement.query_map(values, |row| rows::message(self.room, row))?, budget)
    }

    /// The messages that changed after `rev`, in order of `rev` and `seq`.
    pub fn after(&self, rev: u64, limit: u32) -> Result<Chunk> {
        // there is no index by `rev`: every post would have to write to it. Instead this merges the messages that never
        // changed, in order of their posts, with those that did, by an index that only they are in
        let mut posts = self.c.prepare_cached(&format!("{SELECT} WHERE m.id >= ?1 AND m.id < ?2 ORDER BY m.id"))?;
        let first = position(self.number, self.first_post_after(rev)?);
        let mut posts = posts
            .query_map([first, last_position(self.number)], |row| {
                let unchanged = if rows::is_changed(row)? { None } else { Some(rows::message(self.room, row)?) };
                Ok((rows::post_rev(row)?, unchanged))
            })?
            .peekable();
        let changed = format!("{SELECT} WHERE m.changed > ?1 AND m.changed <= ?2 ORDER BY m.changed, m.id");
        let mut changed = self.c.prepare_cached(&changed)?;
        let range = [position(self.number, rev), last_position(self.number)];
        let mut changed = changed.query_map(range, |row| rows::message(self.room, row))?.peekable();

        let (mut chunk, mut budget) = (Chunk::default(), AnswerBudget::new(limit));
        loop {
            let next_post = next_rev(posts.peek(), |(rev, _)| *rev);
            let next_change = next_rev(changed.peek(), |message| message.rev);
            let next = match (next_post, next_change) {
                (None, None) => return Ok(chunk),
                // of the same change: the root of a thread before its reply
                (post, Some(change)) if post.is_none_or(|post| change <= post) => changed.next().transpose()?,
                _ => posts.next().transpose()?.and_then(|(_, unchanged)| unchanged),
            };
            let Some(message) = next else { continue };
            let is_same_change = chunk.messages.last().is_some_and(|last| last.rev == message.rev);
            if !budget.take_text(message.text()) && !is_same_change {
                chunk.has_more = true;
                return Ok(chunk);
            }
            chunk.messages.push(message);
        }
    }

    /// The `seq` of the first message that was posted after `rev`: the numbers of posts grow with `seq`.
    fn first_post_after(&self, rev: u64) -> Result<u64> {
        let head = self.head()?;
        let mut post_rev = self.c.prepare_cached("SELECT post_rev FROM messages WHERE id = ?1")?;
        // each post takes a number, so at most this many came after `rev`
        let newer = head.rev.saturating_sub(rev);
        // `before` was posted up to `rev`, and everything behind `last` after it
        let (mut before, mut last) = (head.seq.saturating_sub(newer), head.seq);
        while before < last {
            let middle = last - (last - before) / 2;
            let posted: i64 = post_rev.query_row([position(self.number, middle)], |row| row.get(0))?;
            if posted as u64 <= rev { before = middle } else { last = middle - 1 }
        }
        Ok(before + 1)
    }
}

/// The first of the messages that fit, and whether there are more.
fn fitting(
    found: impl Iterator<Item = rusqlite::Result<Message>>,
    mut budget: AnswerBudget,
) -> Result<(Vec<Message>, bool)> {
    let mut messages = Vec::new();
    for message in found {
        let message = message?;
        if !budget.take_text(message.text()) {
            return Ok((messages, true));
        }
        messages.push(message);
    }
    Ok((messages, false))
}

/// The `rev` of the next row; of one that could not be read, 0, so that it is the next one taken.
fn next_rev<T>(next: Option<&rusqlite::Result<T>>, rev: impl Fn(&T) -> u64) -> Option<u64> {
    next.map(|row| row.as_ref().map_or(0, rev))
}
