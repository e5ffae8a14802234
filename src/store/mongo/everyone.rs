//! The memberships of rooms that have every account.
//!
//! They are not in the log: they are added when an account is created, and for all accounts after a room was given to
//! everyone (`adding` in its document, until all have one). Who lacks one, because a process ended in between, gets it
//! with the next list of their rooms.

use std::collections::HashSet;

use futures_util::{FutureExt, TryStreamExt};
use mongodb::{
    ClientSession,
    bson::{self, Bson, Document, doc},
};
use serde::Deserialize;

use super::{
    bson_values::{any_of, bson_date, bson_int, bson_uuid, user_key},
    causal::{CausalSession, collect},
    collections::Collections,
    driver::{transaction_with_timeout, with_timeout, with_timeout_raw},
    room_documents::MemberDoc,
    room_effects::member_id,
    room_queries::{lasting, present},
    unique_index::DUPLICATE_KEY,
};
use crate::{
    domain::{MemberRole, ReadMark, RoomId, Timestamp, UserKey},
    store::Result,
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
            self.add_to_everyone(room, &users, &mut session).await?;
        }
        // if the room was taken from everyone and given again meanwhile, another call adds all accounts
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

    /// Adds those of the users who are not members, without numbers, if the room still has everyone. One whose earlier
    /// membership ended is a member again.
    async fn add_to_everyone(&self, room: &RoomId, users: &[UserKey], session: &mut CausalSession) -> Result<()> {
        let end = self.last_seq(room, u64::MAX, session).await?;
        // only a transaction cannot be overtaken by the change that takes the room from everyone
        let transaction = session.start_transaction().and_run((self, room, users), |session, (db, room, users)| {
            async move { db.attempt_to_add(room, users, end, session).await }.boxed()
        });
        Ok(transaction_with_timeout(transaction).await??)
    }

    async fn attempt_to_add(
        &self,
        room: &RoomId,
        users: &[UserKey],
        end: u64,
        session: &mut ClientSession,
    ) -> mongodb::error::Result<()> {
        let of_everyone = present(doc! { "_id": room.as_str(), "everyone": true });
        let found = with_timeout_raw(self.rooms.find_one(of_everyone.clone()).session(&mut *session)).await?;
        let Some(found) = found else { return Ok(()) };
        let ids = any_of(users.iter().map(|user| member_id(room, *user)));
        let members = self.memberships.find(lasting(doc! { "_id": ids })).batch_size(BATCH as u32);
        let members: Vec<MemberDoc> =
            with_timeout_raw(async { members.session(&mut *session).await?.stream(&mut *session).try_collect().await })
                .await?;
        let members: HashSet<UserKey> = members.into_iter().map(|member| user_key(member.id.user)).collect();
        // the version is that of the room: the change that gave it to everyone came after all that ended a membership
        let mark = ReadMark::of_new(end, found.rev as u64);
        let set = doc! {
            "role": MemberRole::Member.as_str(), "joinedAt": bson_date(Timestamp::now()),
            "readSeq": bson_int(mark.seq), "readVersion": bson_int(mark.version),
        };
        let update = doc! { "$set": set, "$unset": { "ended": "" }, "$setOnInsert": { "rev": 0_i64 } };
        let add = |user: &UserKey| -> Bson {
            doc! { "q": { "_id": member_id(room, *user) }, "u": &update, "upsert": true }.into()
        };
        let updates: Vec<Bson> = users.iter().filter(|user| !members.contains(user)).map(add).collect();
        if updates.is_empty() {
            return Ok(());
        }
        let command = doc! { "update": self.memberships.name(), "updates": updates };
        let reply = with_timeout_raw(self.database.run_command(command).session(&mut *session)).await?;
        if let Some(failure) = write_failure(&reply) {
            return Err(std::io::Error::other(format!("memberships could not be written: {failure}")).into());
        }
        if *room == RoomId::lobby() {
            return Ok(()); // it is never taken from everyone
        }
        // a write that conflicts with a change of the room
        let batch = doc! { "$inc": { "batches": 1_i64 } };
        with_timeout_raw(self.rooms.update_one(of_everyone, batch).session(session)).await.map(drop)
    }
}

/// A failure of a bulk command, other than that a document exists. The driver returns it as a success.
pub fn write_failure(reply: &Document) -> Option<Bson> {
    let errors = reply.get_array("writeErrors").map(Vec::as_slice).unwrap_or_default();
    let code = |error: &Bson| error.as_document().and_then(|error| error.get_i32("code").ok());
    let failed = errors.iter().find(|error| code(error) != Some(DUPLICATE_KEY)).cloned();
    failed.or_else(|| reply.get("writeConcernError").cloned())
}
