//! Queries of the log that the readers and the writer share.

use std::collections::HashMap;

use mongodb::{
    action::Find,
    bson::{self, Bson, Document, doc},
    options::Hint,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    authors::{read_authors, with_names},
    bson_values::{any_of, bson_int, bson_uuid, query_limit, user_key},
    causal::CausalSession,
    collections::Collections,
    driver::with_timeout,
    log_documents::{MessageDoc, log_key},
};
use crate::{
    domain::{Message, RoomId, UserKey},
    store::{Result, answer_budget::AnswerBudget},
};

/// The number of messages in one reply of the server. The driver keeps a whole reply in memory: a megabyte if all
/// messages have the maximum size. A page of the usual size is one reply.
const REPLY_MESSAGES: u32 = 64;

/// The most stored messages that one change touches: a message, and the root of its thread.
const TOUCHED: u32 = 2;

/// A message without its text.
#[derive(Deserialize)]
pub struct SizeDoc {
    pub seq: i64,
    pub bytes: i32,
}

/// The filter for the keys of a room's log after one `rev` and up to another.
pub fn revs_between(room: &RoomId, after: u64, up_to: u64) -> Document {
    doc! { "$gt": log_key(room, after), "$lte": log_key(room, up_to) }
}

/// The filter for messages of a room by their `seq`.
pub fn by_seq(room: &RoomId, seq: impl Into<Bson>) -> Document {
    doc! { "_id.room": room.as_str(), "seq": seq.into() }
}

/// The filter for messages of a room that pages show, by their `seq`.
pub fn shown(room: &RoomId, seq: impl Into<Bson>) -> Document {
    let mut filter = by_seq(room, seq);
    filter.insert("deleted", doc! { "$exists": false });
    filter
}

/// The filter for the pinned messages of a room.
pub fn pinned(room: &RoomId) -> Document {
    doc! { "_id.room": room.as_str(), "pinnedTime": { "$exists": true } }
}

impl Collections {
    /// A session for reads of the log.
    pub async fn reads(&self) -> Result<CausalSession> {
        self.clock.session(self.client()).await
    }

    pub async fn find_log<T>(
        &self,
        filter: Document,
        sort: Document,
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Send + Sync,
    {
        let log = self.log.clone_with_type::<T>();
        let find = log.find(filter).sort(sort).limit(query_limit(limit)).batch_size(limit.max(1));
        let read = async {
            let mut cursor = find.session(&mut **session).await?;
            let mut found = Vec::new();
            while let Some(document) = cursor.next(session).await {
                found.push(document?);
            }
            Ok(found)
        };
        with_timeout(read).await
    }

    /// The message with this `seq`.
    pub async fn message_doc(
        &self,
        room: &RoomId,
        seq: u64,
        session: &mut CausalSession,
    ) -> Result<Option<MessageDoc>> {
        let found = self.messages.find_one(by_seq(room, bson_int(seq))).session(&mut **session);
        with_timeout(found).await
    }

    /// Reads messages up to the first one that does not fit into the answer, and whether there is such a one.
    pub async fn read_fitting(
        &self,
        filter: Document,
        sort: Document,
        budget: AnswerBudget,
        session: &mut CausalSession,
    ) -> Result<(Vec<MessageDoc>, bool)> {
        self.read_while(self.messages.find(filter).sort(sort), budget, |_, _| false, session).await
    }

    /// As [`Collections::read_fitting`], by this index alone.
    pub async fn read_by_index(
        &self,
        index: &str,
        filter: Document,
        sort: Document,
        budget: AnswerBudget,
        session: &mut CausalSession,
    ) -> Result<(Vec<MessageDoc>, bool)> {
        let find = self.messages.find(filter).sort(sort).hint(Hint::Name(index.to_owned()));
        self.read_while(find, budget, |_, _| false, session).await
    }

    /// As [`Collections::read_fitting`], in order of `rev`: messages that one change touched are not split, even if the
    /// last of them do not fit.
    pub async fn read_changes(
        &self,
        filter: Document,
        sort: Document,
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<(Vec<MessageDoc>, bool)> {
        let is_same_change = |last: &MessageDoc, next: &MessageDoc| last.rev() == next.rev();
        let find = self.messages.find(filter).sort(sort);
        self.read_while(find, AnswerBudget::new(limit), is_same_change, session).await
    }

    /// Reads messages while they fit into the answer, or belong to the last one that does.
    async fn read_while(
        &self,
        find: Find<'_, MessageDoc>,
        mut budget: AnswerBudget,
        belongs: impl Fn(&MessageDoc, &MessageDoc) -> bool,
        session: &mut CausalSession,
    ) -> Result<(Vec<MessageDoc>, bool)> {
        let with_next = budget.limit().saturating_add(1 + TOUCHED);
        let find = find.limit(query_limit(with_next)).batch_size(with_next.min(REPLY_MESSAGES));
        let read = async {
            let (mut cursor, mut found) = (find.session(&mut **session).await?, Vec::<MessageDoc>::new());
            while let Some(message) = cursor.next(session).await {
                let message: MessageDoc = message?;
                let is_part = found.last().is_some_and(|last| belongs(last, &message));
                if !is_part && !budget.take_text(message.text.as_deref()) {
                    return Ok((found, true));
                }
                found.push(message);
            }
            Ok((found, false))
        };
        with_timeout(read).await
    }

    /// The messages with these `seq`.
    pub async fn messages_by_seq(
        &self,
        room: &RoomId,
        seqs: &[u64],
        session: &mut CausalSession,
    ) -> Result<Vec<MessageDoc>> {
        let wanted = any_of(seqs.iter().map(|seq| bson_int(*seq)));
        self.find_log(by_seq(room, wanted), doc! { "seq": 1 }, seqs.len() as u32, session).await
    }

    /// The number of pinned messages in the room.
    pub async fn count_pins(&self, room: &RoomId, session: &mut CausalSession) -> Result<u64> {
        with_timeout(self.log.count_documents(pinned(room)).session(&mut **session)).await
    }

    /// The number up to which changes may have been trimmed.
    pub async fn floor(&self, room: &RoomId, session: &mut CausalSession) -> Result<u64> {
        let floor = self.log.find_one(doc! { "_id": log_key(room, 0) }).session(&mut **session);
        let floor = with_timeout(floor).await?;
        Ok(floor.and_then(|floor| floor.get_i64("floor").ok()).unwrap_or_default() as u64)
    }

    /// The sizes of the latest `limit` messages of each author, and of one message more; the latest first. This is one
    /// command for any number of authors. For each author the server uses the index `author`.
    pub async fn latest_sizes(
        &self,
        room: &RoomId,
        authors: &[UserKey],
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<HashMap<UserKey, Vec<SizeDoc>>> {
        let pipeline: Vec<Bson> = vec![
            doc! { "$match": { "_id.room": room.as_str(), "message": { "$exists": true }, "seq": { "$gte": 0 } } }
                .into(),
            doc! { "$sort": { "seq": -1 } }.into(),
            doc! { "$limit": i64::from(limit) + 1 }.into(),
            doc! { "$project": { "_id": 0, "seq": 1, "bytes": { "$strLenBytes": "$message" } } }.into(),
        ];
        self.latest_by_author(authors, pipeline, session).await
    }

    /// The number of texts of each author in the room; 0 for those without any.
    pub async fn author_texts(
        &self,
        room: &RoomId,
        authors: &[UserKey],
        session: &mut CausalSession,
    ) -> Result<HashMap<UserKey, u64>> {
        #[derive(Deserialize)]
        struct TextsDoc {
            #[serde(rename = "authorTexts")]
            texts: i64,
        }
        let pipeline: Vec<Bson> = vec![
            doc! { "$match": { "_id.room": room.as_str(), "seq": { "$gte": 0 } } }.into(),
            doc! { "$sort": { "seq": -1 } }.into(),
            doc! { "$limit": 1 }.into(),
            doc! { "$project": { "_id": 0, "authorTexts": 1 } }.into(),
        ];
        let found: HashMap<UserKey, Vec<TextsDoc>> = self.latest_by_author(authors, pipeline, session).await?;
        Ok(found
            .into_iter()
            .map(|(author, latest)| (author, latest.first().map_or(0, |latest| latest.texts as u64)))
            .collect())
    }

    /// Runs `pipeline` on the messages of each author.
    async fn latest_by_author<T>(
        &self,
        authors: &[UserKey],
        pipeline: Vec<Bson>,
        session: &mut CausalSession,
    ) -> Result<HashMap<UserKey, Vec<T>>>
    where
        T: DeserializeOwned + Send + Sync + Unpin,
    {
        #[derive(Deserialize)]
        struct AuthorDoc<T> {
            #[serde(rename = "_id")]
            key: bson::Uuid,
            latest: Vec<T>,
        }
        let pipeline = [
            doc! { "$documents": authors.iter().map(|key| doc! { "_id": bson_uuid(*key) }).collect::<Vec<_>>() },
            doc! { "$lookup": {
                "from": self.log.name(), "localField": "_id", "foreignField": "author",
                "pipeline": pipeline, "as": "latest",
            } },
        ];
        let found = self.database.aggregate(pipeline).with_type::<AuthorDoc<T>>();
        let read = async {
            let mut cursor = found.session(&mut **session).await?;
            let mut all = HashMap::new();
            while let Some(author) = cursor.next(session).await {
                let author: AuthorDoc<T> = author?;
                all.insert(user_key(author.key), author.latest);
            }
            Ok(all)
        };
        with_timeout(read).await
    }

    /// Converts the documents, with the current names of users.
    pub async fn with_authors(&self, found: Vec<MessageDoc>) -> Result<Vec<Message>> {
        let authors = read_authors(&self.users, found.iter().flat_map(MessageDoc::named_users)).await?;
        Ok(found.into_iter().map(|message| with_names(message.into_message(), &authors)).collect())
    }
}
