//! Rooms and memberships.

use async_trait::async_trait;
use futures_util::{FutureExt, TryStreamExt};
use mongodb::{
    bson::{Bson, doc},
    error::UNKNOWN_TRANSACTION_COMMIT_RESULT,
};

use super::{
    authors::read_authors,
    bson_values::{bson_uuid, query_limit},
    database::Mongo,
    documents::RoomNameDoc,
    driver::{transaction_with_timeout, with_timeout, with_timeout_raw},
    room_documents::{MemberDoc, RoomDoc},
    room_names::open_name,
    room_queries::{lasting, present},
    unique_index::is_duplicate_key,
    users::literal_pattern,
};
use crate::{
    domain::{Membership, Room, RoomId, RoomKind, User, UserKey, fold, rules::Refusal},
    store::{
        Access, Error, NewRoom, OpenRoom, Result, Rooms,
        rooms::{direct_key, direct_key_of},
    },
};

#[async_trait]
impl Rooms for Mongo {
    async fn create_room(&self, new: NewRoom) -> Result<Room> {
        let (room, members) = new.create();
        let keys = members.iter().map(|member| member.user);
        if read_authors(&self.db.users_now, keys).await?.len() < members.len() {
            // deleted after the user was looked up
            return Err(Refusal::NoSuchMember.into());
        }
        let key = (room.kind == RoomKind::Direct).then(|| direct_key(&members));
        if let Some(key) = &key
            && let Some(room) = self.room_by_direct_key(key).await?
        {
            return Ok(room);
        }
        let reserved = match open_name(&room) {
            Some(name) => self.reserve_new_name(&name, &room.id).await?,
            None => None,
        };
        let document = RoomDoc { direct_key: key.clone(), ..RoomDoc::from(&room) };
        let members: Vec<MemberDoc> = members.iter().map(|member| MemberDoc::new(&room.id, member, 0)).collect();
        match (self.insert_room(&document, &members).await?, key) {
            (Ok(()), _) => Ok(room),
            // another process created it at the same time
            (Err(error), Some(key)) if is_duplicate_key(&error) => {
                self.room_by_direct_key(&key).await?.ok_or_else(|| error.into())
            }
            (Err(error), _) => {
                if let Some(reserved) = reserved.filter(|_| !error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT)) {
                    self.db.release_name(reserved).await;
                }
                Err(error.into())
            }
        }
    }

    async fn direct_room(&self, members: &[UserKey]) -> Result<Option<Room>> {
        self.room_by_direct_key(&direct_key_of(members.iter().copied())).await
    }

    async fn access(&self, user: &User, room: &RoomId) -> Result<Access> {
        let mut session = self.db.reads().await?;
        let found = self.db.room(room, &mut session).await?;
        // the lobby is never deleted, and always has everyone
        if *room == RoomId::lobby() {
            let right = found.right(None).ok_or(Error::NoSuchRoom)?;
            return Ok(Access::new(room.clone(), user.key, user.is_admin(), right, true));
        }
        // the newest change may be a removal that is not derived yet
        self.db.settled_head(room, &mut session).await?;
        let found = self.db.room(room, &mut session).await?;
        let membership = self.db.membership(room, user.key, &mut session).await?;
        let right = found.right(membership.as_ref()).ok_or(Error::NoSuchRoom)?;
        Ok(Access::new(room.clone(), user.key, user.is_admin(), right, membership.is_some() || found.everyone))
    }

    async fn room(&self, access: &Access) -> Result<Room> {
        self.db.room(access.room(), &mut self.db.reads().await?).await
    }

    async fn members(&self, access: &Access) -> Result<Vec<Membership>> {
        let mut session = self.db.reads().await?;
        self.db.room(access.room(), &mut session).await?;
        self.db.members(access.room(), &mut session).await
    }

    async fn open_rooms(&self, search: &str, after: Option<&str>, limit: u32) -> Result<Vec<OpenRoom>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut folded = doc! { "$gt": after.unwrap_or_default() };
        if !search.is_empty() {
            folded.insert("$regex", literal_pattern(&fold(search)));
        }
        let open = present(doc! { "kind": RoomKind::Open.as_str(), "folded": folded });
        let find = self.db.rooms.find(open).sort(doc! { "kind": 1, "folded": 1 }).limit(query_limit(limit));
        let rooms: Vec<RoomDoc> = with_timeout(async { find.await?.try_collect().await }).await?;
        let ids: Vec<&str> = rooms.iter().map(|room| room.id.as_str()).collect();
        let counts = self.db.member_counts(&ids, &mut self.db.reads().await?).await?;
        let with_count = |room: RoomDoc| {
            let members = counts.get(&room.id).copied().unwrap_or_default();
            OpenRoom { room: room.into(), members }
        };
        Ok(rooms.into_iter().map(with_count).collect())
    }

    async fn readable(&self, user: &User) -> Result<Vec<RoomId>> {
        let own = self.db.memberships.distinct("_id.room", lasting(doc! { "_id.user": bson_uuid(user.key) }));
        let own = with_timeout(own).await?;
        let readable = doc! { "$or": [
            { "_id": { "$in": own } },
            { "kind": RoomKind::Open.as_str() },
            { "everyone": true },
        ] };
        // the memberships of a deleted room are removed later
        let ids = with_timeout(self.db.rooms.distinct("_id", present(readable))).await?;
        Ok(ids.iter().filter_map(Bson::as_str).map(RoomId::named).collect())
    }

    async fn room_count(&self) -> Result<u64> {
        with_timeout(self.db.rooms.count_documents(present(doc! { "kind": { "$ne": RoomKind::Direct.as_str() } })))
            .await
    }
}

impl Mongo {
    /// Reserves the name of a new room. Returns the reservation.
    async fn reserve_new_name(&self, name: &str, room: &RoomId) -> Result<Option<RoomNameDoc>> {
        let mut session = self.db.reads().await?;
        self.db.reserve_name(name, room, &mut session).await?;
        self.db.reservation(name, &mut session).await
    }

    async fn room_by_direct_key(&self, key: &str) -> Result<Option<Room>> {
        Ok(with_timeout(self.db.rooms.find_one(doc! { "directKey": key })).await?.map(Room::from))
    }

    /// Inserts a room and its first members: both or neither.
    async fn insert_room(&self, room: &RoomDoc, members: &[MemberDoc]) -> Result<mongodb::error::Result<()>> {
        let mut session = self.db.reads().await?;
        let transaction =
            session.start_transaction().and_run((&self.db, room, members), |session, (db, room, members)| {
                async move {
                    with_timeout_raw(db.rooms.insert_one(&**room).session(&mut *session)).await?;
                    with_timeout_raw(db.memberships.insert_many(members.iter()).session(session)).await.map(drop)
                }
                .boxed()
            });
        transaction_with_timeout(transaction).await
    }
}
