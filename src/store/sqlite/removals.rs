//! Deleting what an account has in all rooms, when it is deleted.

use rusqlite::params;

use super::{audit_rows::insert_entry, batch::Batch, database::Sqlite, position::number_of};
use crate::{
    domain::{AuditEntry, RoomId, UserKey},
    store::{Event, MessageRetention, Result},
};

/// The maximum messages deleted, or rooms left, in one commit, so that other writes can be committed in between.
const CHUNK: u32 = 500;

impl Sqlite {
    /// Deletes the messages that the author has now, over several commits.
    pub(super) async fn delete_messages_in_chunks(&self, author: UserKey) -> Result<()> {
        let delete = move |batch: &mut Batch<'_>| batch.atomically(|batch| batch.delete_messages(author));
        while self.writer.run(delete).await? == CHUNK {}
        Ok(())
    }

    /// As [`Batch::leave_rooms`], of all memberships that the user has now, over several commits.
    pub(super) async fn leave_rooms_in_chunks(&self, user: UserKey) -> Result<()> {
        let leave = move |batch: &mut Batch<'_>| batch.atomically(|batch| batch.leave_rooms(user));
        while self.writer.run(leave).await? == CHUNK {}
        Ok(())
    }
}

impl Sqlite {
    /// Deletes an account. `entry`: an admin does it.
    pub(super) async fn remove_user(
        &self,
        key: UserKey,
        messages: MessageRetention,
        entry: Option<AuditEntry>,
    ) -> Result<()> {
        self.writer.run(move |batch| batch.check_deletable(key)).await?;
        if messages == MessageRetention::Delete {
            self.delete_messages_in_chunks(key).await?;
        }
        let scanned = self.forget_in_chunks(key).await?;
        self.leave_rooms_in_chunks(key).await?;
        let delete = move |batch: &mut Batch<'_>| {
            batch.check_deletable(key)?;
            let avatar = batch.user_by_key(key)?.avatar;
            if messages == MessageRetention::Delete {
                // messages posted since the last chunk are deleted with the account, in the same commit
                while batch.delete_messages(key)? > 0 {}
            }
            batch.forget_since(key, &scanned)?;
            while batch.leave_rooms(key)? > 0 {}
            batch.end_memberships(key)?;
            batch.connection.prepare_cached("DELETE FROM saved WHERE user = ?1")?.execute([key.0.as_bytes()])?;
            batch.connection.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([key.0.as_bytes()])?;
            batch.connection.prepare_cached("DELETE FROM users WHERE key = ?1")?.execute([key.0.as_bytes()])?;
            entry.iter().try_for_each(|entry| insert_entry(batch.connection, entry))?;
            batch.events.push(Event::UserRevoked { key, version: i64::MAX });
            Ok(avatar)
        };
        let avatar = self.writer.run(move |batch| batch.atomically(delete)).await?;
        self.remove_avatar(avatar).await;
        Ok(())
    }
}

impl Batch<'_> {
    /// Deletes up to [`CHUNK`] messages of the author, each by a change of its own. Returns how many it deleted.
    pub fn delete_messages(&mut self, author: UserKey) -> Result<u32> {
        let messages: Vec<(String, i64)> = self
            .connection
            .prepare_cached(
                "SELECT r.room_id, m.id FROM messages m JOIN rooms r ON r.id = m.id >> 40
                 WHERE m.author = ?1 AND m.deleted = 0 AND m.notice IS NULL AND r.deleted = 0 ORDER BY m.id LIMIT ?2",
            )?
            .query_map(params![author.0.as_bytes(), CHUNK], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (room, id) in &messages {
            self.delete_for_account_removal(&RoomId::named(room), author, number_of(*id))?;
        }
        Ok(messages.len() as u32)
    }

    /// Ends up to [`CHUNK`] memberships of the user in rooms that members can leave, and in rooms of everyone that the user
    /// owns, each by a change in the log. Returns how many it ended.
    pub fn leave_rooms(&mut self, user: UserKey) -> Result<u32> {
        let mut rooms = self.rooms_of(user, "kind <> 'direct' AND (everyone = 0 OR m.role = 'owner')")?;
        rooms.truncate(CHUNK as usize);
        for room in &rooms {
            self.leave_for_account_removal(room, user)?;
        }
        Ok(rooms.len() as u32)
    }

    /// Ends the user's memberships in the other rooms, without changes.
    pub fn end_memberships(&mut self, user: UserKey) -> Result<()> {
        for room in self.rooms_of(user, "true")? {
            let loaded = self.room(&room)?;
            self.end_membership(&loaded, user)?;
        }
        Ok(())
    }

    /// The rooms that the user is a member of and that fulfil a condition of SQL.
    pub fn rooms_of(&self, user: UserKey, condition: &str) -> Result<Vec<RoomId>> {
        let rooms = self
            .connection
            .prepare_cached(&format!(
                "SELECT r.room_id FROM memberships m JOIN rooms r ON r.id = m.room
                 WHERE m.user = ?1 AND r.deleted = 0 AND {condition} ORDER BY r.room_id"
            ))?
            .query_map([user.0.as_bytes()], |row| Ok(RoomId::named(row.get_ref(0)?.as_str()?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(rooms)
    }
}
