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

/// What is subtracted from a room's numbers of texts.
#[derive(Deserialize)]
struct Counts {
    #[serde(rename = "_id")]
    room: String,
    /// The numbers of texts at the mark: the room's, and the user's own. Empty without any.
    read: Vec<Texts>,
    own: Vec<Texts>,
    /// The deleted texts of others after the mark. Empty without any.
    deleted: Vec<Texts>,
}

#[derive(Deserialize)]
struct Texts {
    n: i64,
}

fn first(found: &[Texts]) -> u64 {
    found.first().map_or(0, |texts| texts.n as u64)
}

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
    async fn rooms_with_heads(
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
        let wanted: Vec<Document> = summaries
            .iter()
            .filter(is_behind)
            .map(|summary| {
                let mark = summary.own.map_or(0, |own| own.mark.seq);
                let (room, head) = (summary.room.id.as_str(), summary.head);
                doc! { "_id": room, "mark": bson_int(mark), "rev": bson_int(head.rev) }
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let counts: HashMap<RoomId, Counts> = self
            .counts(user, wanted, session)
            .await?
            .into_iter()
            .map(|counts| (RoomId::named(&counts.room), counts))
            .collect();
        for summary in summaries {
            let Some(counts) = counts.get(&summary.room.id) else { continue };
            let texts = summary.head.texts.saturating_sub(first(&counts.read));
            let own = summary.own_texts.saturating_sub(first(&counts.own));
            summary.unread = texts.saturating_sub(own).saturating_sub(first(&counts.deleted));
        }
        Ok(())
    }

    async fn counts(&self, user: UserKey, rooms: Vec<Document>, session: &mut CausalSession) -> Result<Vec<Counts>> {
        let look_up = |name: &str, filter: Document, rest: Vec<Document>| {
            let mut filter = filter;
            filter.insert("seq", doc! { "$gte": 0_i64 });
            let pipeline: Vec<Bson> =
                std::iter::once(doc! { "$match": filter }).chain(rest).map(Bson::Document).collect();
            doc! { "$lookup": {
                "from": self.log.name(), "localField": "_id", "foreignField": "_id.room",
                "let": { "mark": "$mark", "rev": "$rev" }, "pipeline": pipeline, "as": name,
            } }
        };
        let at_mark = doc! { "$expr": { "$eq": ["$seq", "$$mark"] } };
        let up_to_mark = doc! { "author": bson_uuid(user), "$expr": { "$lte": ["$seq", "$$mark"] } };
        let latest = |field: &str| {
            vec![doc! { "$sort": { "seq": -1 } }, doc! { "$limit": 1 }, doc! { "$project": { "_id": 0, "n": field } }]
        };
        let deleted = doc! {
            "deleted": true, "author": { "$ne": bson_uuid(user) },
            "$expr": { "$and": [{ "$gt": ["$seq", "$$mark"] }, { "$lte": ["$textRev", "$$rev"] }] },
        };
        let count = doc! { "$group": { "_id": null, "n": { "$sum": 1_i64 } } };
        let pipeline = [
            doc! { "$documents": rooms },
            look_up("read", at_mark, vec![doc! { "$project": { "_id": 0, "n": "$texts" } }]),
            look_up("own", up_to_mark, latest("$authorTexts")),
            look_up("deleted", deleted, vec![count]),
        ];
        let found = self.database.aggregate(pipeline).with_type::<Counts>();
        with_timeout(async { collect(found.session(&mut **session).await?, session).await }).await
    }
}

/// The members of a direct room who have accounts, without the user, in order of their names.
fn others(room: &RoomDoc, user: UserKey, people: &Authors) -> Vec<Person> {
    let person = |key: UserKey| {
        let author = people.get(&key)?;
        Some(Person { key, user_id: author.user_id.clone(), name: author.name.clone() })
    };
    let mut others: Vec<Person> = room.direct_members().filter(|key| *key != user).filter_map(person).collect();
    others.sort_by_cached_key(|person| (fold(&person.name), person.key));
    others
}
