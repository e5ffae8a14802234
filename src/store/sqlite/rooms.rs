//! [`Rooms`] for the embedded database.

use async_trait::async_trait;
use rusqlite::OptionalExtension;

use super::{batch::Batch, database::Sqlite, room_rows};
use crate::{
    domain::{Membership, Room, RoomId, RoomKind, User},
    store::{Access, Error, NewRoom, Result, Rooms, rooms::direct_key},
};

#[async_trait]
impl Rooms for Sqlite {
    async fn create_room(&self, new: NewRoom) -> Result<Room> {
        self.writer.run(move |batch| batch.atomically(|batch| batch.create_room(new))).await
    }

    async fn access(&self, user: &User, room: &RoomId) -> Result<Access> {
        let (key, is_admin, room) = (user.key, user.is_admin(), room.clone());
        self.read(move |c| -> Result<_> {
            let (number, room) = room_rows::room(c, &room)?.ok_or(Error::NoSuchRoom)?;
            let membership = room_rows::membership(c, number, key)?;
            let right = room.right(membership.as_ref()).ok_or(Error::NoSuchRoom)?;
            Ok(Access::new(room.id, key, is_admin, right))
        })
        .await
    }

    async fn direct_room(&self, _: &[crate::domain::UserKey]) -> Result<Option<Room>> {
        Err(Error::Failed("not built".into()))
    }

    async fn open_rooms(&self, _: &str, _: Option<&str>, _: u32) -> Result<Vec<crate::store::OpenRoom>> {
        Err(Error::Failed("not built".into()))
    }

    async fn room_count(&self) -> Result<u64> {
        Err(Error::Failed("not built".into()))
    }

    async fn room(&self, access: &Access) -> Result<Room> {
        let room = access.room().clone();
        self.read(move |c| -> Result<_> {
            let (_, room) = room_rows::room(c, &room)?.ok_or(Error::NoSuchRoom)?;
            Ok(room)
        })
        .await
    }

    async fn members(&self, access: &Access) -> Result<Vec<Membership>> {
        let room = access.room().clone();
        self.read(move |c| -> Result<_> {
            let number = room_rows::number(c, &room)?.ok_or(Error::NoSuchRoom)?;
            Ok(room_rows::members(c, number)?)
        })
        .await
    }
}

impl Batch<'_> {
    /// Creates a room. A direct room of the same members is returned instead, if there is one.
    fn create_room(&mut self, new: NewRoom) -> Result<Room> {
        let (room, members) = new.create();
        let direct_key = (room.kind == RoomKind::Direct).then(|| direct_key(&members));
        if let Some(key) = &direct_key
            && let Some(room) = self.direct_room(key)?
        {
            return Ok(room);
        }
        let number = room_rows::write_room(self.connection, &room, direct_key.as_deref())?;
        for member in members {
            self.write_membership(number, member.user, Some(member))?;
        }
        Ok(room)
    }

    fn direct_room(&self, direct_key: &str) -> Result<Option<Room>> {
        let id: Option<String> = self
            .connection
            .prepare_cached("SELECT room_id FROM rooms WHERE direct_key = ?1")?
            .query_row([direct_key], |row| row.get(0))
            .optional()?;
        let Some(id) = id else { return Ok(None) };
        Ok(room_rows::room(self.connection, &RoomId::named(&id))?.map(|(_, room)| room))
    }
}
