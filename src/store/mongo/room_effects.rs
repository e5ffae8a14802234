//! Deriving rooms and memberships from messages: notices, and posts by which their author joins.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document, doc};

use super::{
    bson_values::{any_of, bson_date, bson_int, bson_uuid, timestamp, user_key},
    causal::{CausalSession, collect},
    collections::Collections,
    driver::{with_timeout, with_timeout_raw},
    log_documents::{MessageDoc, log_key},
    room_documents::{MemberDoc, RoomDoc},
    unique_index::is_duplicate_key,
};
use crate::{
    domain::{MemberRole, Notice, ReadMark, RoomId, RoomKind, Timestamp, UserKey, fold},
    store::Result,
};

/// What a message changes.
enum Effect {
    Began(UserKey, Timestamp),
    Role(UserKey, MemberRole),
    Ended(UserKey),
    Room(Document),
    RoomDeleted,
}

/// The effects of a message on its room and the memberships; empty for a usual text.
fn effects(message: &MessageDoc) -> Vec<Effect> {
    let (author, at) = (user_key(message.author), timestamp(message.sent_at));
    let joined = message.joins.map(|_| Effect::Began(author, at));
    let room = |fields| vec![Effect::Room(fields)];
    let kind = |kind: RoomKind| room(doc! { "kind": kind.as_str() });
    let noticed = match message.notice() {
        None => Vec::new(),
        Some(Notice::Added { user }) => vec![Effect::Began(user, at)],
        Some(Notice::Removed { user, heir }) => ended(user, heir),
        Some(Notice::Left { heir }) => ended(author, heir),
        Some(Notice::Role { user, role }) => vec![Effect::Role(user, role)],
        Some(Notice::Renamed { name }) => room(doc! { "folded": fold(&name), "name": name }),
        Some(Notice::Topic { topic }) => room(doc! { "topic": topic }),
        Some(Notice::Opened) => kind(RoomKind::Open),
        Some(Notice::Closed) => kind(RoomKind::Closed),
        Some(Notice::Archived) => room(doc! { "archived": true }),
        Some(Notice::Unarchived) => room(doc! { "archived": false }),
        // the memberships follow (see `everyone`)
        Some(Notice::Everyone) => room(doc! { "everyone": true, "adding": true }),
        Some(Notice::NotEveryone) => room(doc! { "everyone": false }),
        Some(Notice::Deleted) => vec![Effect::RoomDeleted],
    };
    joined.into_iter().chain(noticed).collect()
}

fn ended(user: UserKey, heir: Option<UserKey>) -> Vec<Effect> {
    let heir = heir.map(|heir| Effect::Role(heir, MemberRole::Owner));
    heir.into_iter().chain([Effect::Ended(user)]).collect()
}

/// The key of a membership.
pub fn member_id(room: &RoomId, user: UserKey) -> Document {
    doc! { "room": room.as_str(), "user": bson_uuid(user) }
}

impl Effect {
    /// Whose membership it changes; `None`: it changes the room.
    fn user(&self) -> Option<UserKey> {
        match self {
            Self::Began(user, _) | Self::Role(user, _) | Self::Ended(user) => Some(*user),
            Self::Room(_) | Self::RoomDeleted => None,
        }
    }
}

impl MessageDoc {
    /// Whether it is the last change of its room.
    pub fn deletes_room(&self) -> bool {
        self.notice() == Some(Notice::Deleted)
    }
}

impl Collections {
    /// Whether the effects of a message on its room and the memberships are stored.
    pub async fn is_room_derived(&self, message: &MessageDoc, session: &mut CausalSession) -> Result<bool> {
        let (room, rev) = (message.room(), message.key.rev);
        for effect in effects(message) {
            let stored = match effect {
                Effect::Room(_) | Effect::RoomDeleted => {
                    let found = self.rooms.find_one(doc! { "_id": room.as_str() }).session(&mut **session);
                    with_timeout(found).await?.map_or(0, |room| room.rev)
                }
                Effect::Began(user, _) | Effect::Role(user, _) | Effect::Ended(user) => {
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

    /// The rooms of these messages, by room and `rev`, whose effects on the room or the memberships are not stored.
    pub async fn underived(
        &self,
        messages: impl Iterator<Item = (&String, i64)>,
        rooms: &HashMap<RoomId, RoomDoc>,
        session: &mut CausalSession,
    ) -> Result<Vec<RoomId>> {
        let keys: Vec<Bson> = messages.map(|(room, rev)| log_key(&RoomId::named(room), rev as u64).into()).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.messages.find(doc! { "_id": { "$in": keys } });
        let found: Vec<MessageDoc> =
            with_timeout(async { collect(found.session(&mut **session).await?, session).await }).await?;
        let changed: Vec<(&MessageDoc, Effect)> = found
            .iter()
            .flat_map(|message| effects(message).into_iter().map(move |effect| (message, effect)))
            .collect();
        let ids =
            any_of(changed.iter().filter_map(|(message, effect)| Some(member_id(&message.room(), effect.user()?))));
        let members = self.memberships.find(doc! { "_id": ids });
        let members: Vec<MemberDoc> =
            with_timeout(async { collect(members.session(&mut **session).await?, session).await }).await?;
        let stored: HashMap<_, i64> =
            members.into_iter().map(|member| ((member.id.room, user_key(member.id.user)), member.rev)).collect();
        let is_stored = |message: &MessageDoc, effect: &Effect| match effect.user() {
            Some(user) => stored.get(&(message.key.room.clone(), user)).is_some_and(|rev| *rev >= message.key.rev),
            // a room that is not there any more is deleted
            None => rooms.get(&message.room()).is_none_or(|room| room.rev >= message.key.rev),
        };
        let mut rooms: Vec<RoomId> = changed
            .iter()
            .filter(|(message, effect)| !is_stored(message, effect))
            .map(|(message, _)| message.room())
            .collect();
        rooms.dedup();
        Ok(rooms)
    }

    /// Stores the effects of a message on its room and the memberships, unless they have later ones.
    pub async fn derive_room(&self, message: &MessageDoc, session: &mut CausalSession) -> Result<()> {
        let (room, rev) = (message.room(), message.key.rev);
        for effect in effects(message) {
            let (user, mut update) = match effect {
                Effect::Room(fields) => {
                    self.update_room(&room, rev, doc! { "$set": fields }, session).await?;
                    continue;
                }
                Effect::RoomDeleted => {
                    self.delete_derived_room(&room, rev, session).await?;
                    continue;
                }
                Effect::Began(user, at) => {
                    let role = MemberRole::Member.as_str();
                    let version = bson_int(ReadMark::of_new(message.seq as u64, rev as u64).version);
                    let set = doc! {
                        "role": role, "joinedAt": bson_date(at), "readSeq": message.seq, "readVersion": version,
                    };
                    let unset = doc! { "ended": "", "level": "", "starred": "" };
                    (user, doc! { "$set": set, "$unset": unset })
                }
                Effect::Role(user, role) => {
                    // the account can be deleted by now, and its membership with it
                    let missing = doc! { "ended": true, "joinedAt": message.sent_at };
                    (user, doc! { "$set": { "role": role.as_str() }, "$setOnInsert": missing })
                }
                Effect::Ended(user) => {
                    let unset = doc! { "level": "", "starred": "", "readSeq": "", "readVersion": "" };
                    // a copy has no memberships that ended
                    let missing = doc! { "role": MemberRole::Member.as_str(), "joinedAt": message.sent_at };
                    (user, doc! { "$set": { "ended": true }, "$unset": unset, "$setOnInsert": missing })
                }
            };
            set_rev(&mut update, rev);
            let member = doc! { "_id": member_id(&room, user), "rev": { "$lt": rev } };
            // a membership with a later number does not match, and then its id is taken
            let update = self.memberships.update_one(member, update).upsert(true).session(&mut **session);
            match with_timeout_raw(update).await {
                Err(error) if !is_duplicate_key(&error) => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    async fn update_room(
        &self,
        room: &RoomId,
        rev: i64,
        mut update: Document,
        session: &mut CausalSession,
    ) -> Result<()> {
        set_rev(&mut update, rev);
        let older = doc! { "_id": room.as_str(), "rev": { "$lt": rev } };
        with_timeout(self.rooms.update_one(older, update).session(&mut **session)).await.map(drop)
    }

    /// Leaves a tombstone of the room, without members and name. Its log is removed later (see `room_removals`).
    async fn delete_derived_room(&self, room: &RoomId, rev: i64, session: &mut CausalSession) -> Result<()> {
        // a natter that does not know `deleted` takes it for a closed room without members
        let set = doc! {
            "deleted": true, "kind": RoomKind::Closed.as_str(), "archived": true, "everyone": false,
            "name": "", "folded": "", "topic": "",
        };
        let update = doc! {
            "$set": set, "$unset": { "directKey": "", "adding": "" }, "$currentDate": { "deletedAt": true },
        };
        self.update_room(room, rev, update, session).await?;
        self.remove_around(room, session).await
    }

    /// Removes all memberships and the name of a deleted room, and what users have saved of it.
    pub async fn remove_around(&self, room: &RoomId, session: &mut CausalSession) -> Result<()> {
        let members = self.memberships.delete_many(doc! { "_id.room": room.as_str() });
        with_timeout(members.session(&mut **session)).await?;
        let saved = self.saved.delete_many(doc! { "_id.room": room.as_str() });
        with_timeout(saved.session(&mut **session)).await?;
        let names = self.room_names.delete_many(doc! { "room": room.as_str() });
        with_timeout(names.session(&mut **session)).await.map(drop)
    }
}

fn set_rev(update: &mut Document, rev: i64) {
    if let Ok(fields) = update.get_document_mut("$set") {
        fields.insert("rev", rev);
    }
}
