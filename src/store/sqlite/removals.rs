//! Deleting the messages of an account that is being deleted, in all rooms.

use rusqlite::params;

use super::{batch::Batch, database::Sqlite, position::number_of};
use crate::{
    domain::{RoomId, UserKey},
    store::Result,
};

/// The maximum messages deleted in one commit, so that other writes can be committed in between.
const DELETE_CHUNK: u32 = 500;

impl Sqlite {
    /// Deletes the messages that the author has now, over several commits.
    pub(super) async fn delete_messages_in_chunks(&self, author: UserKey) -> Result<()> {
        let delete = move |batch: &mut Batch<'_>| batch.atomically(|batch| batch.delete_messages(author));
        while self.writer.run(delete).await? == DELETE_CHUNK {}
        Ok(())
    }
}

impl Batch<'_> {
    /// Deletes up to [`DELETE_CHUNK`] messages of the author, each by a change of its own. Returns how many it deleted.
    pub fn delete_messages(&mut self, author: UserKey) -> Result<u32> {
        let messages: Vec<(String, i64)> = self
            .connection
            .prepare_cached(
                "SELECT r.room_id, m.id FROM messages m JOIN rooms r ON r.id = m.id >> 40
                 WHERE m.author = ?1 AND m.deleted = 0 AND m.notice IS NULL ORDER BY m.id LIMIT ?2",
            )?
            .query_map(params![author.0.as_bytes(), DELETE_CHUNK], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (room, id) in &messages {
            self.delete_for_account_removal(&RoomId::named(room), author, number_of(*id))?;
        }
        Ok(messages.len() as u32)
    }
}
