//! Rooms and memberships.

use async_trait::async_trait;
use mongodb::bson::doc;

use super::{
    database::Mongo,
    driver::{with_timeout, with_timeout_raw},
    log_documents::log_key,
    room_documents::{MemberDoc, RoomDoc, direct_key},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{MemberRole, Membership, Room, RoomId, RoomKind, Timestamp, User},
    store::{Access, Error, NewRoom, Result, Rooms},
};

#[async_trait]
impl Rooms for Mongo {
    async fn create_room(&self, new: NewRoom) -> Result<Room> {
        let now = Timestamp::now();
        let mut users = new.members;
        users.push(new.owner);
        users.sort_unstable();
        users.dedup();
        let room = Room {
            id: RoomId::generate(),
            rev: 0,
            kind: new.kind,
            name: new.name,
            topic: new.topic,
            archived: false,
            everyone: false,
            created_at: now,
        };
        let key = (new.kind == RoomKind::Direct).then(|| direct_key(&users));
        if let Some(key) = &key
            && let Some(room) = self.direct_room(key).await?
        {
            return Ok(room);
        }
        let role = |user| if user == new.owner { MemberRole::Owner } else { MemberRole::Member };
        let member = |user| Membership { user, rev: 0, role: role(user), joined_at: now };
        let members: Vec<MemberDoc> = users.into_iter().map(|user| MemberDoc::new(&room.id, &member(user))).collect();
        // the room last: without it, the others belong to no room
        with_timeout(self.db.log.insert_one(doc! { "_id": log_key(&room.id, 0), "floor": 0_i64 })).await?;
        with_timeout(self.db.memberships.insert_many(members)).await?;
        let document = RoomDoc { direct_key: key.clone(), ..RoomDoc::from(&room) };
        match (with_timeout_raw(self.db.rooms.insert_one(document)).await, key) {
            (Ok(_), _) => Ok(room),
            // another process created it at the same time
            (Err(error), Some(key)) if is_duplicate_key(&error) => {
                self.direct_room(&key).await?.ok_or_else(|| error.into())
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

    async fn room(&self, access: &Access) -> Result<Room> {
        self.db.room(access.room(), &mut self.db.reads().await?).await
    }

    async fn members(&self, access: &Access) -> Result<Vec<Membership>> {
        self.db.members(access.room(), &mut self.db.reads().await?).await
    }
}

impl Mongo {
    async fn direct_room(&self, key: &str) -> Result<Option<Room>> {
        Ok(with_timeout(self.db.rooms.find_one(doc! { "directKey": key })).await?.map(Room::from))
    }
}
