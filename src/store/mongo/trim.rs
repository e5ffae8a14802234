//! Trimming the log: the documents of old changes are removed, and messages stay.
//!
//! A catch-up reads states, not changes, so no reader misses what is trimmed. A process that was suspended for long may
//! still believe that a trimmed number is the next one. So the floor, the highest number that may be trimmed, is raised
//! before anything is removed. The floor stays below the room's newest message. A stale process then finds its `seq`
//! taken, or fails at the fence behind its change (see `statements`).

use mongodb::bson::{self, Document, doc};

use super::{
    bson_values::bson_int,
    collections::Collections,
    driver::with_timeout,
    log_documents::{ChangeDoc, log_key},
};
use crate::{
    domain::RoomId,
    store::{Error, Result},
};

/// The number of a room's latest changes that are kept.
const KEPT: u64 = 1000;
/// After this many changes in a room it is trimmed again.
const INTERVAL: u64 = 500;

/// Whether a write that moved the head should trim the log. One process does for each interval.
pub fn is_due(before: u64, after: u64) -> bool {
    before / INTERVAL < after / INTERVAL
}

impl Collections {
    /// Completes a log whose messages were carried over from another database, without the documents of their changes:
    /// the changes count as trimmed, and the room's latest number gets a document.
    pub async fn complete_carried(&self, room: &RoomId) -> Result<()> {
        let mut session = self.reads().await?;
        let in_room = |field: &str| doc! { "_id.room": room.as_str(), field: { "$gte": 0_i64 } };
        let latest = |field: &str| self.messages.find_one(in_room(field)).sort(doc! { field: -1 });
        let Some(last) = with_timeout(latest("seq").session(&mut *session)).await? else { return Ok(()) };
        let Some(changed) = with_timeout(latest("changed").session(&mut *session)).await? else { return Ok(()) };
        let rev = changed.rev();
        if rev > last.key.rev as u64 {
            let carried = bson::serialize_to_document(&ChangeDoc::carried(&changed, &last));
            let carried = carried.map_err(|error| Error::Failed(error.to_string()))?;
            // not replaced: another process may have completed the log, and gone on from there
            let key = doc! { "_id": log_key(room, rev) };
            let insert = self.log.update_one(key, doc! { "$setOnInsert": without_id(carried) }).upsert(true);
            with_timeout(insert.session(&mut *session)).await?;
        }
        let floor = doc! { "$setOnInsert": { "floor": bson_int(rev) } };
        let floor = self.log.update_one(doc! { "_id": log_key(room, 0) }, floor).upsert(true);
        with_timeout(floor.session(&mut *session)).await.map(drop)
    }

    /// Removes the documents of the room's old changes.
    pub async fn trim(&self, room: &RoomId) -> Result<()> {
        let mut session = self.reads().await?;
        let head = self.settled_head(room, &mut session).await?;
        let Some(newest) = self.message_doc(room, head.seq, &mut session).await? else { return Ok(()) };
        let floor = head.rev.saturating_sub(KEPT).min((newest.key.rev as u64).saturating_sub(1));
        if floor == 0 {
            return Ok(());
        }
        let raise = doc! { "$max": { "floor": bson_int(floor) } };
        let raise = self.log.update_one(doc! { "_id": log_key(room, 0) }, raise).upsert(true);
        with_timeout(raise.session(&mut *session)).await?;
        // only changes have an `of`. Also those that a late process inserted below an earlier floor
        let old = doc! { "_id.room": room.as_str(), "of": { "$gte": 0_i64 }, "_id": { "$lte": log_key(room, floor) } };
        with_timeout(self.log.delete_many(old).session(&mut *session)).await.map(drop)
    }
}

fn without_id(mut document: Document) -> Document {
    document.remove("_id");
    document
}
