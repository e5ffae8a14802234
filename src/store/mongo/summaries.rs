//! Rooms as a user's list shows them: a fixed number of queries for all of them.
//!
//! A room's head is read first, and everything else is read as of it: changes that are committed in between have later
//! numbers, and are left out. Whoever follows the room gets them next.

use std::{collections::HashMap, sync::Arc};

use mongodb::bson::{Bson, DateTime, Document, doc};
use serde::Deserialize;

use super::{
    authors::read_authors,
    bson_values::{any_of, bson_int, bson_uuid, timestamp},
    causal::{CausalSession, collect},
    collections::Collections,
    documents::Authors,
    driver::with_timeout,
    log_documents::MessageDoc,
    log_queries::by_seq,
    mention_documents::concerning,
    room_documents::{MemberDoc, RoomDoc},
    room_effects::member_id,
};
use crate::{
    domain::{Person, Room, RoomId, UserKey, fold, rules::Head},
    store::{Error, Result, RoomSummary},
};

/// The latest message of a room.
#[derive(Deserialize)]
struct LatestMessage {
    #[serde(rename = "_id")]
    room: String,
    rev: i64,
    seq: i64,
    texts: i64,
    #[serde(rename = "sentTime")]
    sent_at: DateTime,
    #[serde(default)]
    notice: Option<String>,
    #[serde(default)]
    joins: Option<bool>,
}

#[derive(Deserialize)]
struct LatestChange {
    #[serde(rename = "_id")]
    room: String,
    rev: i64,
}

/// The user's latest message in a room.
#[derive(Deserialize)]
struct OwnTexts {
    #[serde(rename = "_id")]
    room: String,
    seq: i64,
    #[serde(rename = "authorTexts")]
    texts: i64,
}

/// A number that a room's counts are made of.
#[derive(Deserialize)]
struct Part {
    room: String,
    name: PartName,
    n: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PartName {
    /// The room's number of texts at the mark.
    Read,
    /// The user's number of texts at the mark.
    Own,
    /// The deleted texts of others after the mark.
    Deleted,
    /// The texts of others after the mark that mention the user.
    Mentions,
}

impl PartName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Own => "own",
            Self::Deleted => "deleted",
            Self::Mentions => "mentions",
        }
    }
}

/// The number of rooms in one query for counts: the server limits the stages of a pipeline to 1000.
const COUNTED_ROOMS: usize = 200;

impl Collections {
    /// The rooms, in this order, without those that do not exist.
    pub async fn summaries(
        &self,
        user: UserKey,
        rooms: Vec<RoomId>,
        session: &mut CausalSession,
    ) -> Result<Vec<RoomSummary>> {
        if rooms.is_empty() {
            return Ok(Vec::new());
        }
        let (heads, mut documents) = self.rooms_with_heads(&rooms, session).await?;
        // after the heads: who is a member now, was one at the head
        let own = any_of(rooms.iter().map(|room| member_id(room, user)));
        let members = self.find_members(doc! { "_id": own }, doc! {}, 0, session).await?;
        let mut members: HashMap<RoomId, MemberDoc> =
            members.into_iter().map(|member| (RoomId::named(&member.id.room), member)).collect();
        let people = self.people_of_direct_rooms(&documents).await?;
        let mut summaries = Vec::with_capacity(rooms.len());
        for id in rooms {
            let Some(document) = documents.remove(&id) else { continue };
            let others = others(&document, user, &people);
            let is_with_oneself = document.direct_members().eq([user]);
            let (head, latest_at) = heads.get(&id).copied().unwrap_or_default();
            let room = Room::from(document);
            let own = members.remove(&id).map(|member| member.own(room.kind));
            summaries.push(RoomSummary {
                latest_at: latest_at.map_or(room.created_at, timestamp),
                room: Arc::new(room),
                head,
                others,
                is_with_oneself,
                own,
                own_texts: 0,
                unread: 0,
                mentions: 0,
            });
        }
        self.count_own_texts(user, &mut summaries, session).await?;
        self.count_unread(user, &mut summaries, session).await?;
        Ok(summaries)
    }

    /// The rooms that exist, and their heads with the times of their latest messages.
    pub async fn rooms_with_heads(
        &self,
        ids: &[RoomId],
        session: &mut CausalSession,
    ) -> Result<(HashMap<RoomId, (Head, Option<DateTime>)>, HashMap<RoomId, RoomDoc>)> {
        // the changes first: a message that is posted in between then has a later number than all changes that are seen
        let rev = doc! { "rev": { "$first": "$changed" } };
        let changes: Vec<LatestChange> = self.latest(ids, doc! {}, "changed", rev, session).await?;
        let fields = doc! {
            "rev": { "$first": "$_id.rev" }, "seq": { "$first": "$seq" }, "texts": { "$first": "$texts" },
            "sentTime": { "$first": "$sentTime" }, "notice": { "$first": "$notice" }, "joins": { "$first": "$joins" },
        };
        let messages: Vec<LatestMessage> = self.latest(ids, doc! {}, "seq", fields, session).await?;
        let by_id = |room: RoomDoc| (RoomId::named(&room.id), room);
        let mut documents: HashMap<RoomId, RoomDoc> =
            self.rooms_among(ids, session).await?.into_iter().map(by_id).collect();
        // only the newest change can be without its effects on the room or its members
        let is_effective = |message: &&LatestMessage| message.notice.is_some() || message.joins.is_some();
        let newest = messages.iter().filter(is_effective).map(|message| (&message.room, message.rev));
        for room in self.underived(newest, &documents, session).await? {
            self.settle_room(&room, &mut documents, session).await?;
        }
        let mut heads = HashMap::new();
        for message in messages {
            let room = RoomId::named(&message.room);
            let head = Head { seq: message.seq as u64, rev: message.rev as u64, texts: message.texts as u64 };
            heads.insert(room, (head, Some(message.sent_at)));
        }
        for change in changes {
            let latest = heads.entry(RoomId::named(&change.room));
            latest.and_modify(|(head, _)| head.rev = head.rev.max(change.rev as u64));
        }
        Ok((heads, documents))
    }

    /// Reads a room again whose newest change was not derived.
    async fn settle_room(
        &self,
        room: &RoomId,
        documents: &mut HashMap<RoomId, RoomDoc>,
        session: &mut CausalSession,
    ) -> Result<()> {
        match self.settled_head(room, session).await {
            Ok(_) | Err(Error::NoSuchRoom) => {}
            Err(error) => return Err(error),
        }
        documents.remove(room);
        let read = self.rooms_among(std::slice::from_ref(room), session).await?;
        documents.extend(read.into_iter().map(|document| (room.clone(), document)));
        Ok(())
    }

    /// The names of all members of the direct rooms.
    async fn people_of_direct_rooms(&self, documents: &HashMap<RoomId, RoomDoc>) -> Result<Authors> {
        Ok(read_authors(&self.users, documents.values().flat_map(RoomDoc::direct_members)).await?)
    }

    async fn count_own_texts(
        &self,
        user: UserKey,
        summaries: &mut [RoomSummary],
        session: &mut CausalSession,
    ) -> Result<()> {
        let ids: Vec<RoomId> = summaries.iter().map(|summary| summary.room.id.clone()).collect();
        let fields = doc! { "seq": { "$first": "$seq" }, "authorTexts": { "$first": "$authorTexts" } };
        let by_user = doc! { "author": bson_uuid(user) };
        let found: Vec<OwnTexts> = self.latest(&ids, by_user, "seq", fields, session).await?;
        let found: HashMap<RoomId, OwnTexts> = found.into_iter().map(|own| (RoomId::named(&own.room), own)).collect();
        for summary in summaries {
            let Some(own) = found.get(&summary.room.id) else { continue };
            summary.own_texts = match own.seq as u64 > summary.head.seq {
                false => own.texts as u64,
                true => self.own_texts_at(user, &summary.room.id, summary.head.seq, session).await?,
            };
        }
        Ok(())
    }

    /// The number of the user's texts up to `seq`.
    async fn own_texts_at(&self, user: UserKey, room: &RoomId, seq: u64, session: &mut CausalSession) -> Result<u64> {
        let mut own = by_seq(room, doc! { "$gte": 0_i64, "$lte": bson_int(seq) });
        own.insert("author", bson_uuid(user));
        let found: Vec<MessageDoc> = self.find_log(own, doc! { "seq": -1 }, 1, session).await?;
        Ok(found.first().map_or(0, |message| message.author_texts as u64))
    }

    /// Counts where messages come after the mark.
    async fn count_unread(
        &self,
        user: UserKey,
        summaries: &mut [RoomSummary],
        session: &mut CausalSession,
    ) -> Result<()> {
        let is_behind = |summary: &&RoomSummary| summary.own.is_some_and(|own| own.mark.seq < summary.head.seq);
        let behind: Vec<&RoomSummary> = summaries.iter().filter(is_behind).collect();
        let mut parts = HashMap::new();
        for behind in behind.chunks(COUNTED_ROOMS) {
            for Part { room, name, n } in self.parts(user, behind, session).await? {
                parts.insert((RoomId::named(&room), name), n as u64);
            }
        }
        for summary in summaries.iter_mut().filter(|summary| is_behind(&&**summary)) {
            let part = |name| parts.get(&(summary.room.id.clone(), name)).copied().unwrap_or_default();
            let texts = summary.head.texts.saturating_sub(part(PartName::Read));
            let own = summary.own_texts.saturating_sub(part(PartName::Own));
            let unread = texts.saturating_sub(own).saturating_sub(part(PartName::Deleted));
            (summary.unread, summary.mentions) = (unread, part(PartName::Mentions));
        }
        Ok(())
    }

    /// One command for all rooms. It has the numbers in it: a look-up by variables costs the server more. A part without a
    /// message is missing.
    async fn parts(&self, user: UserKey, rooms: &[&RoomSummary], session: &mut CausalSession) -> Result<Vec<Part>> {
        let mut parts = rooms.iter().flat_map(|summary| parts(user, summary));
        let mut pipeline = parts.next().unwrap_or_default();
        pipeline.extend(parts.map(|part| doc! { "$unionWith": { "coll": self.log.name(), "pipeline": part } }));
        let found = self.log.aggregate(pipeline).with_type::<Part>();
        with_timeout(async { collect(found.session(&mut **session).await?, session).await }).await
    }
}

/// The pipelines for the parts of a room's counts, as of the head. Only mentions that an edit or a deletion after it
/// adds or removes are counted as they are now.
fn parts(user: UserKey, summary: &RoomSummary) -> [Vec<Document>; 4] {
    let room = &summary.room.id;
    let mark = bson_int(summary.own.map_or(0, |own| own.mark.seq));
    let (seq, rev) = (bson_int(summary.head.seq), bson_int(summary.head.rev));
    let part = |name: PartName, filter: Document, seq: Bson, stages: Vec<Document>, n: &str| {
        let mut texts = by_seq(room, seq);
        texts.extend(filter);
        let part = doc! {
            "_id": 0, "room": { "$literal": room.as_str() }, "name": { "$literal": name.as_str() }, "n": n,
        };
        let first = doc! { "$match": texts };
        std::iter::once(first).chain(stages).chain([doc! { "$project": part }]).collect()
    };
    let by_others = doc! { "author": { "$ne": bson_uuid(user) } };
    let count = || vec![doc! { "$group": { "_id": null, "n": { "$sum": 1_i64 } } }];
    let up_to_mark = doc! { "$gte": 0_i64, "$lte": mark }.into();
    let unread = Bson::from(doc! { "$gt": mark, "$lte": seq });
    let last = vec![doc! { "$sort": { "seq": -1 } }, doc! { "$limit": 1 }];
    let mut deleted = doc! { "deleted": true, "textRev": { "$lte": rev } };
    let mut mentions = doc! { "mentions.user": concerning(user), "deleted": { "$exists": false } };
    deleted.extend(by_others.clone());
    mentions.extend(by_others);
    [
        part(PartName::Read, doc! {}, mark.into(), Vec::new(), "$texts"),
        part(PartName::Own, doc! { "author": bson_uuid(user) }, up_to_mark, last, "$authorTexts"),
        part(PartName::Deleted, deleted, unread.clone(), count(), "$n"),
        part(PartName::Mentions, mentions, unread, count(), "$n"),
    ]
}

/// The members of a direct room who have accounts, without the user, in order of their names.
fn others(room: &RoomDoc, user: UserKey, people: &Authors) -> Vec<Person> {
    let person = |key: UserKey| {
        let author = people.get(&key)?;
        Some(Person { key, user_id: author.user_id.clone(), name: author.name.clone(), avatar: author.avatar })
    };
    let mut others: Vec<Person> = room.direct_members().filter(|key| *key != user).filter_map(person).collect();
    others.sort_by_cached_key(|person| (fold(&person.name), person.key));
    others
}
