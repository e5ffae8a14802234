//! Messages: reading. [`writer`](super::writer) appends.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};

use super::{
    Db, Mongo, bounded,
    documents::{MessageDoc, authors, key, user_key},
    limit as at_most, number,
};
use crate::{
    domain::{Message, Post, RoomId, UserKey},
    store::{Log, Page, Posted, Result},
};

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
        let mut found = self.db.find(filter, doc! { "seq": -1 }, limit.saturating_add(1)).await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        found.reverse();
        Ok(Page { messages: self.db.with_authors(found).await?, more, head })
    }

    async fn changes(&self, room: &RoomId, after: u64, limit: u32) -> Result<Vec<Message>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let filter = doc! { "room": room.as_str(), "rev": { "$gt": number(after) } };
        let found = self.db.find(filter, doc! { "rev": 1 }, limit).await?;
        self.db.with_authors(found).await
    }

    async fn head(&self, room: &RoomId) -> Result<u64> {
        let latest = self.db.find(doc! { "room": room.as_str() }, doc! { "rev": -1 }, 1).await?;
        Ok(latest.first().map_or(0, |message| message.rev as u64))
    }
}

impl Db {
    pub async fn find(&self, filter: Document, sort: Document, limit: u32) -> Result<Vec<MessageDoc>> {
        let find = self.messages.find(filter).sort(sort).limit(at_most(limit)).batch_size(limit.max(1));
        bounded(async { find.await?.try_collect().await }).await
    }

    pub async fn with_authors(&self, found: Vec<MessageDoc>) -> Result<Vec<Message>> {
        let authors = authors(&self.users, found.iter().map(|message| user_key(message.author))).await?;
        Ok(found.into_iter().map(|message| message.into_message(&authors)).collect())
    }
}
