//! The latest `rev` of many rooms.
//!
//! No index has a room's posts and changes in one order. So the latest post and the latest derived change are read, with
//! one seek for each room. Only the number after them can be taken by a change that is not derived yet (see `settle`).

use std::collections::HashMap;

use mongodb::bson::doc;
use serde::Deserialize;

use super::{
    bson_values::any_of,
    causal::CausalSession,
    collections::Collections,
    driver::with_timeout,
    log_documents::{LogKey, log_key},
};
use crate::{domain::RoomId, store::Result};

#[derive(Deserialize)]
struct Latest {
    #[serde(rename = "_id")]
    room: String,
    rev: i64,
}

#[derive(Deserialize)]
struct Taken {
    #[serde(rename = "_id")]
    key: LogKey,
}

impl Collections {
    /// The latest `rev` of each of the rooms that exist; 0 of an empty room. The newest change may not be derived yet.
    pub async fn heads(&self, rooms: &[RoomId], session: &mut CausalSession) -> Result<HashMap<RoomId, u64>> {
        let known = doc! { "_id": any_of(rooms.iter().map(RoomId::as_str)) };
        let existing = with_timeout(self.rooms.distinct("_id", known).session(&mut **session)).await?;
        let mut heads: HashMap<RoomId, u64> =
            existing.iter().filter_map(|id| Some((RoomId::named(id.as_str()?), 0))).collect();
        for (field, rev) in [("seq", "$_id.rev"), ("changed", "$changed")] {
            for latest in self.latest(rooms, field, rev, session).await? {
                heads.entry(RoomId::named(&latest.room)).and_modify(|head| *head = (latest.rev as u64).max(*head));
            }
        }
        let next = doc! { "_id": any_of(heads.iter().map(|(room, head)| log_key(room, head + 1))) };
        for Taken { key } in self.find_log(next, doc! {}, rooms.len() as u32, session).await? {
            heads.insert(RoomId::named(&key.room), key.rev as u64);
        }
        Ok(heads)
    }

    /// The value `rev` of the document with the highest `field` of each room. `field` is the second one of an index after
    /// the room, of which the server then reads one key for each room.
    async fn latest(
        &self,
        rooms: &[RoomId],
        field: &str,
        rev: &str,
        session: &mut CausalSession,
    ) -> Result<Vec<Latest>> {
        let in_rooms = any_of(rooms.iter().map(RoomId::as_str));
        let pipeline = [
            doc! { "$match": { "_id.room": in_rooms, field: { "$gte": 0_i64 } } },
            doc! { "$sort": { "_id.room": -1, field: -1 } },
            doc! { "$group": { "_id": "$_id.room", "rev": { "$first": rev } } },
        ];
        let found = self.log.aggregate(pipeline).batch_size(rooms.len() as u32).with_type::<Latest>();
        let read = async {
            let (mut cursor, mut latest) = (found.session(&mut **session).await?, Vec::new());
            while let Some(next) = cursor.next(session).await {
                latest.push(next?);
            }
            Ok(latest)
        };
        with_timeout(read).await
    }
}
