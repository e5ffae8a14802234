//! [`Log`] for the embedded database.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use uuid::Uuid;

use super::{batch::Batch, connection::sql_integer, database::Sqlite};
use crate::{
    domain::{Author, Message, Post, RoomId, Timestamp, UserKey},
    store::{
        Chunk, Error, Event, Log, Page, Posted, Result,
        answer_budget::{AnswerBudget, share_budget},
    },
};

const SELECT: &str = "SELECT m.seq, m.rev, m.author, m.sent_at, m.text, u.user_id, u.name
    FROM messages m LEFT JOIN users u ON u.key = m.author";

/// Reads messages up to the first one that does not fit into the answer.
fn read_chunk(rows: impl Iterator<Item = rusqlite::Result<Message>>, limit: u32) -> rusqlite::Result<Chunk> {
    let (mut chunk, mut budget) = (Chunk::default(), AnswerBudget::new(limit));
    for message in rows {
        let message = message?;
        if !budget.take_text(message.text.as_deref()) {
            chunk.more = true;
            break;
        }
        chunk.messages.push(message);
    }
    Ok(chunk)
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let user_id: Option<String> = row.get(5)?;
    let name: Option<String> = row.get(6)?;
    Ok(Message {
        seq: row.get::<_, i64>(0)? as u64,
        rev: row.get::<_, i64>(1)? as u64,
        author_key: UserKey(Uuid::from_bytes(row.get(2)?)),
        author: user_id.zip(name).map(|(user_id, name)| Author { user_id, name }),
        sent_at: Timestamp(row.get(3)?),
        text: row.get(4)?,
    })
}

#[async_trait]
impl Log for Sqlite {
    async fn post(&self, post: Post) -> Result<Posted> {
        self.writer.run(move |batch| batch.post(post)).await
    }

    async fn page(&self, room: &RoomId, before: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page> {
        let room = room.clone();
        self.read(move |c| -> Result<_> {
            let (id, head) = room_head(c, &room)?;
            // two different queries, so that each can use its own index; `:author IS NULL` is always true, and is there
            // only because both queries must have the parameter
            let author_filter = if author.is_some() { "m.author = :author AND" } else { ":author IS NULL AND" };
            let sql = format!(
                "{SELECT} WHERE {author_filter} m.room = :room AND m.seq < :before AND m.text IS NOT NULL
                 ORDER BY m.seq DESC LIMIT :limit"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(
                named_params! {
                    ":author": author.map(|key| key.0.into_bytes()),
                    ":room": id,
                    ":before": before.map_or(i64::MAX, sql_integer),
                    ":limit": limit.saturating_add(1),
                },
                message,
            )?;
            let Chunk { mut messages, more } = read_chunk(rows, limit)?;
            messages.reverse();
            Ok(Page { messages, more, head })
        })
        .await
    }

    async fn latest(&self, room: &RoomId, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>> {
        let (room, authors) = (room.clone(), authors.to_vec());
        self.read(move |c| -> Result<_> {
            let (id, _) = room_head(c, &room)?;
            let latest = "WHERE m.author = ?1 AND m.room = ?2 AND m.text IS NOT NULL ORDER BY m.seq DESC LIMIT ?3";
            // the sizes first, because they decide how many texts of each author fit into the answer
            let mut sizes = c.prepare_cached(&format!("SELECT octet_length(m.text) FROM messages m {latest}"))?;
            let size = |author: &UserKey| {
                let values = params![author.0.as_bytes(), id, limit.saturating_add(1)];
                sizes.query_map(values, |row| Ok(row.get::<_, u32>(0)? as usize))?.collect()
            };
            let sizes = authors.iter().map(size).collect::<rusqlite::Result<Vec<Vec<usize>>>>()?;
            let mut texts = c.prepare_cached(&format!("{SELECT} {latest}"))?;
            let read = |((author, count), sizes): ((&UserKey, usize), &Vec<usize>)| -> Result<Chunk> {
                let rows = texts.query_map(params![author.0.as_bytes(), id, count as u32], message)?;
                let mut messages = rows.collect::<rusqlite::Result<Vec<_>>>()?;
                messages.reverse();
                Ok(Chunk { messages, more: sizes.len() > count })
            };
            authors.iter().zip(share_budget(&sizes, limit)).zip(&sizes).map(read).collect()
        })
        .await
    }

    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk> {
        let room = room.clone();
        self.read(move |c| -> Result<_> {
            let (id, _) = room_head(c, &room)?;
            let sql = format!("{SELECT} WHERE m.room = ?1 AND m.rev > ?2 ORDER BY m.rev LIMIT ?3");
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map(params![id, sql_integer(after), limit.saturating_add(1)], message)?;
            Ok(read_chunk(rows, limit)?)
        })
        .await
    }

    async fn head(&self, room: &RoomId) -> Result<u64> {
        let room = room.clone();
        self.read(move |c| room_head(c, &room)).await.map(|(_, head)| head)
    }
}

fn room_head(c: &Connection, room: &RoomId) -> Result<(i64, u64)> {
    c.prepare_cached("SELECT id, last_rev FROM rooms WHERE name = ?1")?
        .query_row([room.as_str()], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))
        .optional()?
        .ok_or(Error::NoSuchRoom)
}

impl Batch<'_> {
    pub fn post(&mut self, post: Post) -> Result<Posted> {
        let connection = self.connection;
        let head = self.head(&post.room)?;
        let author = connection
            .prepare_cached("SELECT user_id, name FROM users WHERE key = ?1")?
            .query_row([post.author.0.as_bytes()], |row| Ok(Author { user_id: row.get(0)?, name: row.get(1)? }))
            .optional()?
            .ok_or(Error::NotFound)?;
        let (seq, rev) = (head.seq + 1, head.rev + 1);
        let inserted = connection
            .prepare_cached(
                "INSERT INTO messages (room, seq, rev, author, client_id, sent_at, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (author, client_id) DO NOTHING",
            )?
            .execute(params![
                head.room,
                sql_integer(seq),
                sql_integer(rev),
                post.author.0.as_bytes(),
                post.client.as_str(),
                post.at.0,
                post.text.as_str(),
            ])?;
        if inserted == 0 {
            // a repeat: the author has already posted a message with this client id
            let message = connection
                .prepare_cached(&format!("{SELECT} WHERE m.author = ?1 AND m.client_id = ?2"))?
                .query_row(params![post.author.0.as_bytes(), post.client.as_str()], message)?;
            return Ok(Posted { message, repeat: true });
        }
        (head.seq, head.rev) = (seq, rev);
        let message = Message {
            seq,
            rev,
            author_key: post.author,
            author: Some(author),
            sent_at: post.at,
            text: Some(post.text.into_string()),
        };
        self.events.push(Event::Changed(post.room, message.clone()));
        Ok(Posted { message, repeat: false })
    }

    /// Deletes up to `limit` messages of `author`. Each deletion is its own change. Returns how many it deleted.
    pub fn delete_messages(&mut self, room: &RoomId, author: UserKey, limit: u32) -> Result<u32> {
        let connection = self.connection;
        let head = self.head(room)?;
        let (id, mut rev) = (head.room, head.rev);
        let seqs: Vec<i64> = connection
            .prepare_cached(
                "SELECT seq FROM messages WHERE author = ?1 AND room = ?2 AND text IS NOT NULL ORDER BY seq LIMIT ?3",
            )?
            .query_map(params![author.0.as_bytes(), id, limit], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for seq in &seqs {
            rev += 1;
            connection
                .prepare_cached("UPDATE messages SET text = NULL, rev = ?3 WHERE room = ?1 AND seq = ?2")?
                .execute(params![id, seq, sql_integer(rev)])?;
            let message = connection
                .prepare_cached(&format!("{SELECT} WHERE m.room = ?1 AND m.seq = ?2"))?
                .query_row(params![id, seq], message)?;
            self.events.push(Event::Changed(room.clone(), message));
        }
        self.head(room)?.rev = rev;
        Ok(seqs.len() as u32)
    }
}
