//! Removing what is left of deleted rooms.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    batch::Batch,
    mention_rows,
    position::{last_position, position},
    rows, upload_rows,
};
use crate::{
    domain::{Mentions, RoomId, UserKey},
    store::Result,
};

/// The maximum rows removed in one commit, so that other writes can be committed in between.
const PURGE_CHUNK: u32 = 500;

/// Whether anything of a deleted room is left.
pub fn is_needed(c: &Connection) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT 1 FROM rooms WHERE deleted = 1")?.exists([])
}

impl Batch<'_> {
    /// Removes some rows of a deleted room: its memberships, then its messages, then the room. `false` if there was none.
    pub fn purge_deleted_room(&mut self) -> Result<bool> {
        let room = self
            .connection
            .prepare_cached("SELECT id, room_id FROM rooms WHERE deleted = 1 LIMIT 1")?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, RoomId::named(row.get_ref(1)?.as_str()?))))
            .optional()?;
        let Some((number, room)) = room else { return Ok(false) };
        let members = self
            .connection
            .prepare_cached(
                "DELETE FROM memberships WHERE room = ?1 AND user IN
                    (SELECT user FROM memberships WHERE room = ?1 LIMIT ?2) RETURNING user",
            )?
            .query_map(params![number, PURGE_CHUNK], |row| Ok(UserKey(Uuid::from_bytes(row.get(0)?))))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        if !members.is_empty() {
            members.into_iter().for_each(|user| self.announce_membership(&room, user));
            return Ok(true);
        }
        if self.purge_messages(number)? == 0 {
            self.connection.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute([number])?;
            // a new room can get the same number
            self.forget_rooms();
        }
        Ok(true)
    }

    /// Removes some messages of a room, with what refers to them. Returns how many it removed.
    fn purge_messages(&self, room: i64) -> Result<usize> {
        let messages = self
            .connection
            .prepare_cached(
                "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE id > ?1 AND id <= ?2 LIMIT ?3)
                 RETURNING id, mentions",
            )?
            .query_map(params![position(room, 0), last_position(room), PURGE_CHUNK], |row| {
                Ok((row.get(0)?, rows::mentions(row.get_ref(1)?)?))
            })?
            .collect::<rusqlite::Result<Vec<(i64, Mentions)>>>()?;
        let mut saved = self.connection.prepare_cached("DELETE FROM saved WHERE id = ?1")?;
        for (id, mentions) in &messages {
            mention_rows::delete(self.connection, *id, mentions)?;
            saved.execute([id])?;
            upload_rows::end_of_message(self.connection, *id)?;
        }
        Ok(messages.len())
    }
}
