//! How many texts users have posted in the rooms that somebody may read.

use std::collections::HashMap;

use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_uuid, user_key},
    causal::{CausalSession, collect},
    collections::Collections,
    driver::with_timeout,
};
use crate::{
    domain::{RoomId, RoomKind, UserKey},
    store::Result,
};

/// The maximum number of users in one query: each is a part of its pipeline, with the ids of all rooms.
const COUNTED_USERS: usize = 50;
/// The maximum number of room ids in one query. An id takes up to about 60 bytes, and a query must stay below 16 MB.
const COUNTED_ROOMS: usize = 150_000;

#[derive(Deserialize)]
struct CountDoc {
    #[serde(rename = "_id")]
    key: bson::Uuid,
    texts: i64,
}

impl Collections {
    /// The rooms that the user may read: the open ones, and those that the user is a member of.
    async fn counted_rooms(&self, reader: UserKey, session: &mut CausalSession) -> Result<Vec<String>> {
        let own = self.find_members(doc! { "_id.user": bson_uuid(reader) }, doc! {}, 0, session).await?;
        let own: Vec<RoomId> = own.iter().map(|member| RoomId::named(&member.id.room)).collect();
        let own = doc! { "_id": any_of(own.iter().map(RoomId::as_str)) };
        let readable = doc! { "$or": [{ "kind": RoomKind::Open.as_str() }, own] };
        Ok(self.find_rooms(readable, session).await?.into_iter().map(|room| room.id).collect())
    }

    /// The number of texts of each of these users in the rooms that `reader` may read; without those who have none. A
    /// message has its author's number of texts in its room, so the latest message of each room is read.
    pub async fn count_messages(
        &self,
        reader: UserKey,
        users: &[UserKey],
        session: &mut CausalSession,
    ) -> Result<HashMap<UserKey, u64>> {
        let rooms = self.counted_rooms(reader, session).await?;
        let in_query = users_in_query(rooms.len());
        let rooms = any_of(rooms);
        let mut counts = HashMap::new();
        for users in users.chunks(in_query) {
            let mut parts = users.iter().map(|user| texts_of(*user, &rooms));
            let mut pipeline = parts.next().unwrap_or_default();
            pipeline.extend(parts.map(|part| doc! { "$unionWith": { "coll": self.log.name(), "pipeline": part } }));
            let found = self.log.aggregate(pipeline).with_type::<CountDoc>();
            let found = async { collect(found.session(&mut **session).await?, session).await };
            let found = with_timeout(found).await?.into_iter();
            counts.extend(found.map(|CountDoc { key, texts }| (user_key(key), texts as u64)));
        }
        Ok(counts)
    }
}

fn users_in_query(rooms: usize) -> usize {
    (COUNTED_ROOMS / rooms.max(1)).clamp(1, COUNTED_USERS)
}

/// With this order the server reads one key of the index `author` for each room.
fn texts_of(user: UserKey, rooms: &Document) -> Vec<Document> {
    let user: Bson = bson_uuid(user).into();
    vec![
        doc! { "$match": { "author": &user, "_id.room": rooms, "seq": { "$gte": 0_i64 } } },
        doc! { "$sort": { "author": -1, "_id.room": -1, "seq": -1 } },
        doc! { "$group": { "_id": "$_id.room", "texts": { "$first": "$authorTexts" } } },
        doc! { "$group": { "_id": { "$literal": user }, "texts": { "$sum": "$texts" } } },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_stays_below_sixteen_megabytes() {
        for rooms in [0, 1, 3_000, 3_001, 40_000, 150_000] {
            let ids = any_of((0..rooms).map(|_| uuid::Uuid::now_v7().to_string()));
            let part = bson::serialize_to_vec(&doc! { "pipeline": texts_of(UserKey::generate(), &ids) }).unwrap().len();
            assert!(part * users_in_query(rooms) < 16_000_000, "{rooms} rooms");
        }
        assert_eq!((users_in_query(0), users_in_query(3_000), users_in_query(1_000_000)), (50, 50, 1));
    }
}
