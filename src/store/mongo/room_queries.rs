//! Reading rooms and memberships.

use mongodb::bson::{Document, doc};

use super::{
    bson_values::{any_of, bson_uuid},
    causal::{CausalSession, collect},
    collections::Collections,
    driver::with_timeout,
    room_documents::{MemberDoc, RoomDoc},
    room_effects::member_id,
};
use crate::{
    domain::{Membership, Room, RoomId, UserKey, rules::Concerned},
    store::{Error, Result},
};

/// The filter for rooms that are not deleted.
pub fn present(mut filter: Document) -> Document {
    filter.insert("deleted", doc! { "$exists": false });
    filter
}

/// The filter for memberships that have not ended.
pub fn lasting(mut filter: Document) -> Document {
    filter.insert("ended", doc! { "$exists": false });
    filter
}

impl Collections {
    /// # Errors
    /// [`Error::NoSuchRoom`] if there is none.
    pub async fn room(&self, room: &RoomId, session: &mut CausalSession) -> Result<Room> {
        let found = self.rooms.find_one(present(doc! { "_id": room.as_str() })).session(&mut **session);
        with_timeout(found).await?.map(Room::from).ok_or(Error::NoSuchRoom)
    }

    /// Those of the rooms that exist, in any order.
    pub async fn rooms_among(&self, rooms: &[RoomId], session: &mut CausalSession) -> Result<Vec<RoomDoc>> {
        self.find_rooms(doc! { "_id": any_of(rooms.iter().map(RoomId::as_str)) }, session).await
    }

    /// The rooms that have every account.
    pub async fn rooms_of_everyone(&self, session: &mut CausalSession) -> Result<Vec<RoomDoc>> {
        self.find_rooms(doc! { "everyone": true }, session).await
    }

    pub async fn find_rooms(&self, filter: Document, session: &mut CausalSession) -> Result<Vec<RoomDoc>> {
        let find = self.rooms.find(present(filter));
        with_timeout(async { collect(find.session(&mut **session).await?, session).await }).await
    }

    pub async fn member_doc(
        &self,
        room: &RoomId,
        user: UserKey,
        session: &mut CausalSession,
    ) -> Result<Option<MemberDoc>> {
        let found = self.memberships.find_one(lasting(doc! { "_id": member_id(room, user) })).session(&mut **session);
        with_timeout(found).await
    }

    pub async fn membership(
        &self,
        room: &RoomId,
        user: UserKey,
        session: &mut CausalSession,
    ) -> Result<Option<Membership>> {
        Ok(self.member_doc(room, user, session).await?.as_ref().and_then(MemberDoc::membership))
    }

    /// The memberships of these users in the room, in any order.
    pub async fn memberships_among(
        &self,
        room: &RoomId,
        users: impl Iterator<Item = UserKey>,
        session: &mut CausalSession,
    ) -> Result<Vec<Membership>> {
        let ids = any_of(users.map(|user| member_id(room, user)));
        let found = self.find_members(doc! { "_id": ids }, doc! {}, 0, session).await?;
        Ok(found.iter().filter_map(MemberDoc::membership).collect())
    }

    /// What a change of the user's membership reads of the members.
    pub async fn concerned(&self, room: &RoomId, user: UserKey, session: &mut CausalSession) -> Result<Concerned> {
        let member = self.membership(room, user, session).await?;
        // the index `members` has this order
        let others = doc! { "_id.room": room.as_str(), "_id.user": { "$ne": bson_uuid(user) } };
        let sort = doc! { "role": -1, "joinedAt": 1, "_id.user": 1 };
        let successor = self.find_members(others, sort, 1, session).await?;
        Ok(Concerned { member, successor: successor.first().and_then(MemberDoc::membership) })
    }

    /// The memberships that match and have not ended, in order of `sort`. A `limit` of 0 is none.
    pub async fn find_members(
        &self,
        filter: Document,
        sort: Document,
        limit: i64,
        session: &mut CausalSession,
    ) -> Result<Vec<MemberDoc>> {
        let find = self.memberships.find(lasting(filter)).sort(sort).limit(limit);
        with_timeout(async { collect(find.session(&mut **session).await?, session).await }).await
    }

    /// The room's members, in the order in which they joined.
    pub async fn members(&self, room: &RoomId, session: &mut CausalSession) -> Result<Vec<Membership>> {
        let of_room = self.find_members(doc! { "_id.room": room.as_str() }, doc! {}, 0, session).await?;
        let mut found: Vec<Membership> = of_room.iter().filter_map(MemberDoc::membership).collect();
        found.sort_by_key(|membership| (membership.joined_at, membership.user));
        Ok(found)
    }
}
