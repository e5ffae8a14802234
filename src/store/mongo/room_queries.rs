//! Rooms and memberships: reading them, and deriving them from notices.

use mongodb::bson::{Document, doc};

use super::{
    bson_values::{bson_date, bson_uuid, timestamp, user_key},
    causal::CausalSession,
    collections::Collections,
    driver::{with_timeout, with_timeout_raw},
    log_documents::MessageDoc,
    room_documents::MemberDoc,
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{MemberRole, Membership, Notice, Room, RoomId, RoomKind, Timestamp, UserKey},
    store::{Error, Result},
};

/// What a notice changes.
enum Effect {
    Member(UserKey, MemberRole, Timestamp),
    Role(UserKey, MemberRole),
    Ended(UserKey),
    Room(Document),
}

/// The effects of a message on its room and the memberships; empty for a usual text.
fn effects(message: &MessageDoc) -> Vec<Effect> {
    let (author, at) = (user_key(message.author), timestamp(message.sent_at));
    let joined = message.joins.map(|_| Effect::Member(author, MemberRole::Member, at));
    let room = |fields| vec![Effect::Room(fields)];
    let kind = |kind: RoomKind| room(doc! { "kind": kind.as_str() });
    let noticed = match message.notice() {
        None => Vec::new(),
        Some(Notice::Added { user }) => vec![Effect::Member(user, MemberRole::Member, at)],
        Some(Notice::Removed { user, heir }) => ended(user, heir),
        Some(Notice::Left { heir }) => ended(author, heir),
        Some(Notice::Role { user, role }) => vec![Effect::Role(user, role)],
        Some(Notice::Renamed { name }) => room(doc! { "name": name }),
        Some(Notice::Topic { topic }) => room(doc! { "topic": topic }),
        Some(Notice::Opened) => kind(RoomKind::Open),
        Some(Notice::Closed) => kind(RoomKind::Closed),
        Some(Notice::Archived) => room(doc! { "archived": true }),
        Some(Notice::Unarchived) => room(doc! { "archived": false }),
        Some(Notice::Everyone) => room(doc! { "everyone": true }),
        Some(Notice::NotEveryone) => room(doc! { "everyone": false }),
        Some(Notice::Deleted) => room(doc! { "deleted": true }),
    };
    joined.into_iter().chain(noticed).collect()
}

fn ended(user: UserKey, heir: Option<UserKey>) -> Vec<Effect> {
    let heir = heir.map(|heir| Effect::Role(heir, MemberRole::Owner));
    heir.into_iter().chain([Effect::Ended(user)]).collect()
}

fn member_id(room: &RoomId, user: UserKey) -> Document {
    doc! { "room": room.as_str(), "user": bson_uuid(user) }
}

impl Collections {
    /// # Errors
    /// [`Error::NoSuchRoom`] if there is none.
    pub async fn room(&self, room: &RoomId, session: &mut CausalSession) -> Result<Room> {
        let found = self.rooms.find_one(doc! { "_id": room.as_str() }).session(&mut **session);
        with_timeout(found).await?.map(Room::from).ok_or(Error::NoSuchRoom)
    }

    pub async fn membership(
        &self,
        room: &RoomId,
        user: UserKey,
        session: &mut CausalSession,
    ) -> Result<Option<Membership>> {
        let found = self.memberships.find_one(doc! { "_id": member_id(room, user) }).session(&mut **session);
        Ok(with_timeout(found).await?.as_ref().and_then(MemberDoc::membership))
    }

    /// The room's members, in the order in which they joined.
    pub async fn members(&self, room: &RoomId, session: &mut CausalSession) -> Result<Vec<Membership>> {
        let of_room = doc! { "_id.room": room.as_str() };
        let read = async {
            let mut cursor = self.memberships.find(of_room).session(&mut **session).await?;
            let mut found = Vec::new();
            while let Some(member) = cursor.next(session).await {
                found.extend(member?.membership());
            }
            Ok(found)
        };
        let mut found: Vec<Membership> = with_timeout(read).await?;
        found.sort_by_key(|membership| (membership.joined_at, membership.user));
        Ok(found)
    }

    /// Whether the effects of a message on its room and the memberships are stored.
    pub async fn is_room_derived(&self, message: &MessageDoc, session: &mut CausalSession) -> Result<bool> {
        let (room, rev) = (message.room(), message.key.rev);
        for effect in effects(message) {
            let stored = match effect {
                Effect::Room(_) => self.room(&room, session).await?.rev as i64,
                Effect::Member(user, ..) | Effect::Role(user, _) | Effect::Ended(user) => {
                    let found = self.memberships.find_one(doc! { "_id": member_id(&room, user) });
                    with_timeout(found.session(&mut **session)).await?.map_or(0, |member| member.rev)
                }
            };
            if stored < rev {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Stores the effects of a message on its room and the memberships, unless they have later ones.
    pub async fn derive_room(&self, message: &MessageDoc, session: &mut CausalSession) -> Result<()> {
        let (room, rev) = (message.room(), message.key.rev);
        let older = doc! { "$lt": rev };
        for effect in effects(message) {
            let (user, mut set) = match effect {
                Effect::Room(mut fields) => {
                    fields.insert("rev", rev);
                    let update =
                        self.rooms.update_one(doc! { "_id": room.as_str(), "rev": &older }, doc! { "$set": fields });
                    with_timeout(update.session(&mut **session)).await?;
                    continue;
                }
                Effect::Member(user, role, at) => {
                    let set = doc! { "role": role.as_str(), "joinedAt": bson_date(at) };
                    (user, doc! { "$set": set, "$unset": { "ended": "" } })
                }
                Effect::Role(user, role) => (user, doc! { "$set": { "role": role.as_str() } }),
                Effect::Ended(user) => (user, doc! { "$set": { "ended": true } }),
            };
            if let Ok(fields) = set.get_document_mut("$set") {
                fields.insert("rev", rev);
            }
            let member = doc! { "_id": member_id(&room, user), "rev": &older };
            // a membership with a later number does not match, and then its id is taken
            let update = self.memberships.update_one(member, set).upsert(true).session(&mut **session);
            match with_timeout_raw(update).await {
                Err(error) if !is_duplicate_key(&error) => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}
