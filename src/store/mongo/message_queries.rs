//! Queries of messages that the log and the writer share.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;

use super::{
    authors::read_authors,
    bson_values::{bson_uuid, query_limit, user_key},
    collections::Collections,
    documents::MessageDoc,
    driver::with_timeout,
};
use crate::{
    domain::{Message, RoomId, UserKey},
    store::{Chunk, Error, Result, answer_budget::AnswerBudget},
};

/// The number of messages in one reply of the server. The driver keeps a whole reply in memory: a megabyte if all
/// messages have the maximum size. A page of the usual size is one reply.
const REPLY_MESSAGES: u32 = 64;

/// The lobby is the only room: no collection stores other rooms yet.
pub fn check_room(room: &RoomId) -> Result<()> {
    if *room == RoomId::lobby() { Ok(()) } else { Err(Error::NoSuchRoom) }
}

/// A message without its text.
#[derive(Deserialize)]
pub struct SizeDoc {
    pub seq: i64,
    pub bytes: i32,
}

impl Collections {
    pub async fn find_messages(&self, filter: Document, sort: Document, limit: u32) -> Result<Vec<MessageDoc>> {
        let find = self.messages.find(filter).sort(sort).limit(query_limit(limit)).batch_size(limit.max(1));
        with_timeout(async { find.await?.try_collect().await }).await
    }

    /// Reads messages up to the first one that does not fit into the answer.
    pub async fn read_chunk(&self, filter: Document, sort: Document, limit: u32) -> Result<Chunk> {
        let with_next = limit.saturating_add(1);
        let find = self.messages.find(filter).sort(sort).limit(query_limit(with_next));
        let find = find.batch_size(with_next.min(REPLY_MESSAGES));
        let mut budget = AnswerBudget::new(limit);
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
        let (found, more) = with_timeout(read).await?;
        Ok(Chunk { messages: self.with_authors(found).await?, more })
    }

    /// The sizes of the latest `limit` messages of each author, and of one message more; the latest first. This is one
    /// command for any number of authors. For each author the server uses the index `author`.
    pub async fn latest_sizes(
        &self,
        room: &RoomId,
        authors: &[UserKey],
        limit: u32,
    ) -> Result<HashMap<UserKey, Vec<SizeDoc>>> {
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
            doc! { "$documents": authors.iter().map(|key| doc! { "_id": bson_uuid(*key) }).collect::<Vec<_>>() },
            doc! { "$lookup": {
                "from": self.messages.name(), "localField": "_id", "foreignField": "author",
                "pipeline": latest, "as": "latest",
            } },
        ];
        let found = self.database.aggregate(pipeline).with_type::<AuthorDoc>();
        let found: Vec<AuthorDoc> = with_timeout(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|author| (user_key(author.key), author.latest)).collect())
    }

    /// Converts the documents, with the current names of their authors.
    pub async fn with_authors(&self, found: Vec<MessageDoc>) -> Result<Vec<Message>> {
        let authors = read_authors(&self.users, found.iter().map(|message| user_key(message.author))).await?;
        Ok(found.into_iter().map(|message| message.into_message(&authors)).collect())
    }
}
