//! [`Rooms`] for the embedded database.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::params;

use super::{
    batch::{Batch, LoadedRoom},
    database::Sqlite,
    member_rows,
    room_rows::{self, ROOM_COLUMNS, room_in},
};
use crate::{
    domain::{
        Membership, Room, RoomId, RoomKind, User, UserKey, fold,
        rules::{Head, Refusal},
    },
    store::{
        Access, Error, MAX_COUNTED_MEMBERS, NewRoom, OpenRoom, Result, Rooms,
        rooms::{direct_key, direct_key_of},
    },
};

#[async_trait]
impl Rooms for Sqlite {
    async fn create_room(&self, new: NewRoom) -> Result<Room> {
        self.writer.run(move |batch| batch.atomically(|batch| batch.create_room(new))).await
    }

    async fn direct_room(&self, members: &[UserKey]) -> Result<Option<Room>> {
        let key = direct_key_of(members.iter().copied());
        self.read(move |c| room_rows::direct_room(c, &key)).await
    }

    async fn access(&self, user: &User, room: &RoomId) -> Result<Access> {
        let (key, is_admin, room) = (user.key, user.is_admin(), room.clone());
        self.read(move |c| -> Result<_> {
            let (number, room) = room_rows::room(c, &room)?;
            let membership = member_rows::membership(c, number, key)?;
            let right = room.right(membership.as_ref()).ok_or(Error::NoSuchRoom)?;
            let is_member = membership.is_some() || room.everyone;
            Ok(Access::new(room.id, key, is_admin, right, is_member))
        })
        .await
    }

    async fn room(&self, access: &Access) -> Result<Room> {
        let room = access.room().clone();
        self.read(move |c| room_rows::room(c, &room).map(|(_, room)| room)).await
    }

    async fn members(&self, access: &Access) -> Result<Vec<Membership>> {
        let room = access.room().clone();
        self.read(move |c| -> Result<_> { Ok(member_rows::members(c, room_rows::present_number(c, &room)?)?) }).await
    }

    async fn open_rooms(&self, search: &str, after: Option<&str>, limit: u32) -> Result<Vec<OpenRoom>> {
        let (search, after) = (fold(search), after.unwrap_or_default().to_owned());
        self.read(move |c| {
            c.prepare_cached(&format!(
                "SELECT {ROOM_COLUMNS}, (SELECT count(*) FROM
                    (SELECT 1 FROM memberships WHERE room = r.id LIMIT {MAX_COUNTED_MEMBERS}))
                 FROM rooms r
                 WHERE r.open_name > ?1 AND instr(r.open_name, ?2) ORDER BY r.open_name LIMIT ?3"
            ))?
            .query_map(params![after, search, limit], |row| {
                Ok(OpenRoom { room: room_in(row)?.1, members: row.get::<_, i64>(10)? as u64 })
            })?
            .collect()
        })
        .await
    }

    async fn readable(&self, user: &User) -> Result<Vec<RoomId>> {
        let user = user.key;
        self.read(move |c| {
            let select = "SELECT room_id FROM rooms WHERE open_name IS NOT NULL OR (everyone = 1 AND deleted = 0)
                UNION SELECT r.room_id FROM memberships m JOIN rooms r ON r.id = m.room
                WHERE m.user = ?1 AND r.deleted = 0";
            let id = |row: &rusqlite::Row<'_>| row.get::<_, String>(0).map(|id| RoomId::named(&id));
            c.prepare_cached(select)?.query_map([user.0.as_bytes()], id)?.collect()
        })
        .await
    }

    async fn room_count(&self) -> Result<u64> {
        self.read(|c| {
            c.prepare_cached("SELECT count(*) FROM rooms WHERE deleted = 0 AND kind <> 'direct'")?
                .query_row([], |row| row.get::<_, i64>(0).map(|rooms| rooms as u64))
        })
        .await
    }
}

impl Batch<'_> {
    /// Creates a room. A direct room of the same members is returned instead, if there is one.
    fn create_room(&mut self, new: NewRoom) -> Result<Room> {
        let (room, members) = new.create();
        for member in &members {
            // deleted after the user was looked up
            if !self.has_account(member.user)? {
                return Err(Refusal::NoSuchMember.into());
            }
        }
        let direct_key = (room.kind == RoomKind::Direct).then(|| direct_key(&members));
        if let Some(key) = &direct_key
            && let Some(room) = room_rows::direct_room(self.connection, key)?
        {
            return Ok(room);
        }
        let number = room_rows::write_room(self.connection, &room, direct_key.as_deref())?;
        let loaded = LoadedRoom { number, room: Arc::new(room.clone()), head: Head::default() };
        members.iter().try_for_each(|member| self.write_membership(&loaded, member, 0))?;
        Ok(room)
    }
}
