//! Deleting rooms, and removing what is left of deleted ones.
//!
//! The notice that deletes a room is its last change, and stays: no later change can take its number. The rest of the log
//! is removed some time later, because a process that has not heard of the latest changes must find their numbers taken.
//! It is removed again for a while, for what a process wrote late.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::doc;
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_int},
    collections::Collections,
    driver::with_timeout,
    log_documents::{LogKey, log_key},
    log_queries::revs_between,
};
use crate::{
    domain::{RoomId, Timestamp},
    store::Result,
};

/// The time after a deletion when no process can still write under a number before it, unless it is suspended.
const SETTLE_TIME: Duration = Duration::from_secs(60);
/// The time after a deletion when nothing is looked for any more.
const WATCH_TIME: Duration = Duration::from_secs(600);
/// The number of changes that are removed at a time.
const CHUNK: u64 = 5000;

#[derive(Deserialize)]
struct Numbered {
    #[serde(rename = "_id")]
    key: LogKey,
}

impl Collections {
    /// Removes what is left of rooms that were deleted some time ago.
    pub async fn finish_room_removals(&self) -> Result<()> {
        // read first: these rooms are looked at once more
        let watched = any_of(self.deleted_before(WATCH_TIME).await?);
        for room in self.deleted_before(SETTLE_TIME).await? {
            self.remove_rest(&RoomId::named(&room)).await?;
        }
        let unwatch = self.rooms.update_many(doc! { "_id": watched }, doc! { "$unset": { "deletedAt": "" } });
        with_timeout(unwatch).await.map(drop)
    }

    /// The rooms that were deleted longer ago than this, by the server's clock.
    async fn deleted_before(&self, ago: Duration) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Id {
            #[serde(rename = "_id")]
            room: String,
        }
        let ago_ms = ago.as_millis() as i64;
        let deleted = doc! {
            "deletedAt": { "$exists": true },
            "$expr": { "$lt": ["$deletedAt", { "$subtract": ["$$NOW", ago_ms] }] },
        };
        let rooms = self.rooms.clone_with_type::<Id>();
        let found = rooms.find(deleted).projection(doc! { "_id": 1 });
        let found: Vec<Id> = with_timeout(async { found.await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|id| id.room).collect())
    }

    /// Removes what is left of a deleted room, but for the last change of its log.
    async fn remove_rest(&self, room: &RoomId) -> Result<()> {
        let mut session = self.reads().await?;
        self.remove_around(room, &mut session).await?;
        let newest: Vec<Numbered> =
            self.find_log(doc! { "_id": revs_between(room, 0, u64::MAX) }, doc! { "_id": -1 }, 1, &mut session).await?;
        let Some(Numbered { key: LogKey { rev, .. } }) = newest.first() else { return Ok(()) };
        let last = *rev as u64;
        // a late change stops at the fence
        let floor = doc! { "$max": { "floor": bson_int(last) } };
        let floor = self.log.update_one(doc! { "_id": log_key(room, 0) }, floor).upsert(true);
        with_timeout(floor.session(&mut *session)).await?;
        for start in (0..last - 1).step_by(CHUNK as usize) {
            let part = doc! { "_id": revs_between(room, start, (start + CHUNK).min(last - 1)) };
            with_timeout(self.log.delete_many(part).session(&mut *session)).await?;
        }
        self.end_uploads(doc! { "room": room.as_str() }, Timestamp(0)).await.map(drop)
    }
}
