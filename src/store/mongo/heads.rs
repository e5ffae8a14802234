//! The latest numbers of many rooms.
//!
//! No index has a room's posts and changes in one order. So the latest post and the latest derived change are read, with
//! one seek for each room. Only the number after them can be taken by a change that is not derived yet (see `settle`).

use std::collections::HashMap;

use mongodb::bson::{Document, doc};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    bson_values::{any_of, bson_int},
    causal::{CausalSession, collect},
    collections::Collections,
    driver::with_timeout,
    log_documents::{LogKey, log_key},
    log_queries::by_seq,
    room_queries::present,
};
use crate::{domain::RoomId, store::Result};

/// The maximum rooms in one query.
pub const MAX_ROOMS: usize = 1000;

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
        let known = present(doc! { "_id": any_of(rooms.iter().map(RoomId::as_str)) });
        let existing = with_timeout(self.rooms.distinct("_id", known).session(&mut **session)).await?;
        let mut heads: HashMap<RoomId, u64> =
            existing.iter().filter_map(|id| Some((RoomId::named(id.as_str()?), 0))).collect();
        for (field, rev) in [("seq", "$_id.rev"), ("changed", "$changed")] {
            let first = doc! { "rev": { "$first": rev } };
            for Latest { room, rev } in self.latest(rooms, doc! {}, field, first, session).await? {
                heads.entry(RoomId::named(&room)).and_modify(|head| *head = (rev as u64).max(*head));
            }
        }
        let next = doc! { "_id": any_of(heads.iter().map(|(room, head)| log_key(room, head + 1))) };
        for Taken { key } in self.find_log(next, doc! {}, rooms.len() as u32, session).await? {
            heads.insert(RoomId::named(&key.room), key.rev as u64);
        }
        Ok(heads)
    }

    /// The fields `first` of the document with the highest `field` of each room, and the room as `_id`. An index begins
    /// with the fields of `prefix`, the room and `field`: the server reads one key of it for each room.
    pub async fn latest<T>(
        &self,
        rooms: &[RoomId],
        prefix: Document,
        field: &str,
        first: Document,
        session: &mut CausalSession,
    ) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Send + Sync + Unpin,
    {
        let mut sort: Document = prefix.keys().map(|field| (field.clone(), (-1).into())).collect();
        sort.extend(doc! { "_id.room": -1, field: -1 });
        let mut filter = prefix;
        filter.extend(doc! { "_id.room": any_of(rooms.iter().map(RoomId::as_str)), field: { "$gte": 0_i64 } });
        let mut group = doc! { "_id": "$_id.room" };
        group.extend(first);
        let pipeline = [doc! { "$match": filter }, doc! { "$sort": sort }, doc! { "$group": group }];
        let found = self.log.aggregate(pipeline).batch_size(rooms.len() as u32).with_type::<T>();
        with_timeout(async { collect(found.session(&mut **session).await?, session).await }).await
    }

    /// The room's last `seq` up to `seq`; 0 if it has none.
    pub async fn last_seq(&self, room: &RoomId, seq: u64, session: &mut CausalSession) -> Result<u64> {
        #[derive(Deserialize)]
        struct SeqDoc {
            seq: i64,
        }
        let up_to = by_seq(room, doc! { "$gte": 0_i64, "$lte": bson_int(seq) });
        let found: Vec<SeqDoc> = self.find_log(up_to, doc! { "seq": -1 }, 1, session).await?;
        Ok(found.first().map_or(0, |last| last.seq as u64))
    }
}
