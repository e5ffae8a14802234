//! [`Personal`] for MongoDB.

use std::{cmp::Reverse, collections::HashMap};

use async_trait::async_trait;
use mongodb::bson::{DateTime, Document, doc};

use super::{
    bson_values::{any_of, bson_date, bson_int, bson_uuid, query_limit, timestamp},
    causal::{CausalSession, collect},
    collections::Collections,
    database::Mongo,
    documents::SavedDoc,
    driver::{with_timeout, with_timeout_raw},
    heads::MAX_ROOMS,
    log_documents::MessageDoc,
    log_queries::shown,
    mention_documents::{MENTIONS_BY_TIME, everyone},
    room_documents::MemberDoc,
    room_effects::member_id,
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{Message, MessageId, Room, RoomId, Timestamp, User, UserKey, rules::present_text},
    store::{Access, Error, ListCursor, Personal, Result, SavedMessage, answer_budget::AnswerBudget},
};

/// The number of rooms in one query for mentions. The server plans each room's part of the query.
const ROOMS: usize = 200;
/// The number of saved messages that are read at a time.
const SAVED: u32 = 64;

#[async_trait]
impl Personal for Mongo {
    async fn mentions_of(&self, user: &User, after: Option<&ListCursor>, limit: u32) -> Result<Vec<Message>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut session = self.db.reads().await?;
        let own = self.db.find_members(doc! { "_id.user": bson_uuid(user.key) }, doc! {}, 0, &mut session).await?;
        let rooms: Vec<RoomId> = own.iter().map(|member| RoomId::named(&member.id.room)).collect();
        // again, because the newest change of a room may have ended one without being derived yet
        let readable = self.db.readable_rooms(user.key, &rooms, &mut session).await?;
        let members: Vec<MemberDoc> = readable.into_values().flatten().collect();
        let (mut found, mut known) = (Vec::new(), None);
        for members in members.chunks(ROOMS) {
            let any: Vec<Document> = members.iter().flat_map(|member| mentions_in(member, user.key, after)).collect();
            let latest_first = doc! { "sentTime": -1, "_id.room": -1, "seq": -1 };
            let any = doc! { "$or": any };
            let budget = AnswerBudget::new(limit);
            let (part, is_cut) =
                self.db.read_by_index(MENTIONS_BY_TIME, any, latest_first, budget, &mut session).await?;
            // what comes after the end of a part that was cut short is not known
            known = known.max(part.last().filter(|_| is_cut).map(place));
            found.extend(part);
        }
        found.sort_by_cached_key(|message| Reverse(place(message)));
        let mut budget = AnswerBudget::new(limit);
        let fits = |message: &MessageDoc| {
            known.as_ref().is_none_or(|known| place(message) >= *known) && budget.take_text(message.text.as_deref())
        };
        self.db.with_authors(found.into_iter().take_while(fits).collect()).await
    }

    async fn saved_by(&self, user: &User, after: Option<&ListCursor>, limit: u32) -> Result<Vec<SavedMessage>> {
        let mut session = self.db.reads().await?;
        let (mut budget, mut after) = (AnswerBudget::new(limit), after.cloned());
        let (mut found, mut times) = (Vec::new(), Vec::new());
        let mut is_end = limit == 0;
        while !is_end {
            let saved = self.db.saved_after(user.key, after.as_ref(), &mut session).await?;
            is_end = saved.len() < SAVED as usize;
            after = saved.last().map(|last| ListCursor { at: timestamp(last.at), id: last.message() });
            let mut messages = self.db.readable(user.key, &saved, &mut session).await?;
            for saved in saved {
                let Some(message) = messages.remove(&saved.message()) else { continue };
                if !budget.take_text(message.text.as_deref()) {
                    is_end = true;
                    break;
                }
                found.push(message);
                times.push(timestamp(saved.at));
            }
        }
        let messages = self.db.with_authors(found).await?.into_iter();
        Ok(messages.zip(times).map(|(message, saved_at)| SavedMessage { message, saved_at }).collect())
    }

    async fn save(&self, access: &Access, seq: u64) -> Result<()> {
        let (room, user) = (access.room(), access.user());
        let mut session = self.db.reads().await?;
        self.db.settled_head(room, &mut session).await?;
        let membership = self.db.membership(room, user, &mut session).await?;
        self.db.room(room, &mut session).await?.right(membership.as_ref()).ok_or(Error::NoSuchRoom)?;
        let message = self.db.message_doc(room, seq, &mut session).await?.map(MessageDoc::into_message);
        present_text(message.as_ref())?;
        let now = doc! { "$setOnInsert": { "at": bson_date(Timestamp::now()) } };
        let save = self.db.saved.update_one(doc! { "_id": saved_id(access, seq) }, now).upsert(true);
        match with_timeout_raw(save.session(&mut *session)).await {
            // another call saved it at the same time
            Err(error) if !is_duplicate_key(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn unsave(&self, access: &Access, seq: u64) -> Result<()> {
        let mut session = self.db.reads().await?;
        let saved = self.db.saved.delete_one(doc! { "_id": saved_id(access, seq) }).session(&mut *session);
        with_timeout(saved).await.map(drop)
    }

    async fn saved_among(&self, access: &Access, seqs: &[u64]) -> Result<Vec<u64>> {
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let mut session = self.db.reads().await?;
        let ids = any_of(seqs.iter().map(|seq| saved_id(access, *seq)));
        let found = self.db.find_saved(doc! { "_id": ids }, doc! {}, seqs.len() as u32, &mut session).await?;
        Ok(found.into_iter().map(|saved| saved.id.seq as u64).collect())
    }
}

/// A message's place in a list of mentions, whose order is that of the latest first.
fn place(message: &MessageDoc) -> (DateTime, String, i64) {
    (message.sent_at, message.key.room.clone(), message.seq)
}

/// The filters for the mentions of the member in a room that come after a place of the list. Each is one range of the
/// index.
fn mentions_in(member: &MemberDoc, user: UserKey, after: Option<&ListCursor>) -> Vec<Document> {
    let room = member.id.room.as_str();
    let later = |key: UserKey, mut sent_at: Document| {
        let mut mentions = vec![(sent_at.clone(), doc! { "$gte": 0_i64 })];
        if let Some(ListCursor { at, id }) = after {
            let bound = if room < id.room.as_str() { "$lte" } else { "$lt" };
            mentions[0].0.insert(bound, bson_date(*at));
            if room == id.room.as_str() {
                sent_at.insert("$eq", bson_date(*at));
                mentions.push((sent_at, doc! { "$gte": 0_i64, "$lt": bson_int(id.seq) }));
            }
        }
        mentions.into_iter().map(move |(sent_at, seq)| {
            let mut filter = shown(&RoomId::named(room), seq);
            filter.extend(doc! {
                "mentions.user": bson_uuid(key), "sentTime": sent_at, "author": { "$ne": bson_uuid(user) },
            });
            filter
        })
    };
    let by_user_id = later(user, doc! { "$gte": DateTime::MIN });
    by_user_id.chain(later(everyone(), doc! { "$gte": member.joined_at })).collect()
}

fn saved_id(access: &Access, seq: u64) -> Document {
    doc! { "user": bson_uuid(access.user()), "room": access.room().as_str(), "seq": bson_int(seq) }
}

impl Collections {
    /// The rooms among these that the user may read now, with the user's membership. It is as of a head that is
    /// derived.
    async fn readable_rooms(
        &self,
        user: UserKey,
        rooms: &[RoomId],
        session: &mut CausalSession,
    ) -> Result<HashMap<RoomId, Option<MemberDoc>>> {
        let mut readable = HashMap::new();
        for rooms in rooms.chunks(MAX_ROOMS) {
            let (_, documents) = self.rooms_with_heads(rooms, session).await?;
            let own = any_of(rooms.iter().map(|room| member_id(room, user)));
            let members = self.find_members(doc! { "_id": own }, doc! {}, 0, session).await?.into_iter();
            let mut members: HashMap<String, MemberDoc> =
                members.map(|member| (member.id.room.clone(), member)).collect();
            for (id, document) in documents {
                let member = members.remove(id.as_str());
                let membership = member.as_ref().and_then(MemberDoc::membership);
                if Room::from(document).right(membership.as_ref()).is_some() {
                    readable.insert(id, member);
                }
            }
        }
        Ok(readable)
    }

    /// The first [`SAVED`] that the user has saved after a place of the list.
    async fn saved_after(
        &self,
        user: UserKey,
        after: Option<&ListCursor>,
        session: &mut CausalSession,
    ) -> Result<Vec<SavedDoc>> {
        let mut filter = doc! { "_id.user": bson_uuid(user) };
        if let Some(ListCursor { at, id: MessageId { room, seq } }) = after {
            let (at, room) = (bson_date(*at), room.as_str());
            filter.insert("at", doc! { "$lte": at });
            let in_room = doc! { "_id.room": room, "_id.seq": { "$lt": bson_int(*seq) } };
            filter
                .insert("$or", [doc! { "at": { "$lt": at } }, doc! { "_id.room": { "$lt": room } }, in_room].to_vec());
        }
        let latest_first = doc! { "at": -1, "_id.room": -1, "_id.seq": -1 };
        self.find_saved(filter, latest_first, SAVED, session).await
    }

    async fn find_saved(
        &self,
        filter: Document,
        sort: Document,
        limit: u32,
        session: &mut CausalSession,
    ) -> Result<Vec<SavedDoc>> {
        let find = self.saved.find(filter).sort(sort).limit(query_limit(limit));
        with_timeout(async { collect(find.session(&mut **session).await?, session).await }).await
    }

    /// The saved messages that the user may read and that are not deleted, by room and `seq`.
    async fn readable(
        &self,
        user: UserKey,
        saved: &[SavedDoc],
        session: &mut CausalSession,
    ) -> Result<HashMap<MessageId, MessageDoc>> {
        let mut rooms: HashMap<RoomId, Vec<i64>> = HashMap::new();
        for saved in saved {
            rooms.entry(RoomId::named(&saved.id.room)).or_default().push(saved.id.seq);
        }
        let ids: Vec<RoomId> = rooms.keys().cloned().collect();
        let readable = self.readable_rooms(user, &ids, session).await?;
        let any: Vec<Document> = rooms
            .into_iter()
            .filter(|(room, _)| readable.contains_key(room))
            .map(|(room, seqs)| shown(&room, any_of(seqs)))
            .collect();
        if any.is_empty() {
            return Ok(HashMap::new());
        }
        let found: Vec<MessageDoc> = self.find_log(doc! { "$or": any }, doc! {}, saved.len() as u32, session).await?;
        Ok(found.into_iter().map(|message| (message.id(), message)).collect())
    }
}
