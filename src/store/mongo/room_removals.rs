//! Deleting rooms, and removing what is left of deleted ones.
//!
//! The notice that deletes a room is its last change, and stays: no later change can take its number. The rest of the log
//! is removed some time later, because a process that has not heard of the latest changes must find their numbers taken.
//! It is removed again for a while, for what a process wrote late.

use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;

use super::{
    bson_values::bson_int,
    collections::Collections,
    driver::with_timeout,
    log_documents::{LogKey, log_key},
    log_queries::revs_between,
};
use crate::{domain::RoomId, store::Result};

/// The time after a deletion when no process can still write under a number before it, unless it is suspended.
const SETTLE_TIME: Duration = Duration::from_secs(60);
/// The time after a deletion when nothing is looked for any more.
const WATCH_TIME: Duration = Duration::from_secs(600);
/// The number of changes that are removed at a time.
const CHUNK: u64 = 5000;

/// Whether `deletedAt` is longer ago than this, by the server's clock.
fn deleted_before(ago: Duration) -> Document {
    let ago_ms = ago.as_millis() as i64;
    doc! {
        "deletedAt": { "$exists": true },
        "$expr": { "$lt": ["$deletedAt", { "$subtract": ["$$NOW", ago_ms] }] },
    }
}

#[derive(Deserialize)]
struct Numbered {
    #[serde(rename = "_id")]
    key: LogKey,
}

impl Collections {
    /// Removes what is left of rooms that were deleted some time ago.
    pub async fn finish_room_removals(&self) -> Result<()> {
        // read first: these rooms are looked at once more
        let watched = with_timeout(self.rooms.distinct("_id", deleted_before(WATCH_TIME))).await?;
        let settled = with_timeout(self.rooms.distinct("_id", deleted_before(SETTLE_TIME))).await?;
        for room in settled.iter().filter_map(Bson::as_str) {
            self.remove_rest(&RoomId::named(room)).await?;
        }
        let watched = doc! { "_id": { "$in": watched } };
        with_timeout(self.rooms.update_many(watched, doc! { "$unset": { "deletedAt": "" } })).await.map(drop)
    }

    /// Removes the memberships of a deleted room, and its log but for the last change.
    async fn remove_rest(&self, room: &RoomId) -> Result<()> {
        let mut session = self.reads().await?;
        self.remove_members(room, &mut session).await?;
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
        Ok(())
    }
}
