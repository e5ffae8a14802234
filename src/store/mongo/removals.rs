//! Removals of accounts whose messages are deleted too.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, doc};

use super::{
    bson_values::{bson_uuid, user_key},
    database::Mongo,
    documents::RemovalDoc,
    driver::with_timeout,
};
use crate::{
    domain::{RoomId, UserKey},
    store::Result,
};

/// The time after a removal when no process can still store a post of the author.
const SETTLE_TIME: Duration = Duration::from_secs(60);

impl Mongo {
    /// Deletes the remaining messages of accounts that were removed at least [`SETTLE_TIME`] ago, then the removals'
    /// own documents.
    pub(super) async fn finish_removals(&self) -> Result<()> {
        // both times are the server's
        let settle_ms = SETTLE_TIME.as_millis() as i64;
        let settled = doc! { "$expr": { "$lt": ["$at", { "$subtract": ["$$NOW", settle_ms] }] } };
        let settled: Vec<RemovalDoc> =
            with_timeout(async { self.db.removals.find(settled).await?.try_collect().await }).await?;
        for RemovalDoc { user } in settled {
            self.delete_messages(user_key(user)).await?;
            with_timeout(self.db.removals.delete_one(doc! { "_id": user })).await?;
        }
        Ok(())
    }

    /// Deletes the author's messages in all rooms.
    pub(super) async fn delete_messages(&self, author: UserKey) -> Result<()> {
        let rooms = self.db.log.distinct("_id.room", doc! { "author": bson_uuid(author), "seq": { "$gte": 0 } });
        let rooms = with_timeout(rooms).await?;
        for room in rooms.iter().filter_map(Bson::as_str) {
            self.writer.delete_messages(&RoomId::named(room), author).await?;
        }
        Ok(())
    }
}
