//! Reading the log of messages. `writer` appends to it.

use std::collections::HashMap;

use async_trait::async_trait;
use mongodb::bson::doc;

use super::{
    bson_values::{any_of, bson_int, bson_uuid},
    database::Mongo,
    message_queries::check_room,
};
use crate::{
    domain::{Message, Post, RoomId, UserKey},
    store::{Chunk, Log, Page, Posted, Result, answer_budget::share_budget},
};

#[async_trait]
impl Log for Mongo {
    async fn post(&self, post: Post) -> Result<Posted> {
        self.writer.post(post).await
    }

    async fn page(&self, room: &RoomId, before: Option<u64>, limit: u32, author: Option<UserKey>) -> Result<Page> {
        // the head first: a change committed in between is then in the page and also in the reader's catch-up
        let head = self.head(room).await?;
        let mut filter = doc! {
            "room": room.as_str(),
            "seq": { "$lt": before.map_or(i64::MAX, bson_int) },
            "message": { "$exists": true },
        };
        if let Some(author) = author {
            filter.insert("author", bson_uuid(author));
        }
        let Chunk { mut messages, more } = self.db.read_chunk(filter, doc! { "seq": -1 }, limit).await?;
        messages.reverse();
        Ok(Page { messages, more, head })
    }

    async fn latest(&self, room: &RoomId, authors: &[UserKey], limit: u32) -> Result<Vec<Chunk>> {
        check_room(room)?;
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        let mut latest = self.db.latest_sizes(room, authors, limit).await?;
        let sizes: Vec<Vec<usize>> = authors
            .iter()
            .map(|author| latest.get(author).map_or(Vec::new(), |all| all.iter().map(|m| m.bytes as usize).collect()))
            .collect();
        let counts = share_budget(&sizes, limit);
        let wanted = authors.iter().zip(&counts).flat_map(|(author, count)| {
            latest.remove(author).unwrap_or_default().into_iter().take(*count).map(|message| message.seq)
        });
        let filter = doc! { "room": room.as_str(), "seq": any_of(wanted), "message": { "$exists": true } };
        // the sizes above already limit these messages to the budget
        let found = self.db.find_messages(filter, doc! { "seq": 1 }, counts.iter().sum::<usize>() as u32).await?;
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
        let filter = doc! { "room": room.as_str(), "rev": { "$gt": bson_int(after) } };
        self.db.read_chunk(filter, doc! { "rev": 1 }, limit).await
    }

    async fn head(&self, room: &RoomId) -> Result<u64> {
        check_room(room)?;
        let latest = self.db.find_messages(doc! { "room": room.as_str() }, doc! { "rev": -1 }, 1).await?;
        Ok(latest.first().map_or(0, |message| message.rev as u64))
    }
}
