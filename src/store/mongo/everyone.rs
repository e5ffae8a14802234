//! The memberships of rooms that have every account.
//!
//! They are not in the log: they are added when an account is created, and for all accounts after a room was given to
//! everyone (`adding` in its document, until all have one). Who lacks one, because a process ended in between, gets it
//! with the next list of their rooms.

use std::collections::HashSet;

use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_date, bson_int, bson_uuid, user_key},
    causal::{CausalSession, collect},
    collections::Collections,
    driver::with_timeout,
    room_effects::member_id,
    unique_index::DUPLICATE_KEY,
};
use crate::{
    domain::{MemberRole, RoomId, Timestamp, UserKey},
    store::{Error, Result},
};

/// The number of accounts that are added at a time.
const BATCH: usize = 500;

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "_id")]
    user: bson::Uuid,
}

impl Collections {
    /// Adds the user to the rooms of everyone that they are missing in.
    pub async fn join_everyone(&self, user: UserKey) -> Result<()> {
        let mut session = self.reads().await?;
        let rooms = self.rooms_of_everyone(&mut session).await?;
        let ids = any_of(rooms.iter().map(|room| member_id(&RoomId::named(&room.id), user)));
        let found = self.find_members(doc! { "_id": ids }, doc! {}, 0, &mut session).await?;
        let member_of: HashSet<&str> = found.iter().map(|member| member.id.room.as_str()).collect();
        for room in rooms.iter().filter(|room| !member_of.contains(room.id.as_str())) {
            self.add_to_everyone(&RoomId::named(&room.id), &[user], &mut session).await?;
        }
        Ok(())
    }

    /// Adds all accounts to each room that was given to everyone and does not have them all yet.
    pub async fn finish_adding(&self) -> Result<()> {
        let adding = with_timeout(self.rooms.distinct("_id", doc! { "everyone": true, "adding": true })).await?;
        for room in adding.iter().filter_map(Bson::as_str) {
            self.add_everyone(&RoomId::named(room)).await?;
        }
        Ok(())
    }

    /// Adds all accounts to a room of everyone, some at a time, with the room read up to its end.
    pub async fn add_everyone(&self, room: &RoomId) -> Result<()> {
        let mut session = self.reads().await?;
        let given = self.room(room, &mut session).await?.rev;
        let mut last = None;
        loop {
            if !self.room(room, &mut session).await?.everyone {
                return Ok(());
            }
            let users = self.users_after(last, &mut session).await?;
            let Some(end) = users.last() else { break };
            last = Some(*end);
            let ids = any_of(users.iter().map(|user| member_id(room, *user)));
            let found = self.find_members(doc! { "_id": ids }, doc! {}, 0, &mut session).await?;
            let members: HashSet<UserKey> = found.iter().map(|member| user_key(member.id.user)).collect();
            let missing: Vec<UserKey> = users.into_iter().filter(|user| !members.contains(user)).collect();
            self.add_to_everyone(room, &missing, &mut session).await?;
        }
        // if the room was changed meanwhile, the sweep looks at it once more
        let all = doc! { "_id": room.as_str(), "rev": bson_int(given) };
        with_timeout(self.rooms.update_one(all, doc! { "$unset": { "adding": "" } })).await.map(drop)
    }

    async fn users_after(&self, last: Option<UserKey>, session: &mut CausalSession) -> Result<Vec<UserKey>> {
        let after = last.map_or(doc! {}, |last| doc! { "_id": { "$gt": bson_uuid(last) } });
        let users = self.users.clone_with_type::<Key>();
        let keys = users.find(after).projection(doc! { "_id": 1 }).sort(doc! { "_id": 1 }).limit(BATCH as i64);
        let keys = with_timeout(async { collect(keys.session(&mut **session).await?, session).await }).await?;
        Ok(keys.into_iter().map(|key: Key| user_key(key.user)).collect())
    }

    /// Adds users to a room of everyone, without numbers. One whose earlier membership ended is a member again.
    async fn add_to_everyone(&self, room: &RoomId, users: &[UserKey], session: &mut CausalSession) -> Result<()> {
        if users.is_empty() {
            return Ok(());
        }
        let end = self.last_seq(room, u64::MAX, session).await?;
        let set = doc! {
            "role": MemberRole::Member.as_str(), "joinedAt": bson_date(Timestamp::now()), "readSeq": bson_int(end),
        };
        let update = doc! { "$set": set, "$unset": { "ended": "" }, "$setOnInsert": { "rev": 0_i64 } };
        // one who is a member does not match, and then the id is taken
        let add = |user: &UserKey| -> Bson {
            let missing = doc! { "_id": member_id(room, *user), "ended": true };
            doc! { "q": missing, "u": &update, "upsert": true }.into()
        };
        let command = doc! {
            "update": self.memberships.name(), "updates": users.iter().map(add).collect::<Vec<_>>(), "ordered": false,
            "writeConcern": { "w": "majority", "j": true },
        };
        let reply = with_timeout(self.database.run_command(command).session(&mut **session)).await?;
        match write_failure(&reply) {
            Some(failure) => Err(Error::Failed(format!("memberships could not be written: {failure}"))),
            None => Ok(()),
        }
    }
}

/// A failure of a bulk command, other than that a document exists. The driver returns it as a success.
pub fn write_failure(reply: &Document) -> Option<Bson> {
    let errors = reply.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    let code = |error: &Bson| error.as_document().and_then(|error| error.get_i32("code").ok());
    let failed = errors.iter().find(|error| code(error) != Some(DUPLICATE_KEY)).cloned();
    failed.or_else(|| reply.get("writeConcernError").cloned())
}
