//! Messages: reading. [`writer`](super::writer) appends.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;

use super::{
    Db, Mongo, any_of, bounded,
    documents::{MessageDoc, authors, key, user_key},
    limit as at_most, number,
};
use crate::{
    domain::{Message, Post, RoomId, UserKey},
    store::{
        Chunk, Error, Log, Page, Posted, Result,
        budget::{Budget, share},
    },
};

/// Messages in one reply of the server. The driver holds a whole reply: a megabyte where all are of the largest
/// size. A page of the usual size is one reply.
const BATCH: u32 = 64;

#[async_trait]
impl Log for Mongo {
    async fn post(&self, post: Post) -> Result<Posted> {
        self.writer.post(post).await
    }

    async fn page(&self, room: &RoomId, before: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page> {
        // the head first: what is committed in between is then both here and in what a reader catches up
        let head = self.head(room).await?;
        let mut filter = doc! {
            "room": room.as_str(),
            "seq": { "$lt": before.map_or(i64::MAX, number) },
            "message": { "$exists": true },
        };
        if let Some(author) = author {
            filter.insert("author", key(author));
        }
        let Chunk { mut messages, more } = self.db.chunk(filter, doc! { "seq": -1 }, limit).await?;
        messages.reverse();
        Ok(Page { messages, more, head })
    }

    async fn latest(&self, room: &RoomId, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>> {
        check_room(room)?;
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        let mut latest = self.db.latest(room, authors, limit).await?;
        let sizes: Vec<Vec<usize>> = authors
            .iter()
            .map(|author| latest.get(author).map_or(Vec::new(), |all| all.iter().map(|m| m.bytes as usize).collect()))
            .collect();
        let counts = share(&sizes, limit);
        let wanted = authors.iter().zip(&counts).flat_map(|(author, count)| {
            latest.remove(author).unwrap_or_default().into_iter().take(*count).map(|message| message.seq)
        });
        let filter = doc! { "room": room.as_str(), "seq": any_of(wanted), "message": { "$exists": true } };
        // the budget was kept when they were chosen
        let found = self.db.find(filter, doc! { "seq": 1 }, counts.iter().sum::<usize>() as u32).await?;
        let mut messages: HashMap<UserKey, Vec<Message>> = HashMap::new();
        for message in self.db.with_authors(found).await? {
            messages.entry(message.author_key).or_default().push(message);
        }
        let chunk = |((author, count), sizes): ((&UserKey, usize), &Vec<usize>)| Chunk {
            messages: messages.remove(author).unwrap_or_default(),
            more: sizes.len() > count,
        };
        Ok(authors.iter().zip(counts).zip(&sizes).map(chunk).collect())
    }

    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Chunk> {
        check_room(room)?;
        let filter = doc! { "room": room.as_str(), "rev": { "$gt": number(after) } };
        self.db.chunk(filter, doc! { "rev": 1 }, limit).await
    }

    async fn head(&self, room: &RoomId) -> Result<u64> {
        check_room(room)?;
        let latest = self.db.find(doc! { "room": room.as_str() }, doc! { "rev": -1 }, 1).await?;
        Ok(latest.first().map_or(0, |message| message.rev as u64))
    }
}

/// The lobby is the only room: no collection holds others yet.
pub fn check_room(room: &RoomId) -> Result<()> {
    if *room == RoomId::lobby() { Ok(()) } else { Err(Error::NoSuchRoom) }
}

/// A message without its text.
#[derive(Deserialize)]
struct SizeDoc {
    seq: i64,
    bytes: i32,
}

impl Db {
    pub async fn find(&self, filter: Document, sort: Document, limit: u32) -> Result<Vec<MessageDoc>> {
        let find = self.messages.find(filter).sort(sort).limit(at_most(limit)).batch_size(limit.max(1));
        bounded(async { find.await?.try_collect().await }).await
    }

    /// Reads messages up to the first that the answer has no room for.
    async fn chunk(&self, filter: Document, sort: Document, limit: u32) -> Result<Chunk> {
        let all = limit.saturating_add(1);
        let find = self.messages.find(filter).sort(sort).limit(at_most(all)).batch_size(all.min(BATCH));
        let mut budget = Budget::new(limit);
        let read = async {
            let (mut cursor, mut found) = (find.await?, Vec::new());
            while let Some(message) = cursor.try_next().await? {
                if !budget.take_text(message.text.as_deref()) {
                    return Ok((found, true));
                }
                found.push(message);
            }
            Ok((found, false))
        };
        let (found, more) = bounded(read).await?;
        Ok(Chunk { messages: self.with_authors(found).await?, more })
    }

    /// The latest messages of each author by their sizes, the latest first, and one more than `limit`. One command
    /// however many authors there are; for each the server looks into the index `author`.
    async fn latest(&self, room: &RoomId, authors: &[UserKey], limit: u32) -> Result<HashMap<UserKey, Vec<SizeDoc>>> {
        #[derive(Deserialize)]
        struct AuthorDoc {
            #[serde(rename = "_id")]
            key: bson::Uuid,
            latest: Vec<SizeDoc>,
        }
        let latest: Vec<Bson> = vec![
            doc! { "$match": { "room": room.as_str(), "message": { "$exists": true } } }.into(),
            doc! { "$sort": { "seq": -1 } }.into(),
            doc! { "$limit": i64::from(limit) + 1 }.into(),
            doc! { "$project": { "_id": 0, "seq": 1, "bytes": { "$strLenBytes": "$message" } } }.into(),
        ];
        let pipeline = [
            doc! { "$documents": authors.iter().map(|author| doc! { "_id": key(*author) }).collect::<Vec<_>>() },
            doc! { "$lookup": {
                "from": self.messages.name(), "localField": "_id", "foreignField": "author",
                "pipeline": latest, "as": "latest",
            } },
        ];
        let found = self.database.aggregate(pipeline).with_type::<AuthorDoc>();
        let found: Vec<AuthorDoc> = bounded(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|author| (user_key(author.key), author.latest)).collect())
    }

    pub async fn with_authors(&self, found: Vec<MessageDoc>) -> Result<Vec<Message>> {
        let authors = authors(&self.users, found.iter().map(|message| user_key(message.author))).await?;
        Ok(found.into_iter().map(|message| message.into_message(&authors)).collect())
    }
}
