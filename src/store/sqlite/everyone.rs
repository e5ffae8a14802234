//! The memberships of rooms that every account is a member of.

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use uuid::Uuid;

use super::batch::Batch;
use crate::{
    domain::{ReadMark, RoomId, Timestamp, UserKey},
    store::Result,
};

/// The maximum number of accounts that are added in one commit, so that other writes can be committed in between.
const CHUNK: u32 = 1000;

/// Whether a room was given to everyone and does not have all accounts yet.
pub fn is_adding(c: &Connection) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT 1 FROM rooms WHERE adding IS NOT NULL")?.exists([])
}

impl Batch<'_> {
    /// Makes the user a member of each room that has every account, read up to its end.
    pub fn join_rooms_of_everyone(&mut self, user: UserKey) -> Result<()> {
        self.join_everyone("u.key = ?2", params![user.0.as_bytes()])
    }

    /// Makes the next accounts members of a room that was given to everyone, read up to its end. `false` if there was none.
    pub fn add_accounts(&mut self) -> Result<bool> {
        let adding = self
            .connection
            .prepare_cached("SELECT id, adding FROM rooms WHERE adding IS NOT NULL LIMIT 1")?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
            .optional()?;
        let Some((room, after)) = adding else { return Ok(false) };
        let end: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT key FROM users WHERE key > ?1 ORDER BY key LIMIT 1 OFFSET ?2")?
            .query_row(params![after, CHUNK - 1], |row| row.get(0))
            .optional()?;
        match &end {
            Some(end) => self.join_everyone("r.id = ?2 AND u.key > ?3 AND u.key <= ?4", params![room, after, end])?,
            None => self.join_everyone("r.id = ?2 AND u.key > ?3", params![room, after])?,
        }
        self.connection.prepare_cached("UPDATE rooms SET adding = ?2 WHERE id = ?1")?.execute(params![room, end])?;
        Ok(true)
    }

    fn join_everyone(&mut self, condition: &str, values: &[&dyn ToSql]) -> Result<()> {
        let now = Timestamp::now().0;
        let values: Vec<&dyn ToSql> = std::iter::once(&now as &dyn ToSql).chain(values.iter().copied()).collect();
        // the version of the mark is that of the room: the change that gave it to everyone came after all that ended a
        // membership
        let added = self
            .connection
            .prepare_cached(&format!(
                "INSERT INTO memberships (room, user, rev, role, read_seq, read_version, joined_at)
                 SELECT r.id, u.key, 0, 'member', coalesce((SELECT max(m.id) & ((1 << 40) - 1) FROM messages m
                    WHERE m.id > r.id << 40 AND m.id < (r.id + 1) << 40), 0), r.rev << {version_bits}, ?1
                 FROM rooms r CROSS JOIN users u WHERE r.everyone = 1 AND r.deleted = 0 AND {condition}
                 ON CONFLICT DO NOTHING
                 RETURNING room, user, (SELECT room_id FROM rooms WHERE id = room)",
                version_bits = ReadMark::VERSION_BITS
            ))?
            .query_map(values.as_slice(), |row| {
                let user = UserKey(Uuid::from_bytes(row.get(1)?));
                Ok((row.get(0)?, user, RoomId::named(row.get_ref(2)?.as_str()?)))
            })?
            .collect::<rusqlite::Result<Vec<(i64, UserKey, RoomId)>>>()?;
        for (number, user, room) in added {
            self.forget_member(number, user);
            self.announce_membership(&room, user);
        }
        Ok(())
    }
}
