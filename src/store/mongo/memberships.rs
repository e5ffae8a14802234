//! [`Memberships`] for MongoDB.

use std::collections::HashMap;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use mongodb::{
    action::Aggregate,
    bson::{self, Bson, DateTime, Document, doc},
};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_uuid, file_id, timestamp, user_key},
    causal::{CausalSession, collect},
    collections::Collections,
    database::Mongo,
    driver::with_timeout,
    room_documents::MemberDoc,
    room_effects::member_id,
    room_queries::lasting,
};
use crate::{
    domain::{Level, Person, ReadMark, Reading, RoomId, User, UserKey, rules::Refusal},
    store::{Access, Error, MAX_COUNTED_MEMBERS, Member, Memberships, Result, RoomSummary},
};

/// What a list of members shows of an account.
#[derive(Deserialize)]
struct PersonDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    #[serde(rename = "userID")]
    user_id: String,
    name: String,
    avatar: Option<bson::Uuid>,
    #[serde(rename = "lastSeen")]
    last_seen: Option<DateTime>,
    #[serde(rename = "showsLastSeen")]
    shows_last_seen: Option<bool>,
    #[serde(default)]
    disabled: bool,
}

#[async_trait]
impl Memberships for Mongo {
    async fn rooms_of(&self, user: &User, after: Option<&RoomId>, limit: u32) -> Result<Vec<RoomSummary>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.writer.marks_moved(user.key).await;
        if after.is_none() {
            self.db.join_everyone(user.key).await?;
        }
        let mut session = self.db.reads().await?;
        let mut last = after.map_or(String::new(), |room| room.as_str().to_owned());
        let mut found = Vec::new();
        // a room that was deleted a moment ago can still have members
        while found.len() < limit as usize {
            let filter = doc! { "_id.user": bson_uuid(user.key), "_id.room": { "$gt": &last } };
            let sort = doc! { "_id.user": 1, "_id.room": 1 };
            let members = self.db.find_members(filter, sort, i64::from(limit), &mut session).await?;
            let is_end = members.len() < limit as usize;
            if let Some(member) = members.last() {
                last.clone_from(&member.id.room);
            }
            let rooms = members.iter().map(|member| RoomId::named(&member.id.room)).collect();
            found.extend(self.own_summaries(user.key, rooms, &mut session).await?);
            if is_end {
                break;
            }
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn summaries(&self, user: &User, rooms: &[RoomId]) -> Result<Vec<RoomSummary>> {
        self.writer.marks_moved(user.key).await;
        self.own_summaries(user.key, rooms.to_vec(), &mut self.db.reads().await?).await
    }

    async fn summary(&self, access: &Access) -> Result<RoomSummary> {
        self.writer.marks_moved(access.user()).await;
        let (room, mut session) = (vec![access.room().clone()], self.db.reads().await?);
        self.db.summaries(access.user(), room, &mut session).await?.pop().ok_or(Error::NoSuchRoom)
    }

    async fn read(&self, access: &Access, reading: Reading) -> Result<ReadMark> {
        let (room, user) = (access.room(), access.user());
        self.writer.marks_moved(user).await;
        let mut session = self.db.reads().await?;
        loop {
            let Some(member) = self.db.member_doc(room, user, &mut session).await? else {
                return Err(self.db.no_member(room, &mut session).await);
            };
            // all that the rules need of the last message is whether it comes before the one that is read
            let (Reading::Read { seq, .. } | Reading::Unread { seq, .. }) = reading;
            let last = self.db.last_seq(room, seq, &mut session).await?;
            let mark = member.mark().apply(reading, last);
            if mark == member.mark() || self.db.replace_mark(&member, mark, &mut session).await? {
                return Ok(mark);
            }
        }
    }

    async fn read_all(&self, user: UserKey) -> Result<()> {
        self.writer.marks_moved(user).await;
        let mut session = self.db.reads().await?;
        let of_user = doc! { "_id.user": bson_uuid(user) };
        let members = self.db.find_members(of_user, doc! {}, 0, &mut session).await?;
        self.db.read_to_end(members, &mut session).await
    }

    async fn set_level(&self, access: &Access, level: Level) -> Result<()> {
        self.set(access, doc! { "level": level.as_str() }).await
    }

    async fn set_starred(&self, access: &Access, starred: bool) -> Result<()> {
        self.set(access, doc! { "starred": starred }).await
    }

    async fn members_after(&self, access: &Access, after: Option<UserKey>, limit: u32) -> Result<Vec<Member>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let room = access.room();
        let mut session = self.db.reads().await?;
        self.db.room(room, &mut session).await?;
        let (mut after, mut found) = (after.map_or(Bson::MinKey, |user| bson_uuid(user).into()), Vec::new());
        // a deleted account can still have a membership for a moment
        while found.len() < limit as usize {
            let later = doc! {
                "$gt": { "room": room.as_str(), "user": after.clone() },
                "$lte": { "room": room.as_str(), "user": Bson::MaxKey },
            };
            let rows =
                self.db.find_members(doc! { "_id": later }, doc! { "_id": 1 }, limit.into(), &mut session).await?;
            let is_end = rows.len() < limit as usize;
            if let Some(row) = rows.last() {
                after = row.id.user.into();
            }
            found.extend(self.people(rows, &mut session).await?);
            if is_end {
                break;
            }
        }
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn members_among(&self, access: &Access, users: &[UserKey]) -> Result<Vec<Member>> {
        let mut session = self.db.reads().await?;
        self.db.room(access.room(), &mut session).await?;
        let ids = any_of(users.iter().map(|user| member_id(access.room(), *user)));
        let rows = self.db.find_members(doc! { "_id": ids }, doc! {}, 0, &mut session).await?;
        self.people(rows, &mut session).await
    }

    async fn members_named(&self, access: &Access, text: &str, limit: u32) -> Result<Vec<Person>> {
        self.search_members(access.room(), text, limit).await
    }

    async fn member_count(&self, access: &Access) -> Result<u64> {
        let mut session = self.db.reads().await?;
        self.db.room(access.room(), &mut session).await?;
        self.db.member_count(access.room(), &mut session).await
    }

    async fn room_counts(&self, users: &[UserKey]) -> Result<Vec<u64>> {
        #[derive(Deserialize)]
        struct CountDoc {
            #[serde(rename = "_id")]
            user: bson::Uuid,
            rooms: i64,
        }
        let of_users = lasting(doc! { "_id.user": any_of(users.iter().copied().map(bson_uuid)) });
        let by_user = doc! { "_id": "$_id.user", "rooms": { "$sum": 1_i64 } };
        let pipeline = [doc! { "$match": of_users }, doc! { "$group": by_user }];
        let counts = self.db.memberships.aggregate(pipeline).with_type::<CountDoc>();
        let counts: Vec<CountDoc> = with_timeout(async { counts.await?.try_collect().await }).await?;
        let counts: HashMap<UserKey, i64> =
            counts.into_iter().map(|count| (user_key(count.user), count.rooms)).collect();
        Ok(users.iter().map(|user| counts.get(user).copied().unwrap_or_default() as u64).collect())
    }
}

impl Mongo {
    /// The summaries of the rooms that the user is a member of.
    async fn own_summaries(
        &self,
        user: UserKey,
        rooms: Vec<RoomId>,
        session: &mut CausalSession,
    ) -> Result<Vec<RoomSummary>> {
        let mut summaries = self.db.summaries(user, rooms, session).await?;
        summaries.retain(|summary| summary.own.is_some());
        Ok(summaries)
    }

    /// Sets fields of a membership that only the member sees.
    async fn set(&self, access: &Access, fields: Document) -> Result<()> {
        let mut session = self.db.reads().await?;
        let member = lasting(doc! { "_id": member_id(access.room(), access.user()) });
        let set = self.db.memberships.update_one(member, doc! { "$set": fields }).session(&mut *session);
        match with_timeout(set).await?.matched_count {
            0 => Err(self.db.no_member(access.room(), &mut session).await),
            _ => Ok(()),
        }
    }

    /// The members with what other users see of them, without those whose account is deleted.
    async fn people(&self, members: Vec<MemberDoc>, session: &mut CausalSession) -> Result<Vec<Member>> {
        let keys = any_of(members.iter().map(|member| member.id.user));
        let fields = doc! { "userID": 1, "name": 1, "avatar": 1, "lastSeen": 1, "showsLastSeen": 1, "disabled": 1 };
        let users = self.db.users.clone_with_type::<PersonDoc>();
        let people = users.find(doc! { "_id": keys }).projection(fields);
        let people = with_timeout(async { collect(people.session(&mut **session).await?, session).await }).await?;
        let people = people.into_iter();
        let mut people: HashMap<UserKey, PersonDoc> = people.map(|person| (user_key(person.key), person)).collect();
        let member = |member: MemberDoc| {
            let key = user_key(member.id.user);
            let person = people.remove(&key)?;
            let last_seen = person.last_seen.filter(|_| person.shows_last_seen.unwrap_or(true));
            Some(Member {
                person: Person { key, user_id: person.user_id, name: person.name, avatar: person.avatar.map(file_id) },
                role: member.role(),
                last_seen: last_seen.map(timestamp),
                disabled: person.disabled,
            })
        };
        Ok(members.into_iter().filter_map(member).collect())
    }
}

impl Collections {
    /// The error for who is not a member of the room.
    async fn no_member(&self, room: &RoomId, session: &mut CausalSession) -> Error {
        match self.room(room, session).await {
            Ok(_) => Refusal::NoSuchMember.into(),
            Err(error) => error,
        }
    }

    /// The numbers of members of rooms, each counted up to [`MAX_COUNTED_MEMBERS`]. The server reads the index alone.
    pub async fn member_counts(&self, rooms: &[&str], session: &mut CausalSession) -> Result<HashMap<String, u64>> {
        // those that have not ended come first in the index
        let sort = doc! { "$sort": { "_id.room": 1, "ended": 1 } };
        let limit = doc! { "$limit": MAX_COUNTED_MEMBERS as i64 };
        let pipeline = [
            doc! { "$match": { "_id": any_of(rooms.iter().copied()) } },
            doc! { "$lookup": {
                "from": self.memberships.name(), "localField": "_id", "foreignField": "_id.room",
                "pipeline": [sort, limit, count_lasting()], "as": "counts",
            } },
            doc! { "$project": { "members": { "$sum": "$counts.members" } } },
        ];
        Ok(self.read_counts(self.rooms.aggregate(pipeline), session).await?.into_iter().collect())
    }

    /// The number of the room's members. The server reads the index alone.
    async fn member_count(&self, room: &RoomId, session: &mut CausalSession) -> Result<u64> {
        let pipeline = [doc! { "$match": { "_id.room": room.as_str() } }, count_lasting()];
        let counts = self.read_counts(self.memberships.aggregate(pipeline), session).await?;
        Ok(counts.first().map_or(0, |(_, members)| *members))
    }

    /// The results of a query for rooms and their numbers of members.
    async fn read_counts(&self, query: Aggregate<'_>, session: &mut CausalSession) -> Result<Vec<(String, u64)>> {
        #[derive(Deserialize)]
        struct CountDoc {
            #[serde(rename = "_id")]
            room: String,
            members: i64,
        }
        let counts = query.with_type::<CountDoc>();
        let counts = with_timeout(async { collect(counts.session(&mut **session).await?, session).await }).await?;
        Ok(counts.into_iter().map(|count| (count.room, count.members as u64)).collect())
    }
}

/// Counts the memberships of each room that have not ended. It reads fields of an index only.
fn count_lasting() -> Document {
    let lasting = doc! { "$cond": [{ "$eq": ["$ended", true] }, 0_i64, 1_i64] };
    doc! { "$group": { "_id": "$_id.room", "members": { "$sum": lasting } } }
}
