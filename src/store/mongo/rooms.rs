//! Rooms and memberships.

use async_trait::async_trait;
use mongodb::bson::{self, Bson, doc};

use super::{
    database::Mongo,
    driver::{with_timeout, with_timeout_raw},
    room_documents::{MemberDoc, RoomDoc},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{Membership, Room, RoomId, RoomKind, User},
    store::{Access, Error, NewRoom, Result, Rooms, rooms::direct_key},
};

#[async_trait]
impl Rooms for Mongo {
    async fn create_room(&self, new: NewRoom) -> Result<Room> {
        let (room, members) = new.create();
        let key = (room.kind == RoomKind::Direct).then(|| direct_key(&members));
        if let Some(key) = &key
            && let Some(room) = self.direct_room(key, &members).await?
        {
            return Ok(room);
        }
        let document = RoomDoc { direct_key: key.clone(), ..RoomDoc::from(&room) };
        match (with_timeout_raw(self.db.rooms.insert_one(document)).await, key) {
            (Ok(_), _) => {
                self.add_first_members(&room.id, &members).await?;
                Ok(room)
            }
            // another process created it at the same time
            (Err(error), Some(key)) if is_duplicate_key(&error) => {
                self.direct_room(&key, &members).await?.ok_or_else(|| error.into())
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    async fn access(&self, user: &User, room: &RoomId) -> Result<Access> {
        let mut session = self.db.reads().await?;
        let found = self.db.room(room, &mut session).await?;
        if found.everyone {
            let right = found.right(None).ok_or(Error::NoSuchRoom)?;
            return Ok(Access::new(room.clone(), user.key, user.is_admin(), right));
        }
        // the newest change may be a removal that is not derived yet
        self.db.settled_head(room, &mut session).await?;
        let found = self.db.room(room, &mut session).await?;
        let membership = self.db.membership(room, user.key, &mut session).await?;
        let right = found.right(membership.as_ref()).ok_or(Error::NoSuchRoom)?;
        Ok(Access::new(room.clone(), user.key, user.is_admin(), right))
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
        self.db.room(access.room(), &mut self.db.reads().await?).await
    }

    async fn members(&self, access: &Access) -> Result<Vec<Membership>> {
        self.db.members(access.room(), &mut self.db.reads().await?).await
    }
}

impl Mongo {
    /// The direct room with this key. Adds its members, because the process that created it may have ended before it did.
    async fn direct_room(&self, key: &str, members: &[Membership]) -> Result<Option<Room>> {
        let Some(found) = with_timeout(self.db.rooms.find_one(doc! { "directKey": key })).await? else {
            return Ok(None);
        };
        let room = Room::from(found);
        self.add_first_members(&room.id, members).await?;
        Ok(Some(room))
    }

    /// Adds the members that the room does not have yet.
    async fn add_first_members(&self, room: &RoomId, members: &[Membership]) -> Result<()> {
        for member in members {
            let document = bson::serialize_to_document(&MemberDoc::new(room, member));
            let mut document = document.map_err(|error| Error::Failed(error.to_string()))?;
            let id = document.remove("_id").unwrap_or(Bson::Null);
            let add = doc! { "$setOnInsert": document };
            with_timeout(self.db.memberships.update_one(doc! { "_id": id }, add).upsert(true)).await?;
        }
        Ok(())
    }
}
